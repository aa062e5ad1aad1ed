"""The form: by hand, and the review. What was typed is kept whatever happens."""

from flask import Blueprint, Response, abort, g, jsonify
from htmx_flask import request

from app.consumer.context import View, load, read_scope, show, visitor
from app.consumer.current import answer, need_consumer
from app.consumer.form_screens import manual_screen, review_screen, share_words
from app.consumer.sentences import answer_sentence
from app.consumer.side_screens import NotMe
from app.domain.consents import Shown
from app.domain.flow import OPEN, allowed, make_move
from app.domain.launch import Consumer
from app.domain.onboardings import current_status
from app.domain.prefill.answers import answers_of
from app.domain.prefill.fields import FIELDS
from app.domain.result import IncompleteError, complete
from app.domain.review import not_me, press, refuse_too_young, save_answers, set_shared
from app.models import Onboarding
from app.web import services

blueprint = Blueprint("form", __name__)


def _typed() -> dict[str, str]:
    return {name: value for name, value in request.form.items() if name != "csrf_token"}


def _at(view: View, stage: str) -> bool:
    return view.may_see and view.status in OPEN and (view.onboarding.step, view.onboarding.stage) == ("review", stage)


def _due(consumer: Consumer, stage: str) -> bool:
    with read_scope(consumer) as session:
        return _at(load(session, consumer.onboarding_id, consumer), stage)


@blueprint.post("/onboarding/<onboarding_id>/manual")
def save_manual(onboarding_id: str) -> Response:
    """Keep the answers; on to the review when none is wrong."""
    consumer = need_consumer()
    if not _due(consumer, "manual"):
        return answer(consumer)
    typed = _typed()
    with services().database.session(consumer.scope) as session:
        onboarding = session.get_one(Onboarding, consumer.onboarding_id)
        errors = save_answers(session, onboarding, typed)
        if not errors and not refuse_too_young(session, onboarding):
            make_move(session, onboarding, "save_by_hand")
    if not errors:
        return answer(consumer)
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        return show(view, manual_screen(view, typed, _sentences(errors)), 422)


def _sentences(errors: dict[str, str]) -> dict[str, str]:
    return {key: answer_sentence(key, reason) for key, reason in errors.items()}


@blueprint.post("/onboarding/<onboarding_id>/manual/save")
@blueprint.post("/onboarding/<onboarding_id>/review/save")
def save_as_typed(onboarding_id: str) -> Response:
    """Keep what is right so far, while the reader goes on typing."""
    consumer = need_consumer()
    typed = _typed()
    with services().database.session(consumer.scope) as session:
        onboarding = session.get_one(Onboarding, consumer.onboarding_id)
        if onboarding.step == "review" and current_status(onboarding) in OPEN and consumer.may_see(onboarding):
            save_answers(session, onboarding, typed, only_posted=True)
            if onboarding.stage == "check":
                set_shared(session, onboarding, set(request.form.getlist("share")))
    return Response(status=204)


@blueprint.post("/onboarding/<onboarding_id>/review")
def submit_review(onboarding_id: str) -> Response:
    """Share; or, when one of the small buttons was pressed, the review again."""
    consumer = need_consumer()
    if not _due(consumer, "check"):
        return answer(consumer)
    typed = _typed()
    with services().database.session(consumer.scope) as session:
        onboarding = session.get_one(Onboarding, consumer.onboarding_id)
        small = _small_button(typed)
        errors = save_answers(session, onboarding, typed, only_posted=small is not None)
        set_shared(session, onboarding, set(request.form.getlist("share")))
        if small is not None:
            press(session, onboarding, *small)
    if not errors and small is None:
        return _share(consumer)
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        if small is not None:
            return show(view, review_screen(view))
        return show(view, review_screen(view, typed, _sentences(errors)), 422)


def _small_button(typed: dict[str, str]) -> tuple[str, str] | None:
    for name in ("undo", "dispute", "undispute"):
        if typed.get(name) in FIELDS:
            return name, typed[name]
    return None


def _share(consumer: Consumer) -> Response:
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        shown = Shown("share", view.disclosures["version"], g.locale, share_words(view).plain)
    try:
        with services().database.session(consumer.scope) as session:
            onboarding = session.get_one(Onboarding, consumer.onboarding_id)
            if allowed(onboarding, "complete") and not refuse_too_young(session, onboarding):
                complete(session, onboarding, shown, visitor())
    except IncompleteError:
        with read_scope(consumer) as session:
            view = load(session, consumer.onboarding_id, consumer)
            missing = answers_of(session, view.onboarding).missing
            return show(view, review_screen(view, {}, _sentences(dict.fromkeys(missing, "missing"))), 422)
    return answer(consumer)


@blueprint.post("/onboarding/<onboarding_id>/reveal/<key>")
def reveal(onboarding_id: str, key: str) -> Response:
    """The digits behind a mask, for the reader who proved the phone."""
    consumer = need_consumer()
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        chosen = answers_of(session, view.onboarding).chosen.get(key)
        if not _at(view, "check") or chosen is None or FIELDS[key].kind != "digits":
            abort(404)
        return jsonify(value=chosen.value)


@blueprint.get("/onboarding/<onboarding_id>/not-me")
def ask_not_me(onboarding_id: str) -> Response:
    """Say what "This isn't me" does, before it does it."""
    consumer = need_consumer()
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        if _at(view, "check"):
            return show(view, NotMe(action=view.url("not-me"), back_url=view.url("step")))
    return answer(consumer)


@blueprint.post("/onboarding/<onboarding_id>/not-me")
def clear_not_me(onboarding_id: str) -> Response:
    """Erase what was filled in and go on by hand."""
    consumer = need_consumer()
    if _due(consumer, "check"):
        with services().database.session(consumer.scope) as session:
            not_me(session, session.get_one(Onboarding, consumer.onboarding_id))
    return answer(consumer)

"""`/o/{launch_token}`: the first form. Opening it uses nothing up; pressing its button ties it to this browser."""

from flask import Blueprint, Response, abort, g
from htmx_flask import request

from app.access import find_browser
from app.consumer.binding import first_answer, place_of_request
from app.consumer.context import View, go_on, load, scoped, show, tenant_home
from app.consumer.current import ended_screen
from app.consumer.screens import Page
from app.consumer.side_screens import LinkEnded
from app.consumer.start_form import phone_problem, read_start, resume_form, start_screen
from app.domain.bank import go_by_hand
from app.domain.flow import OPEN, make_move
from app.domain.ids import wire_id
from app.domain.launch import Consumer, FoundLink, bind, find_link, pressed_again, use_link
from app.domain.limits import RESUMES, spend_one
from app.domain.resume import restart
from app.models import Onboarding, utcnow
from app.templating import LOCALES
from app.web import render_screen, services, use_locale

blueprint = Blueprint("launch", __name__)


@blueprint.get("/o/<launch_token>")
def show_link(launch_token: str) -> Response:
    """The phone form, or a sentence why this link opens nothing."""
    link = _find(launch_token)
    if link is None:
        return _unknown()
    with scoped(link.scope) as session:
        view = load(session, link.onboarding_id, None)
        refused = _refusal(view, link)
        if refused is not None:
            return refused
        if view.onboarding.phone_verified_at is not None:
            return show(view, resume_form(view, f"/o/{launch_token}"), with_steps=False)
        return show(view, start_screen(view, f"/o/{launch_token}", {}, {}))


@blueprint.post("/o/<launch_token>")
def use(launch_token: str) -> Response:
    """Tie the onboarding to this browser, then take the form as the phone step would."""
    link = _find(launch_token)
    if link is None:
        return _unknown()
    form = request.form.to_dict()
    with scoped(link.scope) as session:
        view = load(session, link.onboarding_id, None)
        refused = _refusal(view, link)
        if refused is not None:
            return refused
        coming_back = view.onboarding.phone_verified_at is not None
        errors = {} if coming_back else read_start(view, form)[1]
        if errors:
            return show(view, start_screen(view, f"/o/{launch_token}", form, errors), 422)
    if coming_back:
        return _come_back(link, launch_token, form)
    bound = _bind(link)
    return _taken(launch_token) if bound is None else first_answer(*bound, form)


@blueprint.post("/o/<launch_token>/by-hand")
def use_by_hand(launch_token: str) -> Response:
    """Tie the onboarding to this browser and go on without a phone."""
    link = _find(launch_token)
    if link is None:
        return _unknown()
    with scoped(link.scope) as session:
        view = load(session, link.onboarding_id, None)
        refused = _refusal(view, link)
        if refused is not None:
            return refused
        if view.onboarding.phone_verified_at is not None or not view.flow.by_hand:
            return go_on(f"/o/{launch_token}")
    bound = _bind(link)
    if bound is None:
        return _taken(launch_token)
    with services().database.session(link.scope) as session:
        go_by_hand(session, session.get_one(Onboarding, link.onboarding_id))
    return first_answer(*bound, None)


def _taken(launch_token: str) -> Response:
    """Another request used the link a moment before: the page says where things stand."""
    return go_on(f"/o/{launch_token}")


def _find(launch_token: str) -> FoundLink | None:
    with services().database.session(read_only=True) as session:
        return find_link(session, launch_token)


def _bind(link: FoundLink) -> tuple[str, Consumer] | None:
    with services().database.session(link.scope) as session:
        if not use_link(session, link, _press()):
            # Of a double click without script only the second answer reaches the browser.
            again = pressed_again(session, link, _press())
            return bind(session, link.scope, link.onboarding_id, place=place_of_request()) if again else None
        onboarding = session.get_one(Onboarding, link.onboarding_id)
        onboarding.locale = g.locale
        if onboarding.status == "created":
            make_move(session, onboarding, "start", started_at=utcnow())
        elif onboarding.phone_verified_at is None:
            restart(session, onboarding)
        return bind(session, link.scope, link.onboarding_id, place=place_of_request())


def _come_back(link: FoundLink, launch_token: str, form: dict[str, str]) -> Response:
    """A fresh link to an onboarding whose phone was proven: prove it again before anything is shown."""
    with services().database.session() as session:
        may_try = spend_one(session, RESUMES, wire_id("onboarding", link.onboarding_id), services().limit_scale)
    if not may_try:
        abort(429)
    with scoped(link.scope) as session:
        view = load(session, link.onboarding_id, None)
        error = phone_problem(view, form)
        if error is not None:
            return show(view, resume_form(view, f"/o/{launch_token}", form, error), 422, with_steps=False)
    bound = _bind(link)
    return _taken(launch_token) if bound is None else first_answer(*bound, form)


def _press() -> str:
    """What the pressed page alone knows."""
    return str(request.form.get("press", ""))


def _refusal(view: View, link: FoundLink) -> Response | None:
    if view.status not in OPEN:
        return show(view, ended_screen(view), with_steps=False)
    if link.usable or pressed_again(view.session, link, _press()):
        return None
    if find_browser(view.wire) is not None:
        return go_on(view.url())
    restart_url = tenant_home(view)
    if view.onboarding.phone_verified_at is not None:
        form = resume_form(view, view.url("resume"))
        ended = LinkEnded(
            reason=link.reason,  # type: ignore[arg-type]
            restart_url=restart_url,
            action=form.action,
            phone=form.phone,
            agreement=form.agreement,
            button=form.button,
        )
    else:
        ended = LinkEnded(reason=link.reason, restart_url=restart_url)  # type: ignore[arg-type]
    return show(view, ended, 410, with_steps=False)


def _unknown() -> Response:
    """No link of ours, so no tenant to dress the page as."""
    use_locale(request.accept_languages.best_match(LOCALES) or "en")
    made = Page(nonce=g.nonce, locale=g.locale, tenant_name="Prefill", tenant_short_name="Prefill", bound=False)
    return render_screen(made, LinkEnded(reason="unknown"), 404)

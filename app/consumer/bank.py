"""The bank step: open Plaid's page, take what it tells us, go another way."""

from typing import Any

from flask import Blueprint, Response, g, jsonify
from htmx_flask import request

from app.access import origin_of, read_handoff
from app.consumer.bank_screens import WINDOW, bank_words, intro, link_screen
from app.consumer.binding import scope_or_404
from app.consumer.context import go_on, load, read_scope, set_binding_cookie, show, visitor
from app.consumer.current import answer, need_consumer
from app.domain.bank import go_by_hand, leave_bank, open_layer, refuse_layer, retry_fetch, take_public_token
from app.domain.bank_events import note_events
from app.domain.connections import connection
from app.domain.consents import Shown
from app.domain.flow import allowed
from app.domain.ids import parse_id
from app.domain.launch import Consumer, bind, use_handoff
from app.errors import NeedsProof
from app.models import Onboarding
from app.web import bank_policy, services, wants_fragment

blueprint = Blueprint("bank", __name__)


@blueprint.get("/onboarding/<onboarding_id>/connect")
def show_intro(onboarding_id: str) -> Response:
    """What connecting a bank means, for a reader who first chose to fill in the form by hand."""
    consumer = need_consumer()
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        if view.may_see and allowed(view.onboarding, "open_bank"):
            return show(view, intro(view))
    return answer(consumer)


@blueprint.post("/onboarding/<onboarding_id>/bank")
def begin(onboarding_id: str) -> Response:
    """Make a session at Plaid, then show the page that hosts its script."""
    consumer = need_consumer()
    if not _open(consumer):
        return answer(consumer)
    url = f"/onboarding/{onboarding_id}/bank"
    # The bank's page has a policy of its own, so it is loaded, never swapped in.
    return Response(status=200, headers={"HX-Redirect": url}) if wants_fragment() else go_on(url)


def _open(consumer: Consumer) -> bool:
    """Whether a session at Plaid is open now; where not, the due screen says why."""
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        if not view.may_see or not allowed(view.onboarding, "open_bank"):
            return False
        shown = Shown("bank", view.disclosures["version"], g.locale, bank_words(view).plain)
    return open_layer(services(), consumer.scope, consumer.onboarding_id, (shown,), visitor()) is None


@blueprint.get("/onboarding/<onboarding_id>/bank")
def show_link(onboarding_id: str) -> Response:
    """The document that hosts Plaid, while a session is open; else whatever is due."""
    return _document(need_consumer())


def _document(consumer: Consumer, bearer: str | None = None) -> Response:
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        if (view.onboarding.step, view.onboarding.stage) != ("bank", "link") or not view.may_see:
            return go_on(view.url())
        plaid = connection(services(), session, consumer.scope, "plaid")
        response = show(view, link_screen(view, plaid.settings["link_url"]), bearer=bearer)
    link, api = origin_of(plaid.settings["link_url"]), origin_of(plaid.settings["base_url"])
    response.headers["Content-Security-Policy"] = bank_policy(link, api)
    return response


@blueprint.post("/onboarding/<onboarding_id>/window")
def open_window(onboarding_id: str) -> Response:
    """The bank in a window of its own: the frame's one-time value makes a binding for it.

    The answer is the document itself and carries the bearer, because a browser that blocks every cookie would arrive
    at a redirect's target with nothing in its hands.
    """
    scope, wanted = scope_or_404(onboarding_id), parse_id("onboarding", onboarding_id)
    assert wanted is not None
    value = request.form.get("handoff", "")
    binding_id = read_handoff(value)
    if binding_id is None:
        raise NeedsProof(onboarding_id)
    with services().database.session(scope) as session:
        frame = use_handoff(session, wanted, binding_id, value)
        if frame is None:
            raise NeedsProof(onboarding_id)
        secret, consumer = bind(session, scope, wanted, place=WINDOW, proven=frame.proven)
    response = _document(consumer, secret) if _open(consumer) else answer(consumer)
    set_binding_cookie(response, consumer, secret)
    return response


@blueprint.post("/onboarding/<onboarding_id>/bank/finished")
def finished(onboarding_id: str) -> Response:
    """Plaid handed over a public token: fetch in the background, show progress meanwhile."""
    consumer = need_consumer()
    token = _text(_body(), "public_token")
    with services().database.session(consumer.scope) as session:
        onboarding = session.get_one(Onboarding, consumer.onboarding_id)
        if token and consumer.may_see(onboarding):
            take_public_token(session, onboarding, token)
    return _location(onboarding_id)


@blueprint.post("/onboarding/<onboarding_id>/bank/not-available")
def not_available(onboarding_id: str) -> Response:
    """Layer does not know this phone."""
    consumer = need_consumer()
    with services().database.session(consumer.scope) as session:
        onboarding = session.get_one(Onboarding, consumer.onboarding_id)
        if consumer.may_see(onboarding):
            refuse_layer(session, onboarding)
    return _location(onboarding_id)


@blueprint.post("/onboarding/<onboarding_id>/bank/exit")
def closed(onboarding_id: str) -> Response:
    """The consumer closed the bank's window."""
    consumer = need_consumer()
    body = _body()
    with services().database.session(consumer.scope) as session:
        onboarding = session.get_one(Onboarding, consumer.onboarding_id)
        words = {"exit_status": _word(body, "status"), "error_code": _word(body, "error_code")}
        if consumer.may_see(onboarding):
            leave_bank(session, onboarding, words)
    return _location(onboarding_id)


@blueprint.post("/onboarding/<onboarding_id>/bank/events")
def events(onboarding_id: str) -> Response:
    """What happened inside Plaid's window: names and panes, for the timeline."""
    consumer = need_consumer()
    with services().database.session(consumer.scope) as session:
        onboarding = session.get_one(Onboarding, consumer.onboarding_id)
        if consumer.may_see(onboarding):
            note_events(session, onboarding, _body().get("events"))
    return Response(status=204)


@blueprint.post("/onboarding/<onboarding_id>/bank/retry")
def retry(onboarding_id: str) -> Response:
    """Fetch once more with what was shared already."""
    consumer = need_consumer()
    with services().database.session(consumer.scope) as session:
        onboarding = session.get_one(Onboarding, consumer.onboarding_id)
        if consumer.may_see(onboarding):
            retry_fetch(session, onboarding)
    return answer(consumer)


@blueprint.post("/onboarding/<onboarding_id>/by-hand")
def by_hand(onboarding_id: str) -> Response:
    """Everything by hand."""
    consumer = need_consumer()
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        may = view.flow.by_hand and view.may_see
    if may:
        with services().database.session(consumer.scope) as session:
            go_by_hand(session, session.get_one(Onboarding, consumer.onboarding_id))
    return answer(consumer)


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) and len(value) <= 200 else ""


def _word(body: dict[str, Any], name: str) -> str | None:
    value = _text(body, name)
    return value if value.replace("_", "").isalnum() and value.isascii() else None


def _location(onboarding_id: str) -> Response:
    return jsonify(location=f"/onboarding/{onboarding_id}")

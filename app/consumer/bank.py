"""The bank step: open Plaid's page, take what it tells us, go another way."""

from typing import Any

from flask import Blueprint, Response, g, jsonify
from htmx_flask import request

from app.access import origin_of, read_handoff
from app.consumer.bank_screens import WINDOW, bank_words, intro, link_screen
from app.consumer.binding import scope_or_404
from app.consumer.context import View, go_on, load, read_scope, set_binding_cookie, show, visitor
from app.consumer.current import answer, need_consumer
from app.domain.bank import ask_by_birth, go_by_hand, go_without, leave_bank, refuse_layer, retry_fetch
from app.domain.bank_events import note_events
from app.domain.bank_exits import REFUSED, SPENT, Exit
from app.domain.bank_opening import open_bank
from app.domain.bank_tokens import is_current, take_public_tokens
from app.domain.connections import connection
from app.domain.consents import Shown
from app.domain.flow import allowed
from app.domain.ids import parse_id
from app.domain.launch import Consumer, bind, use_handoff
from app.domain.rungs import LAYER
from app.errors import NeedsProof
from app.models import Onboarding
from app.models.vault import vault
from app.web import bank_policy, services, wants_fragment

blueprint = Blueprint("bank", __name__)


@blueprint.get("/onboarding/<onboarding_id>/connect")
def show_intro(onboarding_id: str) -> Response:
    """What connecting a bank means, for a reader who first chose another way, or connects one more."""
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
    by_link = request.form.get("way") == "link"
    who = (consumer.scope, consumer.onboarding_id, (shown,), visitor())
    return open_bank(services(), *who, by_link=by_link, prover=consumer.binding_id) is None


@blueprint.get("/onboarding/<onboarding_id>/bank")
def show_link(onboarding_id: str) -> Response:
    """The document that hosts Plaid, while a session is open; else whatever is due."""
    return _document(need_consumer())


def _document(consumer: Consumer, bearer: str | None = None) -> Response:
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        if not at_link(view):
            return go_on(view.url())
        return link_document(view, bearer=bearer)


def at_link(view: View) -> bool:
    """Whether the bank's window is open."""
    return (view.onboarding.step, view.onboarding.stage) == ("bank", "link") and view.may_see


def link_document(view: View, *, bearer: str | None = None, received: str | None = None) -> Response:
    """The page under the policy that lets Plaid's script run. `received` is where a bank's own page sent back to."""
    plaid = connection(services(), view.session, view.consumer.scope, "plaid")  # type: ignore[union-attr]
    response = show(view, link_screen(view, plaid.settings["link_url"], received), bearer=bearer)
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
        secret, consumer = bind(session, scope, wanted, place=WINDOW, proven=frame.proven, opener_id=frame.binding_id)
    response = _document(consumer, secret) if _open(consumer) else answer(consumer)
    set_binding_cookie(response, consumer, secret)
    return response


@blueprint.post("/onboarding/<onboarding_id>/bank/finished")
def finished(onboarding_id: str) -> Response:
    """Plaid handed over a public token: fetch in the background, show progress meanwhile."""
    consumer = need_consumer()
    body = _body()
    token = _text(body, "public_token")
    with services().database.session(consumer.scope) as session:
        onboarding = session.get_one(Onboarding, consumer.onboarding_id)
        if token and consumer.may_see(onboarding):
            take_public_tokens(session, onboarding, [token], _text(body, "link_token") or None, from_browser=True)
    return _location(onboarding_id)


@blueprint.post("/onboarding/<onboarding_id>/bank/not-available")
def not_available(onboarding_id: str) -> Response:
    """Layer does not know this phone, or this date of birth: the date, or the token of the next rung.

    The date goes into the page only now that it is needed there.
    """
    consumer = need_consumer()
    body = _body()
    refused = False
    with services().database.session(consumer.scope) as session:
        onboarding = session.get_one(Onboarding, consumer.onboarding_id)
        if _speaks_of_now(session, consumer, onboarding, body):
            birth = ask_by_birth(session, onboarding) if body.get("by") == "phone" else None
            if birth is not None:
                return jsonify(date_of_birth=birth)
            refused = refuse_layer(session, onboarding)
    return _next_rung(consumer, onboarding_id) if refused else _location(onboarding_id)


def _next_rung(consumer: Consumer, onboarding_id: str, *, renewed: bool = False) -> Response:
    """The page goes on where it stands, with a new token; where none can be had, the due screen says why."""
    who = (consumer.scope, consumer.onboarding_id)
    if open_bank(services(), *who, renewed=renewed, prover=consumer.binding_id) is not None:
        return _location(onboarding_id)
    with read_scope(consumer) as session:
        onboarding = session.get_one(Onboarding, consumer.onboarding_id)
        token = vault(session).open(onboarding, "link_token")
        return jsonify(token=token, mode="layer" if onboarding.rung in LAYER else "link")


def _speaks_of_now(session: Any, consumer: Consumer, onboarding: Onboarding, body: dict[str, Any]) -> bool:
    """Whether this comes from the window that is open; one that was replaced since has no say."""
    return consumer.may_see(onboarding) and is_current(session, onboarding, _text(body, "link_token") or None)


@blueprint.post("/onboarding/<onboarding_id>/bank/renew")
def renew(onboarding_id: str) -> Response:
    """The page's token is used or too old: a new one for the same rung."""
    consumer = need_consumer()
    with read_scope(consumer) as session:
        onboarding = session.get_one(Onboarding, consumer.onboarding_id)
        may = consumer.may_see(onboarding) and (onboarding.step, onboarding.stage) == ("bank", "link")
    return _next_rung(consumer, onboarding_id) if may else _location(onboarding_id)


@blueprint.post("/onboarding/<onboarding_id>/bank/exit")
def closed(onboarding_id: str) -> Response:
    """The consumer closed the bank's window, or Plaid did: a spent token is renewed once, all else leads on."""
    consumer = need_consumer()
    body = _body()
    left = Exit(_word(body, "status"), _word(body, "error_code"), _word(body, "error_type"))
    spent = refused = False
    with services().database.session(consumer.scope) as session:
        onboarding = session.get_one(Onboarding, consumer.onboarding_id)
        if _speaks_of_now(session, consumer, onboarding, body):
            at_bank = (onboarding.step, onboarding.stage) == ("bank", "link")
            spent = at_bank and left.error_code in SPENT and "renewed" not in onboarding.progress
            refused = not spent and left.error_code in REFUSED and refuse_layer(session, onboarding)
            if not spent and not refused:
                leave_bank(session, onboarding, left)
    return _next_rung(consumer, onboarding_id, renewed=spent) if spent or refused else _location(onboarding_id)


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


@blueprint.post("/onboarding/<onboarding_id>/bank/skip")
def skip(onboarding_id: str) -> Response:
    """Go on without this bank, with what others have filled in."""
    consumer = need_consumer()
    with services().database.session(consumer.scope) as session:
        onboarding = session.get_one(Onboarding, consumer.onboarding_id)
        if consumer.may_see(onboarding):
            go_without(session, onboarding)
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

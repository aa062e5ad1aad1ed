"""The Link script and what its frame loads, under /link on the emulators' origin."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, render_template, request
from flask.typing import ResponseReturnValue

from app.emulators.context import Emulators, emulators
from app.emulators.faults import apply_fault
from app.emulators.plaid import catalog, ids, layer
from app.emulators.plaid.errors import PlaidError
from app.emulators.plaid.sessions import Context, LinkSession, sessions
from app.emulators.plaid.state import LinkToken, find_link_token, switches
from app.emulators.plaid.steps import take
from app.emulators.plaid.webhooks import Sender

blueprint = Blueprint("link", __name__)

# Any page may embed Link, as it may Plaid's.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors *"
)
FIELD_NAMES = {
    "name": "Name",
    "date_of_birth": "Date of birth",
    "address": "Address",
    "ssn": "Social Security number",
    "email": "Email",
}
# The same inside a sentence.
FIELD_WORDS = {name: words if name == "ssn" else words.lower() for name, words in FIELD_NAMES.items()}


@blueprint.before_request
def apply_forced_fault() -> Response | None:
    """Operations of the provider plaid: /link/v2/stable/link-initialize.js, /link/frame, /link/session."""
    operation = "/link/session" if "session_id" in (request.view_args or {}) else request.path
    return apply_fault("plaid", operation)


@blueprint.after_request
def add_headers(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/v2/stable/link-initialize.js")
def script() -> Response:
    """The script an app embeds."""
    return current_app.send_static_file("emulators/link/link-initialize.js")


@blueprint.get("/frame")
def frame() -> ResponseReturnValue:
    """The document inside the iframe: `?token=` is the link token, `?origin=` the page that embeds it."""
    origin = request.args.get("origin", "")
    parts = urlsplit(origin)
    if origin != f"{parts.scheme}://{parts.netloc}" or parts.scheme not in ("http", "https"):
        return {"error": "origin must be the origin of the embedding page"}, 400
    shared = emulators()
    with shared.store.lock:
        token = find_link_token(shared, request.args.get("token", ""))
        usable = token is not None and not token.spent and token.expires_at > shared.store.now()
        session_id = _begin(shared, token) if token is not None and usable else ids.session_id()
        drop_early_submit = switches(shared).drop_early_submit
    return render_template(
        "emulators/link/frame.html",
        session_id=session_id,
        origin=origin,
        drop_early_submit=drop_early_submit,
        embedded=request.args.get("embedded") == "1",
    )


@blueprint.post("/session/<session_id>/<action>")
def act(session_id: str, action: str) -> ResponseReturnValue:
    """One step. Answers the events to tell at once, the pane to show, and the result once there is one."""
    values = request.get_json()
    if not isinstance(values, dict):
        return {"error": "an object was expected"}, 400
    shared = emulators()
    with shared.store.lock:
        session = sessions(shared).get(session_id)
        if session is None:
            return _refused(session_id)
        sender: Sender = current_app.extensions["plaid_webhooks"]
        context = Context(shared, sender, session)
        try:
            take(context, action, values)
        except PlaidError as error:
            session.result = _refused(session_id, error)["result"]
        events, session.live = session.live, []
        return {"events": events, "pane": _pane(context), "result": session.result}


def _begin(shared: Emulators, token: LinkToken) -> str:
    session = LinkSession(token)
    sessions(shared)[session.session_id] = session
    return session.session_id


def _refused(session_id: str, error: PlaidError | None = None) -> dict[str, Any]:
    told = (error or PlaidError("INVALID_LINK_TOKEN")).link_error()
    metadata = {
        "institution": None,
        "link_session_id": session_id,
        "request_id": ids.request_id(),
        "status": None,
    }
    return {"events": [], "pane": None, "result": {"events": [], "exit": [told, metadata]}}


def _pane(context: Context) -> str | None:
    """The markup of the current pane; none before Link was opened and after its end."""
    session = context.session
    if session.result is not None or not (session.asked_to_open or session.opened):
        return None
    offered = []
    if session.profile and session.persona and session.token.template:
        offered = layer.connected_banks(session.profile, session.persona, session.token.template)
    return render_template(
        f"emulators/link/panes/{session.pane}.html",
        session=session,
        offered=offered,
        fields=session.token.template.fields if session.token.template else [],
        field_names=FIELD_NAMES,
        field_words=FIELD_WORDS,
        institutions=catalog.institutions(context.shared.personas).values(),
        tries_left=layer.TRIES - session.wrong_codes,
    )

"""The Link script and what its frame loads, under /link on the emulators' origin."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.emulators.context import Emulators, emulators
from app.emulators.faults import apply_fault
from app.emulators.plaid import connecting, ids, layer, oauth, ordinary
from app.emulators.plaid.errors import PlaidError
from app.emulators.plaid.sessions import Context, LinkSession, refuse, sessions
from app.emulators.plaid.state import LinkToken, find_link_token, switches
from app.emulators.plaid.steps import take
from app.emulators.plaid.webhooks import Sender

blueprint = Blueprint("link", __name__)

# Browsers inside apps: Android's WebView says "; wv)", the one of iOS leaves out "Safari/".
WEBVIEW = re.compile(r"; wv\)|\(iP(?:hone|ad).*AppleWebKit(?!.*Safari/)")

# Any page may embed Link, as it may Plaid's.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors *"
)
# Stands in the script for the emulators' own address.
HOME = "https://emulators.invalid"
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
    """Operations of the provider plaid: /link/v2/stable/link-initialize.js, /link/frame, /link/session, /link/bank."""
    named = {"session_id": "/link/session", "state_id": "/link/bank"}
    operation = next((named[name] for name in request.view_args or {} if name in named), request.path)
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
    """The script an app embeds. It is told where its frame is, so that it works under Plaid's own address too."""
    settings = emulators().settings
    here = settings.base_url if urlsplit(settings.base_url).netloc == request.host else request.host_url.rstrip("/")
    text = _script_text().replace(HOME, here)
    return Response(text, content_type="text/javascript; charset=utf-8")


@cache
def _script_text() -> str:
    static = Path(current_app.static_folder or "")
    return (static / "emulators" / "link" / "link-initialize.js").read_text(encoding="utf-8")


@blueprint.get("/frame")
def frame() -> ResponseReturnValue:
    """The document inside the iframe.

    `?token=` is the link token, `?origin=` the page that embeds it, `?received=` its address after a redirect from a
    bank, `?embedded=1` when it stands inside the page.
    """
    origin = request.args.get("origin", "")
    parts = urlsplit(origin)
    if origin != f"{parts.scheme}://{parts.netloc}" or parts.scheme not in ("http", "https"):
        return {"error": "origin must be the origin of the embedding page"}, 400
    shared = emulators()
    with shared.store.lock:
        token = find_link_token(shared, request.args.get("token", ""))
        usable = token is not None and not token.spent and token.expires_at > shared.store.now()
        session_id = _begin(shared, token).session_id if token is not None and usable else ids.session_id()
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
            refuse(context, error)
        events, session.live = session.live, []
        # Whoever only looks again must not lose the place of the cursor.
        unchanged = action == "oauth_look" and session.pane == "oauth"
        return {
            "events": events,
            "pane": None if unchanged else _pane(context),
            "result": session.result,
            "modal": not session.embedded or session.pane != "institutions",
        }


def _begin(shared: Emulators, token: LinkToken) -> LinkSession:
    uri = request.args.get("received")
    session = LinkSession(token, shared.store.now()) if uri is None else oauth.received(shared, token, uri)
    session.embedded = request.args.get("embedded") == "1"
    session.webview = bool(WEBVIEW.search(request.headers.get("User-Agent", "")))
    sessions(shared)[session.session_id] = session
    return session


def _refused(session_id: str) -> dict[str, Any]:
    """For a token that never opened a session."""
    told = PlaidError("INVALID_LINK_TOKEN").link_error()
    metadata = {
        "institution": None,
        "link_session_id": session_id,
        "request_id": ids.request_id(),
        "status": None,
    }
    result = {"events": [], "late": False, "exit": [told, metadata]}
    return {"events": [], "pane": None, "result": result, "modal": True}


def _pane(context: Context) -> str | None:
    """The markup of the current pane; none before Link was opened and after its end."""
    session = context.session
    if session.result is not None or not (session.asked_to_open or session.opened):
        return None
    visit = oauth.visit_of(context)
    return render_template(
        f"emulators/link/panes/{session.pane}.html",
        session=session,
        offered=layer.offered(context),
        fields=session.token.template.fields if session.token.template else [],
        field_names=FIELD_NAMES,
        field_words=FIELD_WORDS,
        institutions=ordinary.found_institutions(context),
        accounts=connecting.offered_accounts(context),
        asked=session.challenges[0] if session.challenges else [],
        updating=session.token.access_token is not None,
        visit=visit,
        bank_url=url_for("link.bank_page", state_id=visit.state_id) if visit else "",
        tries_left=layer.TRIES - session.wrong_codes,
    )

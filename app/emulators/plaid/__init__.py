"""Stand-in for Plaid's API (2020-09-14), its Link script and its webhooks."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, g, json, request
from flask.blueprints import BlueprintSetupState

from app.emulators.context import Emulators, emulators
from app.emulators.faults import apply_fault
from app.emulators.plaid import bank_page as bank_page  # registers /link/bank
from app.emulators.plaid import control as control  # registers /control/plaid
from app.emulators.plaid import ids
from app.emulators.plaid.api import ENDPOINTS
from app.emulators.plaid.call import Call
from app.emulators.plaid.errors import PlaidError
from app.emulators.plaid.state import PlaidState, state_of
from app.emulators.plaid.validation import check, parse, without_credentials
from app.emulators.plaid.webhooks import Sender

blueprint = Blueprint("plaid", __name__)


@blueprint.record
def make_sender(setup: BlueprintSetupState) -> None:
    shared: Emulators = setup.app.extensions["emulators"]
    settings = shared.settings
    setup.app.extensions["plaid_webhooks"] = Sender(
        shared.store, settings.webhook_timeout_seconds, settings.webhook_retry_seconds
    )


@blueprint.route("/<path:path>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def answer(path: str) -> Response:
    """Every endpoint: credentials, forced faults, the body, then the endpoint itself."""
    request_id = ids.request_id()
    operation = f"/{path}"
    try:
        if operation not in ENDPOINTS or request.method != "POST":
            raise PlaidError("NOT_FOUND")
        body = parse(request.get_data())
        g.credential = _credential(body)
        fault = apply_fault("plaid", operation, _phone_number(g.credential, body))
        if fault is not None:
            return fault
        check(operation, body)
        shared = emulators()
        with shared.store.lock:
            sender: Sender = current_app.extensions["plaid_webhooks"]
            call = Call(shared, sender, g.credential, without_credentials(body))
            return _respond({**ENDPOINTS[operation](call), "request_id": request_id}, 200)
    except PlaidError as error:
        return _respond(error.body(request_id), error.documented.status)


def _respond(body: dict[str, Any], status: int) -> Response:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return current_app.response_class(text, status=status, content_type="application/json; charset=utf-8")


def _credential(body: dict[str, Any]) -> str:
    """The client id, once its secret fits. Raises MISSING_FIELDS or INVALID_API_KEYS."""
    client_id = request.headers.get("PLAID-CLIENT-ID") or body.get("client_id")
    secret = request.headers.get("PLAID-SECRET") or body.get("secret")
    missing = [name for name, value in (("client_id", client_id), ("secret", secret)) if not value]
    if missing:
        raise PlaidError("MISSING_FIELDS", ", ".join(missing))
    known = emulators().store.plaid_secrets
    if not isinstance(client_id, str) or known.get(client_id) != secret:
        raise PlaidError("INVALID_API_KEYS")
    return client_id


def _phone_number(client_id: str, body: dict[str, Any]) -> str | None:
    """Whom a call is about, as far as its token tells; faults can be meant for one person."""
    shared = emulators()
    with shared.store.lock:
        state: PlaidState = state_of(shared, client_id)
        item = state.items.get(str(body.get("access_token")))
        profile = state.profile_tokens.get(str(body.get("public_token")))
    if item is not None and item.persona is not None:
        return item.persona.phone_number
    return profile.phone_number if profile is not None else None

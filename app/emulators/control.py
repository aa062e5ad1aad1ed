"""Steering the emulators from the same machine: clock, faults, credentials, calls, a fresh start."""

from ipaddress import ip_address
from typing import Literal

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.emulators.context import emulators
from app.emulators.faults import USUAL_SECONDS, Fault, Kind, Provider
from app.emulators.persona_base import Phone

LONGEST_WAIT_SECONDS = 600
FURTHEST_ADVANCE_SECONDS = 10 * 366 * 86400

blueprint = Blueprint("control", __name__)


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Advance(Body):
    advance_seconds: float = Field(ge=0, le=FURTHEST_ADVANCE_SECONDS)


class NewFault(Body):
    provider: Provider
    operation: str = Field(pattern=r"^(\*|/\S*)$", description="A path such as /identity/get, or *")
    fault: Kind
    seconds: float | None = Field(default=None, ge=0, le=LONGEST_WAIT_SECONDS)
    times: int | None = Field(default=None, ge=1)
    phone_number: Phone | None = None
    pointer: str | None = Field(default=None, pattern=r"^(/[^/]+)+$", description="A JSON pointer; * is every member")


class SpinwheelKey(Body):
    provider: Literal["spinwheel"]
    api_key: str = Field(min_length=1, max_length=200)


class PlaidPair(Body):
    provider: Literal["plaid"]
    client_id: str = Field(min_length=1, max_length=200)
    secret: str = Field(min_length=1, max_length=200)


class TwilioAccount(Body):
    provider: Literal["twilio"]
    account_sid: str = Field(pattern=r"^AC[0-9a-fA-F]{32}$")
    auth_token: str = Field(min_length=1, max_length=200)
    service_sid: str = Field(pattern=r"^VA[0-9a-fA-F]{32}$")


@blueprint.before_request
def only_this_machine() -> ResponseReturnValue | None:
    """No other machine, and no page of another site in this machine's browser."""
    local = ip_address(request.remote_addr or "0.0.0.0").is_loopback  # noqa: S104 - compared, not bound
    if not local or request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        return {"error": "The control endpoint answers to programs on this machine only."}, 403
    return None


@blueprint.errorhandler(ValidationError)
def wrong_body(error: ValidationError) -> ResponseReturnValue:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    pointer = "/" + "/".join(str(part) for part in first["loc"])
    return {"error": f"{pointer} is wrong: {first['msg']}."}, 400


@blueprint.get("/clock")
def read_clock() -> Response:
    return jsonify(now=emulators().store.now().isoformat())


@blueprint.post("/clock")
def move_clock() -> Response:
    """Body {"advance_seconds": n}; the clock only goes forward, until a reset."""
    body = Advance.model_validate(request.get_json())
    emulators().store.clock.advance(body.advance_seconds)
    return read_clock()


@blueprint.get("/faults")
def list_faults() -> Response:
    return jsonify(faults=emulators().faults.listed())


@blueprint.post("/faults")
def add_fault() -> ResponseReturnValue:
    """Body: provider, operation, fault, and if wished seconds, times, phone_number, pointer."""
    body = NewFault.model_validate(request.get_json())
    seconds = USUAL_SECONDS.get(body.fault, 0.0) if body.seconds is None else body.seconds
    emulators().faults.add(Fault(**(body.model_dump() | {"seconds": seconds})))
    return list_faults(), 201


@blueprint.delete("/faults")
def clear_faults() -> Response:
    emulators().faults.clear()
    return list_faults()


@blueprint.post("/credentials")
def add_credential() -> ResponseReturnValue:
    """A further Spinwheel key, Plaid client id and secret or Twilio account, with a state of its own."""
    body = request.get_json()
    store = emulators().store
    if isinstance(body, dict) and body.get("provider") == "plaid":
        pair = PlaidPair.model_validate(body)
        with store.lock:
            store.plaid_secrets[pair.client_id] = pair.secret
        return {"provider": "plaid", "client_id": pair.client_id}, 201
    if isinstance(body, dict) and body.get("provider") == "twilio":
        account = TwilioAccount.model_validate(body)
        with store.lock:
            store.twilio_tokens[account.account_sid] = account.auth_token
            store.twilio_services[account.service_sid] = account.account_sid
        return {"provider": "twilio", "account_sid": account.account_sid}, 201
    key = SpinwheelKey.model_validate(body)
    with store.lock:
        store.spinwheel_keys.add(key.api_key)
    return {"provider": "spinwheel", "api_key": key.api_key}, 201


@blueprint.get("/calls")
def list_calls() -> Response:
    """Oldest first, without bodies."""
    return jsonify(calls=emulators().calls.listed())


@blueprint.post("/reset")
def reset() -> Response:
    """Forgets users, Items, texts, faults and calls, and sets the clock right. Credentials stay."""
    shared = emulators()
    shared.store.reset()
    shared.faults.clear()
    shared.calls.kept.clear()
    return read_clock()

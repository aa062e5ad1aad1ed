"""The routes. The same blueprint serves both bases; the secure one only reads and deletes users."""

import re

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue

from app.emulators.context import emulators
from app.emulators.faults import apply_fault
from app.emulators.spinwheel import connect, debt_profile, preverified, refresh, subscriptions, users
from app.emulators.spinwheel.assumptions import (
    CONNECT_STATUS,
    PREVERIFIED_STATUS,
    REFRESH_STATUS,
    VERIFY_STATUS,
    WEBHOOK_STATUS,
)
from app.emulators.spinwheel.envelope import Refused, read_body, refusal, success
from app.emulators.spinwheel.state import State

blueprint = Blueprint("spinwheel", __name__)

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
UNMASKED = {"ssn", "accountNumber"}


def _secure() -> bool:
    return request.blueprint == "spinwheel_secure"


def _state() -> State:
    return emulators().store.state("spinwheel", g.credential, State)


@blueprint.errorhandler(Refused)
def refused(error: Refused) -> ResponseReturnValue:
    return refusal(error)


@blueprint.before_request
def authenticate() -> None:
    """Only `Authorization: Bearer`; x-api-key is not looked at, as at the real one."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Refused("UNAUTHORIZED")
    if key.strip() not in emulators().store.spinwheel_keys:
        raise Refused("INVALID_AUTH_KEY")
    g.credential = key.strip()


@blueprint.before_request
def force_fault() -> ResponseReturnValue | None:
    """Operations are named by their documented path, such as /v1/users/{userId}/debtProfile."""
    rule = re.sub(r"<(\w+)>", lambda found: "{" + _camel(found[1]) + "}", str(request.url_rule))
    operation = "/" + rule.split("/", 2)[2].rstrip("/")
    return apply_fault("spinwheel", operation, _phone_number())


def _camel(name: str) -> str:
    first, *more = name.split("_")
    return first + "".join(word.title() for word in more)


def _phone_number() -> str | None:
    """Whom a call is about, as far as it can be told."""
    body = request.get_json(silent=True)
    if isinstance(body, dict) and isinstance(body.get("phoneNumber"), str):
        return str(body["phoneNumber"])
    state = _state()
    user_id = (request.view_args or {}).get("user_id") or request.args.get("userId")
    user_id = user_id or state.user_ids.get(request.args.get("extUserId", ""))
    user = state.users.get(user_id or "")
    return user.phone_number if user else None


@blueprint.post("/v1/users/connect/sms")
def connect_sms() -> Response:
    _standard_base_only()
    body = read_body(connect.ConnectBody)
    with emulators().store.lock:
        return success(connect.send_code(_state(), emulators(), body), CONNECT_STATUS)


@blueprint.post("/v1/users/<user_id>/connect/sms/verify")
def verify_sms(user_id: str) -> Response:
    _standard_base_only()
    body = read_body(connect.VerifyBody)
    with emulators().store.lock:
        return success(connect.check_code(_state(), emulators(), user_id, body.code), VERIFY_STATUS)


@blueprint.post("/v1/users/connect/preverified/phoneNumber")
def connect_preverified() -> Response:
    _standard_base_only()
    body = read_body(preverified.PreverifiedBody)
    with emulators().store.lock:
        return success(preverified.connect(_state(), emulators(), body), PREVERIFIED_STATUS)


@blueprint.post("/v1/users/<user_id>/liabilities/refresh")
def begin_refresh(user_id: str) -> Response:
    _standard_base_only()
    body = read_body(refresh.RefreshBody)
    with emulators().store.lock:
        state = _state()
        return success(refresh.begin(state, emulators(), state.user(user_id), body), REFRESH_STATUS)


@blueprint.get("/v1/users/<user_id>/liabilities/refresh/<ext_request_id>")
def poll_refresh(user_id: str, ext_request_id: str) -> Response:
    _standard_base_only()
    with emulators().store.lock:
        state = _state()
        return success(refresh.poll(state, emulators(), state.user(user_id), ext_request_id))


@blueprint.post("/v1/webhooks")
def add_webhook() -> Response:
    _standard_base_only()
    body = read_body(subscriptions.WebhookBody)
    with emulators().store.lock:
        return success(subscriptions.add(_state(), body), WEBHOOK_STATUS)


@blueprint.get("/v1/webhooks")
def list_webhooks() -> Response:
    _standard_base_only()
    with emulators().store.lock:
        return success([subscriptions.shown(one) for one in _state().subscriptions.values()])


@blueprint.route("/v1/webhooks/<webhook_id>", methods=["GET", "PATCH", "DELETE"])
def one_webhook(webhook_id: str) -> Response:
    _standard_base_only()
    with emulators().store.lock:
        known = subscriptions.find(_state(), webhook_id)
        if request.method == "PATCH":
            return success(subscriptions.change(_state(), webhook_id, read_body(subscriptions.WebhookChange)))
        if request.method == "DELETE":
            del _state().subscriptions[webhook_id]
        return success(subscriptions.shown(known))


@blueprint.post("/v1/users/<user_id>/debtProfile")
def order_debt_profile(user_id: str) -> Response:
    _standard_base_only()
    kind = debt_profile.asked_kind(request.args.getlist("liabilityType"))
    with emulators().store.lock:
        user = _state().user(user_id)
        body = read_body(debt_profile.DebtProfileBody)
        data = debt_profile.order(user, body, emulators().store.clock)
        return success(debt_profile.only(data, kind))


@blueprint.get("/v1/users")
def read_user() -> Response:
    user_id, ext_user_id = request.args.get("userId"), request.args.get("extUserId")
    if bool(user_id) == bool(ext_user_id):
        raise Refused("BAD_REQUEST", "Exactly one of userId and extUserId is required")
    with emulators().store.lock:
        state = _state()
        user = state.user(user_id) if user_id else state.user_by_ext_id(ext_user_id or "")
        return success(users.hydrated(user, _unmask()))


@blueprint.get("/v1/users/<user_id>")
def read_user_by_path(user_id: str) -> Response:
    with emulators().store.lock:
        return success(users.hydrated(_state().user(user_id), _unmask()))


@blueprint.delete("/v1/users/<user_id>")
def delete_user(user_id: str) -> Response:
    with emulators().store.lock:
        _state().forget(user_id)
    return success({"userId": user_id})


@blueprint.route("/", defaults={"rest": ""}, methods=METHODS)
@blueprint.route("/<path:rest>", methods=METHODS)
def nothing_here(rest: str) -> Response:
    raise Refused("NOT_FOUND", f"No such operation: {request.method} /{rest}")


def _standard_base_only() -> None:
    if _secure():
        raise Refused("NOT_FOUND", "This operation is on the standard host")


def _unmask() -> set[str]:
    asked = set(request.args.getlist("unmask"))
    if asked and not _secure():
        raise Refused("SECURE_HOST_REQUIRED")
    if asked - UNMASKED:
        raise Refused("BAD_REQUEST", "unmask must be ssn or accountNumber")
    return asked

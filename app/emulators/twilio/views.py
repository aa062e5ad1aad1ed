"""The routes. Real ones are on two hosts, verify.twilio.com and api.twilio.com; their paths never meet."""

from secrets import compare_digest

from flask import Blueprint, Response, g, jsonify, request
from flask.typing import ResponseReturnValue

from app.emulators.context import emulators
from app.emulators.faults import apply_fault
from app.emulators.twilio import messages, verify
from app.emulators.twilio.errors import Refused, refusal
from app.emulators.twilio.verify import State

blueprint = Blueprint("twilio", __name__)

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
NAMES = {"<service_sid>": "{ServiceSid}", "<sid>": "{Sid}", "<account_sid>": "{AccountSid}"}


def _state() -> State:
    return emulators().store.state("twilio", g.credential, State)


@blueprint.errorhandler(Refused)
def refused(error: Refused) -> ResponseReturnValue:
    return refusal(error)


@blueprint.before_request
def authenticate() -> None:
    """Basic: account SID and its auth token."""
    given, tokens = request.authorization, emulators().store.twilio_tokens
    if given is None or given.type != "basic" or not given.username:
        raise Refused(20003)
    token = tokens.get(given.username)
    if token is None or not compare_digest(token.encode(), (given.password or "").encode()):
        raise Refused(20003)
    g.credential = given.username


@blueprint.before_request
def force_fault() -> ResponseReturnValue | None:
    """Operations are named by their documented path, such as /v2/Services/{ServiceSid}/Verifications."""
    rule = str(request.url_rule)
    for ours, theirs in NAMES.items():
        rule = rule.replace(ours, theirs)
    return apply_fault("twilio", "/" + rule.split("/", 2)[2], _phone_number())


def _phone_number() -> str | None:
    """Whom a call is about, as far as it can be told."""
    sid = (request.view_args or {}).get("sid") or request.form.get("VerificationSid", "")
    known = _state().verifications.get(sid)
    return known.phone_number if known else request.form.get("To")


def _service(service_sid: str) -> None:
    if emulators().store.twilio_services.get(service_sid) != g.credential:
        raise Refused(20404, f"/Services/{service_sid}")


@blueprint.post("/v2/Services/<service_sid>/Verifications")
def create_verification(service_sid: str) -> ResponseReturnValue:
    _service(service_sid)
    shared = emulators()
    with shared.store.lock:
        sent = verify.send(_state(), shared, service_sid, request.form.to_dict())
        return verify.shown(sent, g.credential, shared.settings.twilio_base_url), 201


@blueprint.post("/v2/Services/<service_sid>/Verifications/<sid>")
def update_verification(service_sid: str, sid: str) -> ResponseReturnValue:
    _service(service_sid)
    shared = emulators()
    with shared.store.lock:
        ended = verify.end(_state(), shared, service_sid, sid, request.form.get("Status", ""))
        return verify.shown(ended, g.credential, shared.settings.twilio_base_url)


@blueprint.post("/v2/Services/<service_sid>/VerificationCheck")
def check_verification(service_sid: str) -> ResponseReturnValue:
    _service(service_sid)
    shared = emulators()
    with shared.store.lock:
        judged = verify.check(_state(), shared, service_sid, request.form.to_dict())
        return verify.shown_check(judged, g.credential)


@blueprint.post("/2010-04-01/Accounts/<account_sid>/Messages.json")
def create_message(account_sid: str) -> ResponseReturnValue:
    if account_sid != g.credential:
        raise Refused(20404, request.path)
    shared = emulators()
    with shared.store.lock:
        message = messages.send(_state(), shared, account_sid, request.form.to_dict())
        return jsonify(message), 201


@blueprint.route("/", defaults={"rest": ""}, methods=METHODS)
@blueprint.route("/<path:rest>", methods=METHODS)
def nothing_here(rest: str) -> Response:
    raise Refused(20404, f"/{rest}")

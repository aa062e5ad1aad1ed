"""Verify v2: a code by text or call, ten minutes of life, five checks, five sends."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from app.emulators.context import Emulators
from app.emulators.twilio.errors import Refused
from app.emulators.twilio.numbers import reach

LIFE = timedelta(minutes=10)
CHECKS_ALLOWED = 5
SENDS_ALLOWED = 5
SENDER = "Twilio Verify"
UNREACHABLE = {"invalid": 60200, "country": 60605, "blocked": 60410}
TEXTS = {
    "en": "Your Prefill verification code is: {code}",
    "es": "Tu código de verificación de Prefill es: {code}",
}
SPOKEN = {"en": "Your code is {code}. Once more: {code}.", "es": "Tu código es {code}. Una vez más: {code}."}


@dataclass
class Verification:
    """`status` is `pending`, `approved`, `canceled` or `max_attempts_reached`; expiry is read off the clock."""

    sid: str
    service_sid: str
    phone_number: str
    channel: str
    code: str
    created_at: datetime
    updated_at: datetime
    status: str = "pending"
    checks: int = 0
    sends: list[dict[str, str]] = field(default_factory=list)

    def alive(self, now: datetime) -> bool:
        """Whether it still stands in the way of a new one."""
        return self.status in ("pending", "max_attempts_reached") and now < self.created_at + LIFE


@dataclass
class State:
    """What Twilio remembers for one account."""

    verifications: dict[str, Verification] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def latest(self, service_sid: str, phone_number: str) -> Verification | None:
        """The newest one of a number."""
        wanted = (service_sid, phone_number)
        newest_first = reversed(self.verifications.values())
        return next((known for known in newest_first if (known.service_sid, known.phone_number) == wanted), None)


def send(state: State, shared: Emulators, service_sid: str, form: dict[str, str]) -> Verification:
    """Send the code, the same one again while it lives. Raises Refused."""
    phone_number, channel = form.get("To", ""), form.get("Channel", "")
    if channel not in ("sms", "call"):
        raise Refused(60200, f"Channel: {channel}")
    reached = reach(shared, phone_number)
    if reached in UNREACHABLE:
        raise Refused(UNREACHABLE[reached], f"To: {phone_number}")
    if reached == "landline" and channel == "sms":
        raise Refused(60205)
    now = shared.store.now()
    known = state.latest(service_sid, phone_number)
    if known is None or not known.alive(now):
        persona = shared.personas.by_phone(phone_number)
        code = persona.code if persona else shared.settings.sms_code
        known = Verification(f"VE{token_hex(16)}", service_sid, phone_number, channel, code, now, now)
        state.verifications[known.sid] = known
    if known.status != "pending":
        raise Refused(60202)
    if len(known.sends) >= SENDS_ALLOWED:
        raise Refused(60203)
    known.channel, known.updated_at = channel, now
    known.sends.append({"attempt_sid": f"VL{token_hex(16)}", "channel": channel, "time": _iso(now)})
    _deliver(shared, known, form.get("Locale", "en"))
    return known


def _deliver(shared: Emulators, sent: Verification, locale: str) -> None:
    by_call = sent.channel == "call"
    words = (SPOKEN if by_call else TEXTS).get(locale[:2], (SPOKEN if by_call else TEXTS)["en"])
    code = ", ".join(sent.code) if by_call else sent.code
    shared.store.send_text(sent.phone_number, SENDER, words.format(code=code), sent.code, channel=sent.channel)


def check(state: State, shared: Emulators, service_sid: str, form: dict[str, str]) -> Verification:
    """Judge a code; it is `approved` or still `pending`. Raises Refused."""
    if not form.get("Code"):
        raise Refused(60200, "Code")
    sid = form.get("VerificationSid")
    known = state.verifications.get(sid) if sid else state.latest(service_sid, form.get("To", ""))
    now = shared.store.now()
    if known is None or known.service_sid != service_sid or not known.alive(now):
        raise Refused(20404, f"/Services/{service_sid}/VerificationCheck")
    if known.checks >= CHECKS_ALLOWED:
        known.status = "max_attempts_reached"
        raise Refused(60202)
    known.checks += 1
    known.updated_at = now
    if form["Code"] == known.code:
        known.status = "approved"
    return known


def end(state: State, shared: Emulators, service_sid: str, sid: str, status: str) -> Verification:
    """Set a living one to `canceled` or `approved`. Raises Refused."""
    if status not in ("canceled", "approved"):
        raise Refused(60200, f"Status: {status}")
    known = state.verifications.get(sid)
    now = shared.store.now()
    if known is None or known.service_sid != service_sid or not known.alive(now):
        raise Refused(20404, f"/Services/{service_sid}/Verifications/{sid}")
    known.status, known.updated_at = status, now
    return known


def shown(known: Verification, account_sid: str, base_url: str) -> dict[str, Any]:
    """A verification as it is answered."""
    return {
        **_common(known, account_sid),
        "lookup": {},
        "send_code_attempts": known.sends,
        "sna": None,
        "url": f"{base_url}/v2/Services/{known.service_sid}/Verifications/{known.sid}",
    }


def shown_check(known: Verification, account_sid: str) -> dict[str, Any]:
    """The answer to a check."""
    return {**_common(known, account_sid), "sna_attempts_error_codes": []}


def _common(known: Verification, account_sid: str) -> dict[str, Any]:
    return {
        "sid": known.sid,
        "service_sid": known.service_sid,
        "account_sid": account_sid,
        "to": known.phone_number,
        "channel": known.channel,
        "status": known.status,
        "valid": known.status == "approved",
        "amount": None,
        "payee": None,
        "date_created": _iso(known.created_at),
        "date_updated": _iso(known.updated_at),
    }


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

"""Spinwheel: SMS connect, credit file, user upkeep.

Texts and reports cost money, so no POST is ever repeated once it may have been sent.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from app.providers import spinwheel_reading as reading
from app.providers.base import HttpCaller, Request, Timeouts
from app.providers.errors import Kind, Meaning, ProviderError, Reason
from app.providers.reading import Json
from app.providers.spinwheel_errors import classify
from app.providers.spinwheel_records import Connected, CreditFile, SmsSent, SpinwheelUser

PROVIDER = "spinwheel"


@dataclass(frozen=True)
class Assumptions:
    """What Spinwheel's public pages leave open and this client depends on; a real key corrects it here."""

    # The `audit` object of SMS connect is named in the docs, its fields are not.
    audit_consent_field: str = "consentTimestamp"
    # Of the pre-verified connect's `audit` two fields are dates in the docs' one sample; the words of the third are
    # known from a public client.
    preverified_path: str = "/v1/users/connect/preverified/phoneNumber"
    verified_by_text: str = "SMS"
    verified_by_call: str = "PHONE_CALL"
    # The value after success is documented; the one before it is not and is never looked at.
    connected_status: str = "SUCCESS"
    # Report and score in one billable call, bureau left to the account's default.
    report_type: str = "1_BUREAU.FULL"
    score_model: str = "VANTAGE_SCORE_3_0"
    # Synchronous bureau call; a public client waits 15 s, so twice that.
    report_seconds: float = 30.0
    # Reading and deleting a user: the path is known from clients, not from the reference.
    user_query: str = "userId"
    user_path: str = "/v1/users"


ASSUMPTIONS = Assumptions()

_PHONE = re.compile(r"\+1[2-9]\d{9}")
_CODE = re.compile(r"[0-9]{6}")
_ODD_SHAPE = Meaning(Kind.DATA_VALIDATION, Reason.PROVIDER_DOWN, retryable=True)
_NOT_ELIGIBLE = Meaning(Kind.DATA_VALIDATION, Reason.NOT_ELIGIBLE)

Answer = TypeVar("Answer")


class SpinwheelClient:
    """One connection's Spinwheel. Methods raise `ProviderError`, also for input it would surely refuse.

    The secure host serves unmasked numbers alone, which nothing here asks for.
    """

    def __init__(
        self,
        base_url: str,
        secure_base_url: str,
        api_key: str,
        *,
        connection_key: str,
        timeouts: Timeouts | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self.secure_base_url = secure_base_url.rstrip("/")
        self._headers = {
            "Authorization": f"Bearer {api_key}",
            "Content-Type": "application/json",
            "User-Agent": "Prefill",
        }
        self._timeouts = timeouts or Timeouts()
        self._caller = HttpCaller(PROVIDER, connection_key, classify, timeouts=self._timeouts)

    def connect_sms(
        self,
        phone_number: str,
        date_of_birth: str,
        *,
        consent_at: datetime,
        ext_user_id: str | None = None,
        user_id: str | None = None,
    ) -> SmsSent:
        """Send a code. `ext_user_id` on the first connect, `user_id` on every later one.

        E.164 phone of the US, ISO date of birth, aware `consent_at`.
        """
        request = self._request("connect_sms", "POST", "/v1/users/connect/sms")
        self._check_phone(request, phone_number)
        body: dict[str, Any] = {
            "phoneNumber": phone_number,
            "dateOfBirth": date.fromisoformat(date_of_birth).isoformat(),
            "audit": {ASSUMPTIONS.audit_consent_field: _utc(consent_at)},
        }
        body |= _who(ext_user_id, user_id)
        now = datetime.now(UTC)
        return self._ask(request, body, lambda data: reading.sms_sent(data, now))

    def verify_sms(self, user_id: str, code: str) -> Connected:
        """Confirm the code; Spinwheel judges the identity (phone and date of birth) at the same time."""
        path = f"/v1/users/{quote(user_id, safe='')}/connect/sms/verify"
        request = self._request("verify_sms", "POST", path)
        if not _CODE.fullmatch(code):
            wrong = Meaning(Kind.DATA_VALIDATION, Reason.WRONG_CODE)
            raise self._caller.error(request, "code_not_six_digits", wrong)

        return self._connect(request, {"code": code})

    def connect_preverified(
        self,
        phone_number: str,
        date_of_birth: str,
        *,
        by_call: bool,
        verified_at: datetime,
        consent_at: datetime,
        ext_user_id: str | None = None,
        user_id: str | None = None,
    ) -> Connected:
        """Connect a phone that somebody else has proven, by a text or a call. No code is sent.

        Not every account may: `NOT_CONFIGURED` then. Ids as in `connect_sms`; both moments are aware.
        """
        request = self._request("connect_preverified", "POST", ASSUMPTIONS.preverified_path)
        self._check_phone(request, phone_number)
        body: dict[str, Any] = {
            "phoneNumber": phone_number,
            "dateOfBirth": date.fromisoformat(date_of_birth).isoformat(),
            "audit": {
                "verificationDate": _utc(verified_at)[:10],
                "userConsentDate": _utc(consent_at)[:10],
                "verificationType": ASSUMPTIONS.verified_by_call if by_call else ASSUMPTIONS.verified_by_text,
            },
        }
        return self._connect(request, body | _who(ext_user_id, user_id))

    def _connect(self, request: Request, body: dict[str, Any]) -> Connected:
        def read(data: Json) -> Connected | None:
            status = data.get("connectionStatus")
            if status is not None and status != ASSUMPTIONS.connected_status:
                raise self._caller.error(request, "not_connected", _NOT_ELIGIBLE)
            return reading.connected(data)

        return self._ask(request, body, read)

    def debt_profile(self, user_id: str) -> CreditFile:
        """Order the credit report: billed, once per user and day, sandbox included."""
        path = f"/v1/users/{quote(user_id, safe='')}/debtProfile"
        patience = ASSUMPTIONS.report_seconds
        slow = replace(self._timeouts, read=patience, total=patience)
        request = replace(self._request("debt_profile", "POST", path), timeouts=slow)
        body = {
            "creditReport": {"type": ASSUMPTIONS.report_type},
            "creditScore": {"model": ASSUMPTIONS.score_model},
        }
        return self._ask(request, body, reading.credit_file)

    def get_user(self, user_id: str) -> SpinwheelUser:
        query = urlencode({ASSUMPTIONS.user_query: user_id})
        request = self._request("get_user", "GET", f"{ASSUMPTIONS.user_path}?{query}")
        return self._ask(replace(request, safe=True), None, reading.user)

    def delete_user(self, user_id: str) -> None:
        """Forget the user at Spinwheel; a user that is already gone is as good."""
        path = f"{ASSUMPTIONS.user_path}/{quote(user_id, safe='')}"
        request = replace(self._request("delete_user", "DELETE", path), safe=True)
        try:
            self._caller.call(request)
        except ProviderError as error:
            if error.code != "USER_NOT_FOUND":
                raise

    def _request(self, operation: str, method: str, path: str) -> Request:
        return Request(operation, method, self._base_url + path, self._headers)

    def _ask(self, request: Request, body: dict[str, Any] | None, read: Callable[[Json], Answer | None]) -> Answer:
        content = None if body is None else json.dumps(body).encode()
        answer = read(_data(self._caller.call(replace(request, body=content))))
        if answer is None:
            raise self._caller.error(request, "unexpected_shape", _ODD_SHAPE)
        return answer

    def _check_phone(self, request: Request, phone_number: str) -> None:
        """Refuse locally what would only cost a text."""
        if _PHONE.fullmatch(phone_number):
            return
        foreign = phone_number.startswith("+") and not phone_number.startswith("+1")
        reason = Reason.COUNTRY_UNSUPPORTED if foreign else Reason.NUMBER_INVALID
        raise self._caller.error(request, "not_a_us_number", Meaning(Kind.DATA_VALIDATION, reason))


def _data(envelope: Json) -> Json:
    """What is inside the envelope; some replies wrap a single object in a list."""
    data = envelope.get("data")
    if isinstance(data, list):
        data = data[0] if data else None
    return data if isinstance(data, dict) else {}


def _who(ext_user_id: str | None, user_id: str | None) -> dict[str, Any]:
    if (ext_user_id is None) == (user_id is None):
        raise ValueError("exactly one of ext_user_id and user_id is needed")
    return {"extUserId": ext_user_id} if user_id is None else {"userId": user_id}


def _utc(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError("the time of consent needs a time zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

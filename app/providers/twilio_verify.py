"""Twilio Verify (twilio.com/docs/verify/api): codes by text and by call.

Texts and calls cost money, so no POST is ever repeated once it may have been sent.
"""

import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

from app.providers.base import HttpCaller, Request, Timeouts
from app.providers.errors import Kind, Meaning, ProviderError, Reason
from app.providers.twilio_errors import classify

PROVIDER = "twilio"
# A verification ends ten minutes after it was made; no reply says so.
CODE_LIFE = timedelta(minutes=10)
CHANNELS = {"sms": "sms", "voice": "call"}

_CODE = re.compile(r"[0-9]{6}")
_SID = re.compile(r"VE[0-9a-fA-F]{32}")
_ODD_SHAPE = Meaning(Kind.DATA_VALIDATION, Reason.PROVIDER_DOWN, retryable=True)
_WRONG_CODE = Meaning(Kind.DATA_VALIDATION, Reason.WRONG_CODE)
_EXPIRED = Meaning(Kind.DATA_VALIDATION, Reason.CODE_EXPIRED)


@dataclass(frozen=True)
class CodeSent:
    """A verification that waits for its code; `expires_at` is UTC."""

    sid: str
    expires_at: datetime


class TwilioVerifyClient:
    """One connection's Verify service. Methods raise `ProviderError`, also for input it would surely refuse."""

    def __init__(
        self,
        base_url: str,
        account_sid: str,
        auth_token: str,
        service_sid: str,
        *,
        connection_key: str,
        timeouts: Timeouts | None = None,
    ) -> None:
        self._service_url = f"{base_url.rstrip('/')}/v2/Services/{quote(service_sid, safe='')}"
        pair = b64encode(f"{account_sid}:{auth_token}".encode()).decode()
        self._headers = {
            "Authorization": f"Basic {pair}",
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": "Prefill",
        }
        self._caller = HttpCaller(PROVIDER, connection_key, classify, timeouts=timeouts)

    def send_code(self, phone_number: str, method: str, locale: str) -> CodeSent:
        """Text or call a code. E.164 phone, `method` `sms` or `voice`, `locale` such as `es`.

        Within ten minutes Twilio sends the same code again under the same id, unless it was canceled.
        """
        form = {"To": phone_number, "Channel": CHANNELS[method], "Locale": locale}
        request = self._request("send_code" if method == "sms" else "call_code", "/Verifications", form)
        sent_at = datetime.now(UTC)
        body = self._caller.call(request)
        sid = body.get("sid")
        if not isinstance(sid, str) or not _SID.fullmatch(sid):
            raise self._caller.error(request, "unexpected_shape", _ODD_SHAPE)
        return CodeSent(sid, (_moment(body.get("date_created")) or sent_at) + CODE_LIFE)

    def check_code(self, sid: str, code: str) -> None:
        """Returns when the code is right; a wrong one and one that ended are `ProviderError`s."""
        request = self._request("check_code", "/VerificationCheck", {"VerificationSid": sid, "Code": code})
        if not _CODE.fullmatch(code):
            raise self._caller.error(request, "code_not_six_digits", _WRONG_CODE)
        status = self._caller.call(request).get("status")
        if status == "approved":
            return
        if status == "pending":
            raise self._caller.error(request, "not_approved", _WRONG_CODE)
        ended = status in ("canceled", "expired", "deleted", "failed", "max_attempts_reached")
        raise self._caller.error(request, "ended" if ended else "unexpected_shape", _EXPIRED if ended else _ODD_SHAPE)

    def cancel_code(self, sid: str) -> None:
        """End a code, so that the next one is a new one; a code that is gone is as good."""
        request = self._request("cancel_code", f"/Verifications/{quote(sid, safe='')}", {"Status": "canceled"})
        try:
            self._caller.call(request)
        except ProviderError as error:
            if error.reason is not Reason.CODE_EXPIRED:
                raise

    def _request(self, operation: str, path: str, form: dict[str, str]) -> Request:
        return Request(operation, "POST", self._service_url + path, self._headers, urlencode(form).encode())


def _moment(value: object) -> datetime | None:
    """A time as Twilio writes it, if it has a zone."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None

"""Twilio Messages (twilio.com/docs/messaging/api, version 2010-04-01): one text from a number of ours.

A text costs money, so no POST is ever repeated once it may have been sent.
"""

from base64 import b64encode
from urllib.parse import quote, urlencode

from app.providers.base import HttpCaller, Request, Timeouts
from app.providers.twilio_errors import classify

PROVIDER = "twilio"


class TwilioMessagesClient:
    """One account's texts. `send` raises `ProviderError`."""

    def __init__(
        self,
        base_url: str,
        account_sid: str,
        auth_token: str,
        from_number: str,
        *,
        connection_key: str,
        timeouts: Timeouts | None = None,
    ) -> None:
        account = quote(account_sid, safe="")
        self._url = f"{base_url.rstrip('/')}/2010-04-01/Accounts/{account}/Messages.json"
        self._from_number = from_number
        pair = b64encode(f"{account_sid}:{auth_token}".encode()).decode()
        self._headers = {
            "Authorization": f"Basic {pair}",
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": "Prefill",
        }
        self._caller = HttpCaller(PROVIDER, connection_key, classify, timeouts=timeouts)

    def send(self, phone_number: str, body: str) -> None:
        """Text `body` to an E.164 number. Twilio has queued it when this returns."""
        form = urlencode({"To": phone_number, "From": self._from_number, "Body": body})
        self._caller.call(Request("send_text", "POST", self._url, self._headers, form.encode()))

"""Messages (API version 2010-04-01): one text from a number of ours."""

from email.utils import format_datetime
from secrets import token_hex
from typing import Any

from app.emulators.context import Emulators
from app.emulators.twilio.errors import Refused
from app.emulators.twilio.numbers import reach
from app.emulators.twilio.verify import State

LONGEST = 1600
SEGMENT = 160
UNREACHABLE = {"invalid": 21211, "country": 21408, "blocked": 21408, "landline": 21614}


def send(state: State, shared: Emulators, account_sid: str, form: dict[str, str]) -> dict[str, Any]:
    """Send the text and return it as it is answered. Raises Refused."""
    phone_number, sender, body = form.get("To", ""), form.get("From", ""), form.get("Body", "")
    for code, value in ((21604, phone_number), (21603, sender), (21602, body)):
        if not value:
            raise Refused(code)
    if sender != shared.settings.twilio_from_number:
        raise Refused(21606, sender)
    if len(body) > LONGEST:
        raise Refused(21617)
    reached = reach(shared, phone_number)
    if reached in UNREACHABLE:
        raise Refused(UNREACHABLE[reached], phone_number)
    shared.store.send_text(phone_number, sender, body, "")
    sid, now = f"SM{token_hex(16)}", format_datetime(shared.store.now())
    uri = f"/2010-04-01/Accounts/{account_sid}/Messages/{sid}"
    message = {
        "account_sid": account_sid,
        "api_version": "2010-04-01",
        "body": body,
        "date_created": now,
        "date_sent": None,
        "date_updated": now,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": sender,
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": str(-(-len(body) // SEGMENT)),
        "price": None,
        "price_unit": "USD",
        "sid": sid,
        "status": "queued",
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": phone_number,
        "uri": f"{uri}.json",
    }
    state.messages.append(message)
    return message

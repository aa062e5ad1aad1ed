"""What Twilio's error codes (`code` in the body) mean."""

from collections.abc import Mapping
from typing import Any

from app.providers.errors import Kind, Meaning, Reason

_VALIDATION = Kind.DATA_VALIDATION
_INVALID = Meaning(_VALIDATION, Reason.NUMBER_INVALID)
_UNSUPPORTED = Meaning(_VALIDATION, Reason.NUMBER_UNSUPPORTED)
_COUNTRY = Meaning(_VALIDATION, Reason.COUNTRY_UNSUPPORTED)
_SETTINGS = Meaning(Kind.AUTHENTICATION, Reason.NOT_CONFIGURED)
_TOO_MANY = Meaning(Kind.RATE_LIMIT, Reason.TOO_MANY_CODES, retryable=True)
_BUSY = Meaning(Kind.RATE_LIMIT, Reason.PROVIDER_BUSY, retryable=True)
_GONE = Meaning(_VALIDATION, Reason.CODE_EXPIRED)

CODES: dict[int, Meaning] = {
    20003: _SETTINGS,  # wrong account or token
    20008: _SETTINGS,  # a resource that test credentials cannot use
    20429: _BUSY,
    21211: _INVALID,  # no number
    21214: _INVALID,  # cannot be reached
    21408: _COUNTRY,  # texting to the region is switched off
    21608: _UNSUPPORTED,  # a trial account reaches verified numbers alone
    21614: _UNSUPPORTED,  # no mobile number
    60200: _INVALID,  # invalid parameter; the number is the only one of ours that can be
    60202: _TOO_MANY,  # five checks of one code
    60203: _TOO_MANY,  # five sends within ten minutes
    60205: _UNSUPPORTED,  # a landline cannot be texted
    60207: _BUSY,  # a rate limit of the service
    60212: _BUSY,  # concurrent requests for one number
    60220: _SETTINGS,  # the account was not vetted for this country
    60223: _SETTINGS,  # the channel is switched off
    60410: _UNSUPPORTED,  # the prefix is blocked because of fraud
    60605: _COUNTRY,  # the country is switched off
}
# Where a missing resource is the code that ended. Anywhere else it is the service, so a matter of settings.
_ABOUT_A_CODE = ("check_code", "cancel_code")


def classify(operation: str, status: int, body: Mapping[str, Any]) -> tuple[str, Meaning] | None:
    """The numeric code of an error body, if it is one of those known; else the HTTP status decides."""
    code = body.get("code")
    if code == 20404 or (status == 404 and not isinstance(code, int)):
        return "20404", _GONE if operation in _ABOUT_A_CODE else _SETTINGS
    meaning = CODES.get(code) if isinstance(code, int) else None
    return (str(code), meaning) if meaning else None

"""What Spinwheel's error codes (`status.desc`) mean."""

import re
from collections.abc import Mapping
from typing import Any

from app.providers.errors import Kind, Meaning, Reason

_UPPER_SNAKE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
_VALIDATION = Kind.DATA_VALIDATION
_NO_REPORT = Meaning(_VALIDATION, Reason.REPORT_UNAVAILABLE)
_SETTINGS = Meaning(_VALIDATION, Reason.NOT_CONFIGURED)

CODES: dict[str, Meaning] = {
    "INVALID_NUMBER": Meaning(_VALIDATION, Reason.NUMBER_INVALID),
    "UNSUPPORTED_COUNTRY_CODE": Meaning(_VALIDATION, Reason.COUNTRY_UNSUPPORTED),
    "UNSUPPORTED_NUMBER": Meaning(_VALIDATION, Reason.NUMBER_UNSUPPORTED),
    "MAX_ATTEMPTS_REACHED": Meaning(Kind.RATE_LIMIT, Reason.TOO_MANY_CODES, retryable=True),
    "TOO_MANY_REQUESTS": Meaning(Kind.RATE_LIMIT, Reason.TOO_MANY_CODES, retryable=True),
    "TOO_MANY_VERIFICATIONS": Meaning(Kind.RATE_LIMIT, Reason.NUMBER_LOCKED),
    "EXPIRED": Meaning(_VALIDATION, Reason.CODE_EXPIRED),
    "INCORRECT": Meaning(_VALIDATION, Reason.WRONG_CODE),
    "FAILED_ELIGIBILITY": Meaning(_VALIDATION, Reason.NOT_ELIGIBLE),
    "FAILED_IDENTIFICATION": Meaning(_VALIDATION, Reason.NOT_ELIGIBLE),
    "FAILED_IDENTIFICATION_INFO_MISMATCH": Meaning(_VALIDATION, Reason.IDENTITY_MISMATCH),
    "USER_NOT_CONNECTED": Meaning(_VALIDATION, Reason.NOT_ELIGIBLE),
    "USER_NOT_FOUND": Meaning(_VALIDATION, Reason.ACCESS_REVOKED),
    "FRAUDULENT_REPORT": Meaning(_VALIDATION, Reason.REPORT_FRAUD_ALERT),
    "FROZEN_REPORT": Meaning(_VALIDATION, Reason.REPORT_FROZEN),
    "LOCKED_REPORT": Meaning(_VALIDATION, Reason.REPORT_LOCKED),
    "MANUAL_FILE": _NO_REPORT,
    "MANUAL_REVIEW_REQUIRED": _NO_REPORT,
    "REFERRED_FILE": _NO_REPORT,
    "CREDIT_REPORT_NOT_FOUND": Meaning(_VALIDATION, Reason.REPORT_UNAVAILABLE, retryable=True),
    "BUREAU_SOURCE_CONFLICT": _SETTINGS,
    "INVALID_SCORE_MODEL": _SETTINGS,
    "DAILY_USER_REQUEST_LIMIT_REACHED": Meaning(Kind.RATE_LIMIT, Reason.REPORT_DAILY_LIMIT),
}


def classify(operation: str, _status: int, body: Mapping[str, Any]) -> tuple[str, Meaning] | None:
    """The machine code of an error envelope, if it is one of those known; else the HTTP status decides."""
    envelope = body.get("status")
    description = envelope.get("desc") if isinstance(envelope, dict) else None
    if not isinstance(description, str) or not _UPPER_SNAKE.fullmatch(description):
        return None
    # Documented for codes alone; anywhere else it can only be the account's general limit.
    if description == "TOO_MANY_REQUESTS" and operation not in ("connect_sms", "verify_sms"):
        return description, Meaning(Kind.RATE_LIMIT, Reason.PROVIDER_BUSY, retryable=True)
    meaning = CODES.get(description)
    return (description, meaning) if meaning else None

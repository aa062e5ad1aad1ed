"""What Plaid's error codes mean. Plaid asks to decide on type and code, never on status or message."""

from collections.abc import Mapping
from typing import Any

from app.providers.errors import Kind, Meaning, Reason

_DOWN = Meaning(Kind.NETWORK, Reason.PROVIDER_DOWN, retryable=True)
_BUSY = Meaning(Kind.RATE_LIMIT, Reason.PROVIDER_BUSY, retryable=True)
_BANK_DOWN = Meaning(Kind.NETWORK, Reason.BANK_UNAVAILABLE, retryable=True)
_BANK_NEVER = Meaning(Kind.DATA_VALIDATION, Reason.BANK_UNSUPPORTED)
_KEYS = Meaning(Kind.AUTHENTICATION, Reason.NOT_CONFIGURED)
_SETTINGS = Meaning(Kind.DATA_VALIDATION, Reason.NOT_CONFIGURED)
_LOGIN = Meaning(Kind.AUTHENTICATION, Reason.LOGIN_REQUIRED)
_REVOKED = Meaning(Kind.AUTHENTICATION, Reason.ACCESS_REVOKED)
_EXPIRED = Meaning(Kind.DATA_VALIDATION, Reason.LINK_EXPIRED)
_NO_ACCOUNTS = Meaning(Kind.DATA_VALIDATION, Reason.NO_ACCOUNTS)
_ODD = Meaning(Kind.DATA_VALIDATION, Reason.UNEXPECTED)
_NOT_READY = Meaning(Kind.DATA_VALIDATION, Reason.DATA_NOT_READY, retryable=True)

CODES: dict[str, Meaning] = {
    "INTERNAL_SERVER_ERROR": _DOWN,
    "PLANNED_MAINTENANCE": _DOWN,
    "INSTITUTION_DOWN": _BANK_DOWN,
    "INSTITUTION_NOT_RESPONDING": _BANK_DOWN,
    "INSTITUTION_NOT_AVAILABLE": _BANK_DOWN,
    "INSTITUTION_RATE_LIMIT": Meaning(Kind.RATE_LIMIT, Reason.BANK_UNAVAILABLE, retryable=True),
    "INSTITUTION_NO_LONGER_SUPPORTED": _BANK_NEVER,
    "INSTITUTION_NOT_ENABLED_IN_ENVIRONMENT": _BANK_NEVER,
    "INSTITUTION_REGISTRATION_REQUIRED": _BANK_NEVER,
    "UNAUTHORIZED_INSTITUTION": _BANK_NEVER,
    "UNSUPPORTED_RESPONSE": _BANK_NEVER,
    "INVALID_INSTITUTION": _BANK_NEVER,
    "PRODUCTS_NOT_SUPPORTED": _BANK_NEVER,
    "MFA_NOT_SUPPORTED": _BANK_NEVER,
    "ITEM_NOT_SUPPORTED": _BANK_NEVER,
    "CREDITS_EXHAUSTED": Meaning(Kind.RATE_LIMIT, Reason.NOT_CONFIGURED),
    "INVALID_API_KEYS": _KEYS,
    "UNAUTHORIZED_ENVIRONMENT": _KEYS,
    "UNAUTHORIZED_ROUTE_ACCESS": _KEYS,
    "PRODUCT_NOT_ENABLED": _SETTINGS,
    "INVALID_PRODUCT": _SETTINGS,
    "INVALID_CONFIGURATION": _SETTINGS,
    "INVALID_LINK_CUSTOMIZATION": _SETTINGS,
    "ITEM_LOGIN_REQUIRED": _LOGIN,
    "ITEM_LOCKED": _LOGIN,
    "INVALID_CREDENTIALS": _LOGIN,
    "INVALID_MFA": _LOGIN,
    "INSUFFICIENT_CREDENTIALS": _LOGIN,
    "PASSWORD_RESET_REQUIRED": _LOGIN,
    "USER_SETUP_REQUIRED": _LOGIN,
    "USER_INPUT_TIMEOUT": _LOGIN,
    "ACCESS_NOT_GRANTED": _LOGIN,
    "ADDITIONAL_CONSENT_REQUIRED": _LOGIN,
    "USER_PERMISSION_REVOKED": _REVOKED,
    "ITEM_NOT_FOUND": _REVOKED,
    "ITEM_CONCURRENTLY_DELETED": _REVOKED,
    "INVALID_ACCESS_TOKEN": _REVOKED,
    "INVALID_LINK_TOKEN": _EXPIRED,
    "INVALID_PUBLIC_TOKEN": _EXPIRED,
    "INCORRECT_LINK_TOKEN": _EXPIRED,
    "NO_ACCOUNTS": _NO_ACCOUNTS,
    "NO_AUTH_ACCOUNTS": _NO_ACCOUNTS,
    "NO_LIABILITY_ACCOUNTS": _NO_ACCOUNTS,
    "PRODUCT_NOT_READY": _NOT_READY,
    "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION": _NOT_READY,
    "PROFILE_AUTHENTICATION_FAILED": Meaning(Kind.AUTHENTICATION, Reason.NOT_ELIGIBLE),
    "INVALID_OTP": Meaning(Kind.DATA_VALIDATION, Reason.WRONG_CODE),
    "INVALID_PHONE_NUMBER": Meaning(Kind.DATA_VALIDATION, Reason.NUMBER_INVALID),
    "TOO_MANY_VERIFICATION_ATTEMPTS": Meaning(Kind.RATE_LIMIT, Reason.TOO_MANY_CODES),
}
TYPES: dict[str, Meaning] = {
    "API_ERROR": _DOWN,
    "RATE_LIMIT_EXCEEDED": _BUSY,
    "INSTITUTION_ERROR": _BANK_DOWN,
}


def classify(_operation: str, status: int, body: Mapping[str, Any]) -> tuple[str, Meaning] | None:
    """The code of an error body and its meaning; None when the body is not one of Plaid's."""
    code, family = body.get("error_code"), body.get("error_type")
    if not isinstance(code, str) or not code.replace("_", "").isalnum() or len(code) > 80:
        return None
    meaning = CODES.get(code) or TYPES.get(family if isinstance(family, str) else "")
    if meaning is None:
        meaning = _DOWN if status >= 500 else _ODD
    return code, meaning

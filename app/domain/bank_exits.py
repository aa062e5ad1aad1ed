"""Why Plaid's window was left, decided on status and code alone, never on messages."""

from dataclasses import dataclass

from app.providers.plaid_errors import classify

# The token is spent or is not the one that began: a new one mends it.
SPENT = frozenset(
    {"INVALID_LINK_TOKEN", "INCORRECT_LINK_TOKEN", "OAUTH_STATE_ID_NOT_FOUND", "OAUTH_STATE_ID_ALREADY_PROCESSED"}
)
# Layer may say only at its exit that it does not know somebody.
REFUSED = frozenset({"LAYER_NOT_AVAILABLE", "LAYER_AUTOFILL_NOT_AVAILABLE"})
STATUSES = {
    "institution_not_found": "bank_not_found",
    "institution_not_supported": "bank_unsupported",
    "requires_oauth": "sign_in_unfinished",
}
CODES = {
    "PROFILE_AUTHENTICATION_FAILED": "code_refused",
    "INVALID_OTP": "code_refused",
    "TOO_MANY_VERIFICATION_ATTEMPTS": "code_refused",
    "INVALID_PHONE_NUMBER": "closed",
    "USER_INPUT_TIMEOUT": "sign_in_unfinished",
    "ITEM_LOCKED": "login_locked",
    "PASSWORD_RESET_REQUIRED": "login_locked",
    "USER_SETUP_REQUIRED": "login_locked",
    "ACCESS_NOT_GRANTED": "access_not_granted",
}
# What the other codes mean to somebody who stands before the bank's window.
REASONS = {
    "login_required": "login_refused",
    "bank_unavailable": "bank_unavailable",
    "bank_unsupported": "bank_unsupported",
    "no_accounts": "no_accounts",
}


@dataclass(frozen=True)
class Exit:
    """What Plaid's `onExit` tells: words of the forms `requires_code` and `INVALID_CREDENTIALS`, or None."""

    status: str | None = None
    error_code: str | None = None
    error_type: str | None = None


def why_left(left: Exit) -> str:
    """A word of ours that the next page has a sentence for. An error says more than the pane it happened on."""
    if left.error_code is None:
        return STATUSES.get(left.status or "", "closed")
    if left.error_code in SPENT:
        return "link_expired"
    if left.error_code in CODES:
        return CODES[left.error_code]
    body = {"error_code": left.error_code, "error_type": left.error_type}
    known = classify("", 400, body)
    return REASONS.get(known[1].reason.value, "trouble") if known else "trouble"

"""Ids as the outside world sees them: a prefix that names the kind, and 32 hex digits."""

import re
import uuid

PREFIXES = {
    "tenant": "ten",
    "user": "usr",
    "onboarding": "onb",
    "event": "evt",
    "webhook_endpoint": "whe",
    "delivery": "dlv",
    "api_key": "key",
    "connection": "con",
    "verification": "ver",
    "account": "acc",
}

DIGITS = re.compile(r"[0-9a-f]{32}")


def wire_id(kind: str, value: uuid.UUID) -> str:
    """`onb_0192…` for an onboarding."""
    return f"{PREFIXES[kind]}_{value.hex}"


def parse_id(kind: str, text: str) -> uuid.UUID | None:
    """The id behind a wire id, or None where it is of another kind or malformed."""
    prefix, _, digits = text.partition("_")
    # Stricter than `uuid.UUID`, which takes underscores and digits of other scripts: one id, one spelling.
    if prefix != PREFIXES[kind] or not DIGITS.fullmatch(digits):
        return None
    return uuid.UUID(hex=digits)

"""Identifiers in the forms the Plaid sandbox gives them."""

from __future__ import annotations

import secrets
import string
import uuid

_BASE62 = string.ascii_letters + string.digits


def token(kind: str) -> str:
    """A token such as `link-sandbox-<uuid>`; kind is link, public, access or profile."""
    return f"{kind}-sandbox-{uuid.uuid4()}"


def object_id() -> str:
    """An item, account or transaction id: 37 letters and digits."""
    return "".join(secrets.choice(_BASE62) for _ in range(37))


def request_id() -> str:
    """A request id: 15 letters and digits, case-sensitive."""
    return "".join(secrets.choice(_BASE62) for _ in range(15))


def session_id() -> str:
    """A Link session id: a UUID."""
    return str(uuid.uuid4())

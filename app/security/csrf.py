"""Signed double-submit tokens over a binding: no server state, useless with another binding."""

import base64
import binascii
import hashlib
import hmac
import os
import struct
from uuid import UUID

_RANDOM_BYTES = 16


def new_csrf_token(key: bytes, binding_id: UUID | str) -> str:
    """A token for this binding; every call gives another one and all of them verify."""
    drawn = os.urandom(_RANDOM_BYTES)
    return base64.urlsafe_b64encode(drawn + _mac(key, binding_id, drawn)).decode()


def verify_csrf_token(key: bytes, binding_id: UUID | str, token: str) -> bool:
    """Whether the token was made for this binding, in constant time; never raises on what a client sends."""
    try:
        raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return False
    drawn, mac = raw[:_RANDOM_BYTES], raw[_RANDOM_BYTES:]
    return hmac.compare_digest(mac, _mac(key, binding_id, drawn))


def _mac(key: bytes, binding_id: UUID | str, drawn: bytes) -> bytes:
    parts = (b"csrf", str(binding_id).encode(), drawn)
    message = b"".join(struct.pack(">I", len(part)) + part for part in parts)
    return hmac.new(key, message, hashlib.sha256).digest()

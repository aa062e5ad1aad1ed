"""Signing of callbacks by Standard Webhooks 1.0.0, scheme `v1` (HMAC-SHA-256)."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence

_PREFIX = "whsec_"


def new_webhook_secret() -> str:
    """`whsec_` and 32 random bytes in base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def webhook_headers(webhook_secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers for exactly these bytes; one signature per secret, so that rotation has no gap.

    `timestamp` is in Unix seconds. ValueError for a bad id or secret; its text never repeats a secret.
    """
    if not webhook_secrets:
        raise ValueError("at least one secret is needed")
    if not message_id or "." in message_id:
        raise ValueError("a message id is not empty and has no dot")
    content = f"{message_id}.{int(timestamp)}.".encode() + body
    signatures = [_sign(secret, content) for secret in webhook_secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(timestamp)),
        "webhook-signature": " ".join(signatures),
    }


def _sign(secret: str, content: bytes) -> str:
    mac = hmac.new(_decode(secret), content, hashlib.sha256).digest()
    return "v1," + base64.b64encode(mac).decode()


def _decode(secret: str) -> bytes:
    try:
        raw = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("a webhook secret must be base64") from None
    if not secret.startswith(_PREFIX) or not 24 <= len(raw) <= 64:
        raise ValueError("a webhook secret is whsec_ and 24 to 64 bytes")
    return raw

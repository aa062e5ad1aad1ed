"""Verification of Plaid's webhooks: ES256 over the hash of the raw body. Facts: Plaid's docs, checked
against a published real webhook."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from app.providers.plaid_records import Jwk

MAX_AGE_SECONDS = 300
LEEWAY_SECONDS = 30
_LONGEST_HEADER = 4096


class WebhookRefusedError(Exception):
    """Not a webhook of Plaid's, or too old. The text names the check only."""


def verify(header_jwt: str, raw_body: bytes, fetch_key: Callable[[str], Jwk | None], now: datetime) -> None:
    """Raise `WebhookRefusedError` unless Plaid signed exactly these bytes within five minutes.

    `fetch_key` gives the JWK of a key id, or None when Plaid knows no such key; its errors pass through.
    """
    key = fetch_key(_key_id(header_jwt))
    if key is None:
        raise WebhookRefusedError("unknown key")
    if key.get("expired_at") is not None:
        raise WebhookRefusedError("expired key")
    claims = _signed_claims(header_jwt, key)
    issued = claims.get("iat")
    if isinstance(issued, bool) or not isinstance(issued, int):
        raise WebhookRefusedError("no time of issue")
    age = now.timestamp() - issued
    if not -LEEWAY_SECONDS <= age <= MAX_AGE_SECONDS + LEEWAY_SECONDS:
        raise WebhookRefusedError("too old or from the future")
    claimed = claims.get("request_body_sha256")
    actual = hashlib.sha256(raw_body).hexdigest()
    if not isinstance(claimed, str) or not hmac.compare_digest(claimed.encode(), actual.encode()):
        raise WebhookRefusedError("another body")


def _key_id(header_jwt: str) -> str:
    """The key id of the unverified header: only ES256, only a UUID, so that nobody invents look-ups."""
    header = _decoded_header(header_jwt)
    if header.get("alg") != "ES256":
        raise WebhookRefusedError("another algorithm")
    kid = header.get("kid")
    try:
        proper = isinstance(kid, str) and str(UUID(kid)) == kid.lower()
    except ValueError:
        proper = False
    if not proper:
        raise WebhookRefusedError("no proper key id")
    return str(kid)


def _decoded_header(header_jwt: str) -> dict[str, Any]:
    if len(header_jwt) > _LONGEST_HEADER or header_jwt.count(".") != 2:
        raise WebhookRefusedError("not a token")
    encoded = header_jwt.partition(".")[0]
    try:
        header = json.loads(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (ValueError, RecursionError):
        raise WebhookRefusedError("not a token") from None
    if not isinstance(header, dict):
        raise WebhookRefusedError("not a token")
    return header


def _signed_claims(header_jwt: str, key: Jwk) -> dict[str, Any]:
    try:
        public = ECKey.import_key({name: str(key[name]) for name in ("kty", "crv", "x", "y")})
        claims = json.loads(jws.deserialize_compact(header_jwt, public, algorithms=["ES256"]).payload)
    except (JoseError, ValueError, KeyError, TypeError, RecursionError):
        raise WebhookRefusedError("bad signature") from None
    if not isinstance(claims, dict):
        raise WebhookRefusedError("bad claims")
    return claims

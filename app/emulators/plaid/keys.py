"""The keys Plaid signs its webhooks with (ES256 over P-256), one current at a time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass, field
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

from app.emulators.plaid.errors import PlaidError

STALE_SECONDS = 6 * 60
Algorithm = Literal["ES256", "HS256", "none"]


@dataclass
class SigningKey:
    """`created_at` and `expired_at` are epoch seconds."""

    created_at: int
    kid: str = field(default_factory=lambda: str(uuid.uuid4()))
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    expired_at: int | None = None

    def public(self) -> dict[str, Any]:
        """The key as /webhook_verification_key/get shows it."""
        numbers = self.private.public_key().public_numbers()
        return {
            "alg": "ES256",
            "created_at": self.created_at,
            "crv": "P-256",
            "expired_at": self.expired_at,
            "kid": self.kid,
            "kty": "EC",
            "use": "sig",
            "x": _coordinate(numbers.x),
            "y": _coordinate(numbers.y),
        }


@dataclass
class Keys:
    """All keys of the environment; every credential sees the same ones, as at Plaid."""

    known: list[SigningKey] = field(default_factory=list)

    def current(self, now: int) -> SigningKey:
        if not self.known:
            self.known.append(SigningKey(created_at=now))
        return self.known[-1]

    def find(self, kid: str) -> SigningKey:
        for key in self.known:
            if key.kid == kid:
                return key
        raise PlaidError("INVALID_WEBHOOK_VERIFICATION_KEY_ID")

    def rotate(self, now: int) -> SigningKey:
        """A new current key; the one before stays valid."""
        self.known.append(SigningKey(created_at=now))
        return self.known[-1]

    def expire(self, now: int) -> SigningKey:
        """Marks the current key as expired and goes on signing with it, as a thief of it would."""
        key = self.current(now)
        key.expired_at = now
        return key


def sign(
    key: SigningKey,
    body: bytes,
    now: int,
    *,
    wrong_hash: bool = False,
    stale: bool = False,
    algorithm: Algorithm = "ES256",
) -> str:
    """The value of the Plaid-Verification header for these exact bytes.

    The other algorithms are what a forger would try: HS256 keyed with what the public key says, or no signature.
    """
    digest = hashlib.sha256(body + b" " if wrong_hash else body).hexdigest()
    issued = now - STALE_SECONDS if stale else now
    header = {"alg": algorithm, "kid": key.kid, "typ": "JWT"}
    claims = {"iat": issued, "request_body_sha256": digest}
    if algorithm == "ES256":
        return jwt.encode(header, claims, ECKey.import_key(key.private))
    whole = f"{_segment(header)}.{_segment(claims)}"
    if algorithm == "none":
        return f"{whole}."
    secret = str(key.public()["x"]).encode()
    return f"{whole}.{_base64(hmac.digest(secret, whole.encode(), 'sha256'))}"


def _segment(part: dict[str, Any]) -> str:
    return _base64(json.dumps(part, separators=(",", ":")).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _coordinate(number: int) -> str:
    return _base64(number.to_bytes(32))

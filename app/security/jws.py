"""ES256 tokens (return tokens, client tokens, access tokens) and the keys that sign them."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

ALGORITHM = "ES256"
RETURN_TOKEN_TYPE = "onboarding-return+jwt"  # noqa: S105 - a media type
RETURN_TOKEN_SECONDS = 600


class TokenError(Exception):
    """A token was refused. The text names the check, never the token."""


@dataclass(frozen=True)
class SigningKey:
    """A P-256 key; `kid` is its RFC 7638 thumbprint. `repr` shows the kid alone."""

    kid: str
    key: ECKey = field(repr=False, compare=False)


def new_signing_key() -> SigningKey:
    return _named(ECKey.generate_key("P-256"))


def signing_key_to_pem(key: SigningKey) -> bytes:
    """The private key as PEM, for the caller to seal."""
    return key.key.as_pem(private=True)


def signing_key_from_pem(pem: bytes) -> SigningKey:
    return _named(ECKey.import_key(pem))


def public_jwk(key: SigningKey) -> dict[str, Any]:
    """The public half for a JWKS document."""
    return {**key.key.as_dict(private=False), "kid": key.kid, "use": "sig", "alg": ALGORITHM}


def sign(key: SigningKey, typ: str, claims: Mapping[str, Any]) -> str:
    """A compact JWS of these claims, exactly as given."""
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": typ}
    return jwt.encode(header, dict(claims), key.key, algorithms=[ALGORITHM])


def sign_return_token(key: SigningKey, claims: Mapping[str, Any], now: int | None = None) -> str:
    """Sign `iss, aud, sub, mode, status, state, jti`; `iat` and `exp` (10 minutes) are set here."""
    issued = int(time.time()) if now is None else now
    times = {"iat": issued, "exp": issued + RETURN_TOKEN_SECONDS}
    return sign(key, RETURN_TOKEN_TYPE, {**claims, **times})


def verify(
    token: str,
    keys: Iterable[SigningKey],
    typ: str,
    *,
    issuer: str,
    audience: str,
    mode: str | None = None,
    leeway: int = 0,
    now: int | None = None,
) -> dict[str, Any]:
    """The claims of a token that these keys signed for this use; `TokenError` otherwise."""
    try:
        decoded = jwt.decode(token, _key_set(keys), algorithms=[ALGORITHM])
        registry = jwt.JWTClaimsRegistry(
            now=now,
            leeway=leeway,
            iss={"essential": True, "value": issuer},
            aud={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )
        registry.validate(decoded.claims)
    except (JoseError, ValueError, TypeError) as error:
        raise TokenError(f"refused: {type(error).__name__}") from None
    if decoded.header.get("typ") != typ or "kid" not in decoded.header:
        raise TokenError("refused: another kind of token")
    # Exactly this audience: an array would let one token serve two.
    if decoded.claims["aud"] != audience:
        raise TokenError("refused: another audience")
    if mode is not None and decoded.claims.get("mode") != mode:
        raise TokenError("refused: another mode")
    return decoded.claims


def _named(key: ECKey) -> SigningKey:
    kid = key.thumbprint()
    return SigningKey(kid, ECKey.import_key({**key.as_dict(private=True), "kid": kid}))


def _key_set(keys: Iterable[SigningKey]) -> KeySet:
    return KeySet([key.key for key in keys])

"""The keys that sign what goes back through the browser, and the return token."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.ids import wire_id
from app.domain.onboardings import current_status
from app.models import Onboarding, SigningKey, new_id, utcnow
from app.models.vault import vault
from app.security import jws

CLIENT_TOKEN_TYPE = "onboarding-client+jwt"  # noqa: S105 - a media type
CLIENT_TOKEN_SECONDS = 3600


def current_key(session: Session) -> jws.SigningKey:
    """The newest key that is not retired."""
    row = session.scalars(
        select(SigningKey).where(SigningKey.retired_at.is_(None)).order_by(SigningKey.created_at.desc()).limit(1)
    ).one()
    return jws.signing_key_from_pem(vault(session).open_for_installation("signing_keys", row.id, row.private_sealed))


def add_signing_key(session: Session) -> SigningKey:
    """A new key; from the next token on it signs, while the older ones still verify."""
    key, row_id = jws.new_signing_key(), new_id()
    sealed = vault(session).seal_for_installation("signing_keys", row_id, jws.signing_key_to_pem(key))
    row = SigningKey(id=row_id, thumbprint=key.kid, public_jwk=jws.public_jwk(key), private_sealed=sealed)
    session.add(row)
    return row


def ensure_signing_key(session: Session) -> None:
    """Make the first key of an installation."""
    if session.scalars(select(SigningKey).where(SigningKey.retired_at.is_(None)).limit(1)).one_or_none() is None:
        add_signing_key(session)


def jwks(session: Session) -> dict[str, Any]:
    """The public keys, newest first (RFC 7517)."""
    rows = session.scalars(
        select(SigningKey).where(SigningKey.retired_at.is_(None)).order_by(SigningKey.created_at.desc())
    )
    return {"keys": [row.public_jwk for row in rows]}


def client_token(session: Session, onboarding: Onboarding, issuer: str) -> str:
    """What a tenant hands to its native app for this one onboarding: good for an hour."""
    issued = int(utcnow().timestamp())
    claims = {
        "iss": issuer,
        "aud": wire_id("tenant", onboarding.tenant_id),
        "sub": wire_id("onboarding", onboarding.id),
        "mode": onboarding.mode,
        "iat": issued,
        "exp": issued + CLIENT_TOKEN_SECONDS,
        "jti": new_id().hex,
    }
    return jws.sign(current_key(session), CLIENT_TOKEN_TYPE, claims)


def return_token(session: Session, onboarding: Onboarding, issuer: str) -> str:
    """What a tenant verifies when the consumer comes back: good for ten minutes, for this tenant and mode."""
    claims = {
        "iss": issuer,
        "aud": wire_id("tenant", onboarding.tenant_id),
        "sub": wire_id("onboarding", onboarding.id),
        "mode": onboarding.mode,
        "status": current_status(onboarding),
        "state": vault(session).open(onboarding, "state"),
        "jti": new_id().hex,
    }
    return jws.sign_return_token(current_key(session), claims)

"""`Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07): one effect, the same answer again for 24 hours."""

import datetime as dt
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from app.domain.services import Services
from app.models import IdempotencyKey, utcnow
from app.models.session import Scope
from app.models.vault import vault

KEEP = dt.timedelta(hours=24)
# A request that has not answered by then has died; its key may be used again.
RUNNING = dt.timedelta(minutes=2)


class IdempotencyError(Exception):
    """`code` is `idempotency_key_invalid`, `idempotency_key_reused` or `idempotency_key_in_use`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Stored:
    """An answer given before."""

    status: int
    body: dict[str, Any] = field(repr=False)


def read_key(header: str) -> str:
    """The key, quoted as the draft wants it or bare as many clients send it."""
    text = header.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    if not 1 <= len(text) <= 255 or not text.isascii() or not text.isprintable() or '"' in text:
        raise IdempotencyError("idempotency_key_invalid")
    return text


def begin(services: Services, scope: Scope, route: str, key: str, body: Any) -> Stored | None:
    """Claim the key: None to go on, or the stored answer.

    Raises:
        IdempotencyError: the key was used for another body, or its request is still running.
    """
    fingerprint = hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).digest()
    try:
        with services.database.session(scope) as session:
            key_digest = vault(session).digest(f"idempotency:{key}")
            now = utcnow()
            session.execute(
                delete(IdempotencyKey)
                .where(
                    IdempotencyKey.route == route,
                    IdempotencyKey.key_digest == key_digest,
                    (IdempotencyKey.expires_at <= now)
                    | (IdempotencyKey.status.is_(None) & (IdempotencyKey.created_at <= now - RUNNING)),
                )
                .execution_options(synchronize_session=False)
            )
            found = session.scalars(
                select(IdempotencyKey).where(IdempotencyKey.route == route, IdempotencyKey.key_digest == key_digest)
            ).one_or_none()
            if found is not None:
                return _stored(found, fingerprint, vault(session).open(found, "answer"))
            session.add(
                IdempotencyKey(
                    tenant_id=scope.tenant_id,
                    mode=scope.mode,
                    route=route,
                    key_digest=key_digest,
                    fingerprint=fingerprint,
                    expires_at=now + KEEP,
                )
            )
    except IntegrityError:
        raise IdempotencyError("idempotency_key_in_use") from None
    return None


def _stored(found: IdempotencyKey, fingerprint: bytes, answer: Any) -> Stored:
    if found.fingerprint != fingerprint:
        raise IdempotencyError("idempotency_key_reused")
    if found.status is None:
        raise IdempotencyError("idempotency_key_in_use")
    return Stored(found.status, answer)


def finish(services: Services, scope: Scope, route: str, key: str, stored: Stored) -> None:
    """Keep the answer, sealed, errors included."""
    with services.database.session(scope) as session:
        key_digest = vault(session).digest(f"idempotency:{key}")
        row = session.scalars(
            select(IdempotencyKey).where(IdempotencyKey.route == route, IdempotencyKey.key_digest == key_digest)
        ).one()
        row.status = stored.status
        vault(session).seal(row, "answer", stored.body)


def release(services: Services, scope: Scope, route: str, key: str) -> None:
    """Give the key back after a fault of ours, so that the same request may be sent again."""
    with services.database.session(scope) as session:
        key_digest = vault(session).digest(f"idempotency:{key}")
        session.execute(
            delete(IdempotencyKey)
            .where(IdempotencyKey.route == route, IdempotencyKey.key_digest == key_digest)
            .execution_options(synchronize_session=False)
        )

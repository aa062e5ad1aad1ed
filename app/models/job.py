"""The queue, the calls providers made to us, and the answers that are given again."""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, TenantOwned, mode_check, owned_id


class Job(Base):
    """Work that follows a change, written in the change's own transaction. `payload` holds ids only.

    `state` is `pending, done, dead`; a claim is a lease (`lease_until`) with a fencing token (`lease_token`).
    `attempts` counts claims since the plan began, `open_claims` those in a row of which no end was recorded.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("dedupe_key"),
        Index("ix_jobs_claim", "state", "due_at"),
        Index(None, "tenant_id", "mode"),
    )

    kind: Mapped[str] = mapped_column(String(48))
    tenant_id: Mapped[uuid.UUID | None]
    mode: Mapped[str | None] = mapped_column(String(4))
    payload: Mapped[dict[str, Any]]
    dedupe_key: Mapped[str | None] = mapped_column(String(160))
    state: Mapped[str] = mapped_column(String(8), default="pending")
    due_at: Mapped[dt.datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    open_claims: Mapped[int] = mapped_column(default=0, server_default="0")
    lease_until: Mapped[dt.datetime | None]
    lease_token: Mapped[uuid.UUID | None]
    last_error: Mapped[str | None] = mapped_column(String(120))
    finished_at: Mapped[dt.datetime | None]


class ProviderEvent(TenantOwned, Base):
    """A verified webhook of a provider, stored before it is answered; `digest` of the body makes repeats harmless."""

    __tablename__ = "provider_events"
    __table_args__ = (mode_check(), owned_id(), UniqueConstraint("tenant_id", "mode", "digest"))

    provider: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(64))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    body_sealed: Mapped[bytes | None]
    handled_at: Mapped[dt.datetime | None]


class IdempotencyKey(TenantOwned, Base):
    """The stored answer to one key on one route, sealed, for 24 hours."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (mode_check(), owned_id(), UniqueConstraint("tenant_id", "mode", "route", "key_digest"))

    route: Mapped[str] = mapped_column(String(64))
    key_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32))
    status: Mapped[int | None]
    answer_sealed: Mapped[bytes | None]
    expires_at: Mapped[dt.datetime]

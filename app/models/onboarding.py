"""One run of one user through the flow, the links that open it and the browsers that hold it."""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, FindsTenant, TenantOwned, mode_check, owned_by, owned_id


class Onboarding(TenantOwned, Base):
    """`status` and `step` move only by `app/domain/flow.py`; `version` rises with each move, against races."""

    __tablename__ = "onboardings"
    __table_args__ = (
        mode_check(),
        owned_id(),
        owned_by("user_id", "users"),
        CheckConstraint(
            "status in ('created','in_progress','completed','canceled','abandoned','expired','failed','redacted')",
            name="status",
        ),
        CheckConstraint("step in ('phone','code','bank','review','done')", name="step"),
        Index(None, "tenant_id", "mode", "created_at", "id"),
        Index(None, "tenant_id", "mode", "user_id"),
        Index(None, "status", "expires_at"),
    )

    user_id: Mapped[uuid.UUID]
    settings_version: Mapped[int]
    status: Mapped[str] = mapped_column(String(16))
    step: Mapped[str] = mapped_column(String(8))
    stage: Mapped[str] = mapped_column(String(24))
    rung: Mapped[str | None] = mapped_column(String(24))
    reason: Mapped[str | None] = mapped_column(String(48))
    version: Mapped[int] = mapped_column(default=1)
    event_sequence: Mapped[int] = mapped_column(default=0)
    reference: Mapped[str] = mapped_column(String(8))
    locale: Mapped[str] = mapped_column(String(8))
    return_url: Mapped[str | None] = mapped_column(String(2048))
    embed_origin: Mapped[str | None] = mapped_column(String(255))
    asked: Mapped[dict[str, Any]]
    progress: Mapped[dict[str, Any]]
    state_sealed: Mapped[bytes | None]
    metadata_sealed: Mapped[bytes | None]
    given_sealed: Mapped[bytes | None]
    phone_number_sealed: Mapped[bytes | None]
    date_of_birth_sealed: Mapped[bytes | None]
    link_token_sealed: Mapped[bytes | None]
    link_expires_at: Mapped[dt.datetime | None]
    link_binding_id: Mapped[uuid.UUID | None]
    public_token_sealed: Mapped[bytes | None]
    contact_email_sealed: Mapped[bytes | None]
    risk_sealed: Mapped[bytes | None]
    code_needed: Mapped[bool] = mapped_column(default=False, server_default=false())
    phone_verified_at: Mapped[dt.datetime | None]
    connecting_since: Mapped[dt.datetime | None]
    expires_at: Mapped[dt.datetime]
    last_active_at: Mapped[dt.datetime]
    started_at: Mapped[dt.datetime | None]
    completed_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    satisfaction: Mapped[str | None] = mapped_column(String(8))


class LaunchLink(FindsTenant, Base):
    """A single-use URL that opens an onboarding, kept as a keyed hash.

    `purpose` is `launch` (the tenant hands it out), `later` (sent to the consumer) or `device` (shown to be scanned).
    `press_digest` knows the page whose button used it up, so that a second press of the same button is no stranger's.
    """

    __tablename__ = "launch_links"
    __table_args__ = (mode_check(), UniqueConstraint("digest"), Index(None, "tenant_id", "mode", "onboarding_id"))

    onboarding_id: Mapped[uuid.UUID]
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    purpose: Mapped[str] = mapped_column(String(8), default="launch", server_default="launch")
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
    press_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))


class Binding(FindsTenant, Base):
    """The tie between one onboarding and one browser. The browser's half is kept as a keyed hash.

    `place` is `page`, `frame`, or `window`: the one a frame opened for the bank (`opener_id` is that frame's).
    """

    __tablename__ = "bindings"
    __table_args__ = (mode_check(), UniqueConstraint("digest"), Index(None, "tenant_id", "mode", "onboarding_id"))

    onboarding_id: Mapped[uuid.UUID]
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    place: Mapped[str] = mapped_column(String(8))
    opener_id: Mapped[uuid.UUID | None]
    phone_proven: Mapped[bool] = mapped_column(default=False)
    last_seen_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]

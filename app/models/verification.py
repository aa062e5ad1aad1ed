"""Proving a phone: one row per code that was sent, and the counts that keep texts affordable."""

import datetime as dt
import uuid

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, TenantOwned, mode_check, owned_by, owned_id


class PhoneVerificationSession(TenantOwned, Base):
    """The seed's table: `status` is `pending, verified, failed, expired`."""

    __tablename__ = "phone_verification_sessions"
    __table_args__ = (
        mode_check(),
        owned_id(),
        owned_by("user_id", "users"),
        owned_by("onboarding_id", "onboardings"),
        Index(None, "tenant_id", "mode", "onboarding_id", "created_at"),
    )

    user_id: Mapped[uuid.UUID]
    onboarding_id: Mapped[uuid.UUID]
    binding_id: Mapped[uuid.UUID | None]
    address_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    phone_number_sealed: Mapped[bytes | None]
    verifier: Mapped[str] = mapped_column(String(16), default="spinwheel", server_default="spinwheel")
    verification_method: Mapped[str] = mapped_column(String(8))
    status: Mapped[str] = mapped_column(String(16), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int] = mapped_column(default=3)
    expires_at: Mapped[dt.datetime]
    verified_at: Mapped[dt.datetime | None]
    spinwheel_session_id_sealed: Mapped[bytes | None]
    updated_at: Mapped[dt.datetime | None]


class SendCounter(Base):
    """How often something happened to a key in a window of time. `key` is a keyed hash, so the table names nobody."""

    __tablename__ = "send_counters"
    __table_args__ = (UniqueConstraint("scope", "key", "window_start"), Index(None, "window_start"))

    scope: Mapped[str] = mapped_column(String(24))
    key: Mapped[bytes] = mapped_column(LargeBinary(32))
    window_start: Mapped[dt.datetime]
    count: Mapped[int]

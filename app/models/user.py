"""A tenant's consumer, and what was agreed to."""

import datetime as dt
import uuid

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, TenantOwned, mode_check, owned_by, owned_id


class User(TenantOwned, Base):
    """Known by `(tenant, mode, external_user_id)`. `generation` rises when the person behind the id changes."""

    __tablename__ = "users"
    __table_args__ = (
        mode_check(),
        owned_id(),
        UniqueConstraint("tenant_id", "mode", "external_user_id"),
        Index(None, "tenant_id", "mode", "phone_digest"),
    )

    external_user_id: Mapped[str] = mapped_column(String(255))
    phone_number_sealed: Mapped[bytes | None]
    phone_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    phone_verified: Mapped[bool] = mapped_column(default=False)
    phone_verification_date: Mapped[dt.datetime | None]
    metadata_sealed: Mapped[bytes | None]
    spinwheel_user_id_sealed: Mapped[bytes | None]
    generation: Mapped[int] = mapped_column(default=1)
    credit_file_at: Mapped[dt.datetime | None]
    erased_at: Mapped[dt.datetime | None]
    updated_at: Mapped[dt.datetime | None]


class Consent(TenantOwned, Base):
    """What was shown and agreed to, word for word, sealed with the tenant's evidence key so that it outlives the rest.

    Hashes and times are plain: they prove without telling. A row is never changed but for `withdrawn_at`.
    """

    __tablename__ = "consents"
    __table_args__ = (
        mode_check(),
        owned_id(),
        owned_by("user_id", "users", ondelete="RESTRICT"),
        owned_by("onboarding_id", "onboardings", ondelete="RESTRICT"),
        Index(None, "tenant_id", "mode", "onboarding_id"),
    )

    user_id: Mapped[uuid.UUID]
    onboarding_id: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(String(32))
    version: Mapped[str] = mapped_column(String(32))
    locale: Mapped[str] = mapped_column(String(8))
    text_hash: Mapped[str] = mapped_column(String(64))
    evidence_sealed: Mapped[bytes]
    given_at: Mapped[dt.datetime]
    withdrawn_at: Mapped[dt.datetime | None]

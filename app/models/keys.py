"""Keys of the installation: the ones that seal data, wrapped, and the ones that sign."""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, TenantOwned, mode_check, owned_id


class DataKeyRow(TenantOwned, Base):
    """One wrapped data key. Destroying it (`wrapped` set to NULL) is how personal data is erased.

    `owner_kind` is `user`, `onboarding` (wrapped by its user's key), `evidence` (consents) or `tenant` (credentials,
    webhook secrets, idempotent answers).
    """

    __tablename__ = "data_keys"
    __table_args__ = (mode_check(), owned_id(), UniqueConstraint("tenant_id", "mode", "owner_kind", "owner_id"))

    owner_kind: Mapped[str] = mapped_column(String(16))
    owner_id: Mapped[uuid.UUID]
    parent_id: Mapped[uuid.UUID | None]
    wrapped: Mapped[bytes | None]
    destroyed_at: Mapped[dt.datetime | None]


class SigningKey(Base):
    """An ES256 key that signs return tokens; the private half is sealed under the installation's root key."""

    __tablename__ = "signing_keys"
    __table_args__ = (UniqueConstraint("thumbprint"),)

    thumbprint: Mapped[str] = mapped_column(String(64))
    public_jwk: Mapped[dict[str, Any]]
    private_sealed: Mapped[bytes]
    retired_at: Mapped[dt.datetime | None]

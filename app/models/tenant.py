"""Tenants, their keys to our API, their settings and their accounts at the providers."""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, FindsTenant, TenantOwned, mode_check, owned_id


class Tenant(Base):
    """A company that onboards its consumers with us. Holds no personal data."""

    __tablename__ = "tenants"
    __table_args__ = (UniqueConstraint("slug"),)

    slug: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(255))
    status: Mapped[str] = mapped_column(String(16), default="active")
    updated_at: Mapped[dt.datetime | None]


class ApiKey(FindsTenant, Base):
    """A tenant's secret for `/api/v1`, kept as a keyed hash."""

    __tablename__ = "api_keys"
    __table_args__ = (mode_check(), UniqueConstraint("digest"), Index(None, "tenant_id", "mode"))

    name: Mapped[str] = mapped_column(String(100))
    prefix: Mapped[str] = mapped_column(String(16))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    expires_at: Mapped[dt.datetime | None]
    last_used_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]


class SettingsVersion(TenantOwned, Base):
    """One version of a tenant's settings in one mode; the newest holds, an onboarding keeps the one it began with."""

    __tablename__ = "settings_versions"
    __table_args__ = (mode_check(), owned_id(), UniqueConstraint("tenant_id", "mode", "version"))

    version: Mapped[int]
    flow: Mapped[dict[str, Any]]
    branding: Mapped[dict[str, Any]]


class ProviderConnection(TenantOwned, Base):
    """A tenant's own account at Plaid or Spinwheel in one mode. Credentials are sealed."""

    __tablename__ = "provider_connections"
    __table_args__ = (mode_check(), owned_id(), UniqueConstraint("tenant_id", "mode", "provider", "name"))

    provider: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(64))
    settings: Mapped[dict[str, Any]]
    credentials_sealed: Mapped[bytes]
    disabled_at: Mapped[dt.datetime | None]


class ProviderLink(FindsTenant, Base):
    """Tells whose a provider's token or hook address is, by keyed hash.

    `kind` is `connection` (the id in a hook's path), `link_token` (what Plaid's webhooks carry), `layer_token` (one of
    those that is Layer's), `item` (as `ITEM` webhooks name it) or `public_token` (one that was taken).
    """

    __tablename__ = "provider_links"
    __table_args__ = (mode_check(), UniqueConstraint("kind", "digest"), Index(None, "tenant_id", "mode"))

    kind: Mapped[str] = mapped_column(String(16))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    target_id: Mapped[uuid.UUID]
    expires_at: Mapped[dt.datetime | None]

"""What happened, and who is told."""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, TenantOwned, mode_check, owned_by, owned_id


class Event(TenantOwned, Base):
    """A fact in the past tense. Staff read it, callbacks carry it, analytics are made from it. No personal data."""

    __tablename__ = "events"
    __table_args__ = (
        mode_check(),
        owned_id(),
        UniqueConstraint("tenant_id", "mode", "onboarding_id", "sequence"),
        Index(None, "tenant_id", "mode", "created_at"),
    )

    type: Mapped[str] = mapped_column(String(48))
    onboarding_id: Mapped[uuid.UUID | None]
    user_id: Mapped[uuid.UUID | None]
    sequence: Mapped[int]
    occurred_at: Mapped[dt.datetime]
    data: Mapped[dict[str, Any]]


class AnalyticsEvent(TenantOwned, Base):
    """The seed's table, projected from `events` by a job; `id` is the event's."""

    __tablename__ = "analytics_events"
    __table_args__ = (mode_check(), owned_id(), Index(None, "tenant_id", "mode", "event_type", "timestamp"))

    event_type: Mapped[str] = mapped_column(String(48))
    user_id: Mapped[uuid.UUID | None]
    session_id: Mapped[uuid.UUID | None]
    timestamp: Mapped[dt.datetime]
    properties: Mapped[dict[str, Any]]


class WebhookEndpoint(TenantOwned, Base):
    """Where a tenant is called. The URL and the secrets are sealed: a URL can carry a credential."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (mode_check(), owned_id())

    url_sealed: Mapped[bytes]
    secrets_sealed: Mapped[bytes]
    event_types: Mapped[list[Any]]
    disabled_at: Mapped[dt.datetime | None]
    disabled_reason: Mapped[str | None] = mapped_column(String(32))
    first_failure_at: Mapped[dt.datetime | None]


class Delivery(TenantOwned, Base):
    """One event for one endpoint. `status` is `pending, succeeded, failed`."""

    __tablename__ = "deliveries"
    __table_args__ = (
        mode_check(),
        owned_id(),
        owned_by("endpoint_id", "webhook_endpoints"),
        owned_by("event_id", "events"),
        UniqueConstraint("tenant_id", "mode", "endpoint_id", "event_id"),
    )

    endpoint_id: Mapped[uuid.UUID]
    event_id: Mapped[uuid.UUID]
    status: Mapped[str] = mapped_column(String(16), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    succeeded_at: Mapped[dt.datetime | None]


class DeliveryAttempt(TenantOwned, Base):
    """One HTTP try. The first kilobyte of the answer is sealed: a receiver can echo what it was sent."""

    __tablename__ = "delivery_attempts"
    __table_args__ = (mode_check(), owned_id(), owned_by("delivery_id", "deliveries"))

    delivery_id: Mapped[uuid.UUID]
    attempted_at: Mapped[dt.datetime]
    http_status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(32))
    latency_ms: Mapped[int]
    answer_sealed: Mapped[bytes | None]

"""Telling tenants: events become deliveries, deliveries become signed POSTs, tried again for three days."""

import datetime as dt
import json
import random
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.domain.events import CALLBACK_TYPES, project
from app.domain.ids import wire_id
from app.domain.jobs import ClaimedJob, enqueue, finish, try_as_planned
from app.domain.services import Services
from app.models import Delivery, DeliveryAttempt, Event, User, WebhookEndpoint, utcnow
from app.models.session import Scope
from app.models.vault import vault
from app.providers.address_guard import BlockedTargetError, check_url
from app.providers.webhook_sender import Attempt, send_webhook
from app.security.standard_webhooks import new_webhook_secret, webhook_headers

# Seconds before the second, third, … attempt (Standard Webhooks 1.0.0, "Operational considerations").
SCHEDULE = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
JITTER = 0.2
DISABLE_AFTER = dt.timedelta(days=5)


def add_endpoint(
    session: Session, scope: Scope, url: str, event_types: list[str] | None = None
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint and its secret, shown now and never again. No types means all of them.

    Raises:
        ValueError: an event type that does not exist.
    """
    for name in event_types or ():
        if name not in CALLBACK_TYPES:
            raise ValueError(f"there is no event type {name}")
    secret = new_webhook_secret()
    endpoint = WebhookEndpoint(tenant_id=scope.tenant_id, mode=scope.mode, event_types=event_types or [])
    keep = vault(session)
    keep.seal(endpoint, "url", url)
    keep.seal(endpoint, "secrets", [secret])
    session.add(endpoint)
    session.flush()
    return endpoint, secret


def check_endpoint_url(services: Services, url: str) -> None:
    """Refuse an address that no callback could be sent to.

    Raises:
        ValueError: says why.
    """
    try:
        check_url(url, allow_private=services.allow_private_callbacks)
    except BlockedTargetError as error:
        raise ValueError(str(error).removesuffix(".")) from None


def own_host(services: Services) -> str:
    """Our own name: a callback must never be a way to call ourselves from inside."""
    return urlsplit(services.app_url).hostname or ""


def publish_event(services: Services, job: ClaimedJob) -> bool:
    """`event.publish`: project for analytics, and make one delivery for each endpoint that wants it."""
    assert job.scope is not None
    with services.database.session(job.scope) as session:
        event = session.get_one(Event, uuid.UUID(job.payload["event_id"]))
        project(session, event)
        if event.type in CALLBACK_TYPES:
            _add_deliveries(session, job.scope, event)
        finish(session, job)
    return True


def _add_deliveries(session: Session, scope: Scope, event: Event) -> None:
    known = set(session.scalars(select(Delivery.endpoint_id).where(Delivery.event_id == event.id)))
    for endpoint in session.scalars(select(WebhookEndpoint).where(WebhookEndpoint.disabled_at.is_(None))):
        wanted = not endpoint.event_types or event.type in endpoint.event_types
        if wanted and endpoint.id not in known:
            _add_delivery(session, scope, endpoint, event)


def _add_delivery(session: Session, scope: Scope, endpoint: WebhookEndpoint, event: Event) -> None:
    delivery = Delivery(tenant_id=scope.tenant_id, mode=scope.mode, endpoint_id=endpoint.id, event_id=event.id)
    session.add(delivery)
    payload = {"delivery_id": str(delivery.id)}
    enqueue(session, "callback.deliver", scope, payload, dedupe_key=f"callback.deliver:{delivery.id}")


@dataclass(frozen=True)
class _Ready:
    url: str = field(repr=False)
    secrets: list[str] = field(repr=False)
    message_id: str
    body: bytes = field(repr=False)
    was_failing: bool


def deliver_callback(services: Services, job: ClaimedJob) -> bool:
    """`callback.deliver`: one HTTP try; the attempt and the next due time are recorded together."""
    assert job.scope is not None
    delivery_id = uuid.UUID(job.payload["delivery_id"])
    with services.database.session(job.scope, read_only=True) as session:
        ready = _make_ready(services, session, delivery_id)
    if ready is None:
        _give_up(services, job, delivery_id)
        return True
    headers = webhook_headers(ready.secrets, ready.message_id, int(utcnow().timestamp()), ready.body)
    headers |= {"content-type": "application/json", "user-agent": "Prefill-Callbacks/1"}
    attempt = send_webhook(
        ready.url,
        headers,
        ready.body,
        allow_private=services.allow_private_callbacks,
        own_hosts=() if services.allow_private_callbacks else (own_host(services),),
    )
    with services.database.session(job.scope) as session:
        # In one transaction, so that no crash can part the attempt from the next due time.
        wait = _record_attempt(session, job.scope, delivery_id, attempt, ready.was_failing)
        if wait is None:
            finish(session, job)
        else:
            try_as_planned(session, job, attempt.error or f"status {attempt.status}", wait)
    return True


def _give_up(services: Services, job: ClaimedJob, delivery_id: uuid.UUID) -> None:
    """It ended before this try: it was told by another worker, or its endpoint was disabled meanwhile."""
    assert job.scope is not None
    with services.database.session(job.scope) as session:
        waiting = update(Delivery).where(Delivery.id == delivery_id, Delivery.status == "pending")
        session.execute(waiting.values(status="failed").execution_options(synchronize_session=False))
        finish(session, job)


def _make_ready(services: Services, session: Session, delivery_id: uuid.UUID) -> _Ready | None:
    # One round trip for the three of them.
    wanted = (
        select(Delivery, WebhookEndpoint, Event)
        .join(WebhookEndpoint, WebhookEndpoint.id == Delivery.endpoint_id)
        .join(Event, Event.id == Delivery.event_id)
        .where(Delivery.id == delivery_id)
    )
    delivery, endpoint, event = session.execute(wanted).one()
    if delivery.status != "pending" or endpoint.disabled_at is not None:
        return None
    keep = vault(session)
    body = json.dumps(thin_payload(services, session, event), separators=(",", ":")).encode()
    return _Ready(
        keep.open(endpoint, "url"),
        keep.open(endpoint, "secrets"),
        wire_id("event", event.id),
        body,
        endpoint.first_failure_at is not None,
    )


def thin_payload(services: Services, session: Session, event: Event) -> dict[str, Any]:
    """Ids, status and where to read the rest: nothing personal travels in a callback."""
    data: dict[str, Any] = {"mode": event.mode, "sequence": event.sequence, **event.data}
    if event.user_id is not None:
        user = session.get_one(User, event.user_id)
        data |= {"user_id": wire_id("user", user.id), "external_user_id": user.external_user_id}
    if event.onboarding_id is not None:
        onboarding_id = wire_id("onboarding", event.onboarding_id)
        data["onboarding_id"] = onboarding_id
        if event.type == "onboarding.completed":
            data["result_url"] = f"{services.app_url}/api/v1/onboardings/{onboarding_id}/result"
    return {"type": event.type, "timestamp": event.occurred_at.isoformat().replace("+00:00", "Z"), "data": data}


def _record_attempt(
    session: Session, scope: Scope, delivery_id: uuid.UUID, attempt: Attempt, was_failing: bool
) -> float | None:
    """Seconds until the next try; None when there is none."""
    delivery = session.get_one(Delivery, delivery_id)
    row = DeliveryAttempt(
        tenant_id=scope.tenant_id,
        mode=scope.mode,
        delivery_id=delivery.id,
        attempted_at=utcnow(),
        http_status=attempt.status,
        error=attempt.error,
        latency_ms=attempt.latency_ms,
    )
    vault(session).seal(row, "answer", attempt.excerpt or None)
    session.add(row)
    delivery.attempts += 1
    if attempt.succeeded:
        delivery.status, delivery.succeeded_at = "succeeded", utcnow()
        if was_failing:
            _forget_failures(session, delivery.endpoint_id)
        return None
    return _after_failure(session, delivery, attempt)


def _forget_failures(session: Session, endpoint_id: uuid.UUID) -> None:
    failing = (WebhookEndpoint.id == endpoint_id, WebhookEndpoint.first_failure_at.is_not(None))
    statement = update(WebhookEndpoint).where(*failing).values(first_failure_at=None)
    session.execute(statement.execution_options(synchronize_session=False))


def _after_failure(session: Session, delivery: Delivery, attempt: Attempt) -> float | None:
    # Locked, or a success at the same moment would be overlooked and the endpoint disabled in spite of it.
    endpoint = session.get_one(WebhookEndpoint, delivery.endpoint_id, with_for_update=True)
    now = utcnow()
    endpoint.first_failure_at = endpoint.first_failure_at or now
    gone = attempt.status == 410
    if endpoint.disabled_at is None and (gone or now - endpoint.first_failure_at >= DISABLE_AFTER):
        endpoint.disabled_at, endpoint.disabled_reason = now, "gone" if gone else "failing"
    if endpoint.disabled_at is not None or delivery.attempts > len(SCHEDULE):
        delivery.status = "failed"
        return None
    planned = SCHEDULE[delivery.attempts - 1]
    wait = planned * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load, guards nothing
    if attempt.retry_after is None:
        return wait
    # The receiver may ask for patience, within bounds: neither sooner than planned nor never.
    return min(max(wait, attempt.retry_after), 2 * planned + 60)

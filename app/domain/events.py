"""Facts: one row each, written with the change they tell of, and one job that makes them known."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.domain.jobs import enqueue
from app.models import AnalyticsEvent, Event, Onboarding, utcnow
from app.models.session import Scope

# The types a callback may carry (contract 3.3). Other events are the timeline's alone.
CALLBACK_TYPES = frozenset(
    {
        "onboarding.created",
        "onboarding.started",
        "onboarding.phone_verified",
        "onboarding.bank_linked",
        "onboarding.step_completed",
        "onboarding.completed",
        "onboarding.canceled",
        "onboarding.abandoned",
        "onboarding.expired",
        "onboarding.failed",
        "consent.withdrawn",
        "bank.disconnected",
        "user.redacted",
        "endpoint.disabled",
        "ping",
    }
)

# The names under which analytics keep counting; every other event keeps its own.
ANALYTICS_NAMES = {
    "code.sent": "phone_verification_started",
    "onboarding.phone_verified": "phone_verification_completed",
    "bank.opened": "plaid_link_opened",
    "onboarding.bank_linked": "plaid_link_completed",
    "onboarding.completed": "prefill_completed",
}


def record(session: Session, onboarding: Onboarding, event_type: str, data: dict[str, Any] | None = None) -> Event:
    """Write a fact about an onboarding. `data` holds ids, counts and words of ours, never anything personal."""
    sequence = session.execute(
        update(Onboarding)
        .where(Onboarding.id == onboarding.id)
        .values(event_sequence=Onboarding.event_sequence + 1)
        .returning(Onboarding.event_sequence)
        .execution_options(synchronize_session=False)
    ).scalar_one()
    event = Event(
        tenant_id=onboarding.tenant_id,
        mode=onboarding.mode,
        type=event_type,
        onboarding_id=onboarding.id,
        user_id=onboarding.user_id,
        sequence=sequence,
        occurred_at=utcnow(),
        data={"status": onboarding.status, "step": onboarding.step, **(data or {})},
    )
    session.add(event)
    session.flush()
    scope = Scope(onboarding.tenant_id, onboarding.mode)
    enqueue(session, "event.publish", scope, {"event_id": str(event.id)}, dedupe_key=f"event.publish:{event.id}")
    return event


def project(session: Session, event: Event) -> None:
    """Keep the event for analytics under the seed's name; a second run changes nothing."""
    if session.scalar(select(AnalyticsEvent.id).where(AnalyticsEvent.id == event.id)) is not None:
        return
    session.add(
        AnalyticsEvent(
            id=event.id,
            tenant_id=event.tenant_id,
            mode=event.mode,
            event_type=ANALYTICS_NAMES.get(event.type, event.type),
            user_id=event.user_id,
            session_id=event.onboarding_id,
            timestamp=event.occurred_at,
            properties=event.data,
        )
    )

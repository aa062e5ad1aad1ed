"""What time itself does: onboardings are abandoned and expire, and old rows go."""

import datetime as dt
import uuid

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.domain.flow import MoveError, Status, allowed, make_move
from app.domain.jobs import KEEP_DONE, ClaimedJob, Retry, try_as_planned
from app.domain.limits import DAY
from app.domain.onboardings import end_onboarding
from app.domain.services import Services
from app.domain.tenant_settings import settings_of
from app.models import Job, Onboarding, SendCounter, utcnow


def expire_onboarding(services: Services, job: ClaimedJob) -> None:
    """`onboarding.expire`: past its time and still open, so it ends and the bank is disconnected."""
    assert job.scope is not None
    with services.database.session(job.scope) as session:
        onboarding = session.get(Onboarding, uuid.UUID(job.payload["onboarding_id"]))
        if onboarding is not None and allowed(onboarding, "expire") and onboarding.expires_at <= utcnow():
            end_onboarding(session, onboarding, "expire")


def abandon_onboarding(services: Services, job: ClaimedJob) -> bool:
    """`onboarding.abandon`: idle past the tenant's limit, so it is called abandoned; the bank stays connected.

    Where somebody was active meanwhile the same job is due again when their limit has passed. True when it is.
    """
    assert job.scope is not None
    try:
        with services.database.session(job.scope) as session:
            onboarding = session.get(Onboarding, uuid.UUID(job.payload["onboarding_id"]))
            if onboarding is None or onboarding.status != Status.IN_PROGRESS or not allowed(onboarding, "abandon"):
                return False
            flow, _ = settings_of(session, onboarding.settings_version)
            limit = dt.timedelta(minutes=flow.abandoned_after_minutes)
            left = (onboarding.last_active_at + limit - utcnow()).total_seconds()
            if left > 0:
                return try_as_planned(session, job, "active", left)
            make_move(session, onboarding, "abandon", last_active_at=onboarding.last_active_at)
    except MoveError:
        # The consumer came back in this very moment.
        raise Retry("moved", 1) from None
    return False


def sweep(session: Session, now: dt.datetime | None = None) -> None:
    """Drop finished jobs after a week and counters after two days."""
    now = now or utcnow()
    session.execute(delete(Job).where(Job.state == "done", Job.finished_at < now - KEEP_DONE))
    session.execute(delete(SendCounter).where(SendCounter.window_start < now - 2 * DAY))

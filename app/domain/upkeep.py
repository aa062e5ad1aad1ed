"""What time itself does: onboardings expire, and old rows go."""

import datetime as dt
import uuid

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.domain.flow import allowed
from app.domain.jobs import KEEP_DONE, ClaimedJob
from app.domain.limits import DAY
from app.domain.onboardings import end_onboarding
from app.domain.services import Services
from app.models import Job, Onboarding, SendCounter, utcnow


def expire_onboarding(services: Services, job: ClaimedJob) -> None:
    """`onboarding.expire`: past its time and still open, so it ends and the bank is disconnected."""
    assert job.scope is not None
    with services.database.session(job.scope) as session:
        onboarding = session.get(Onboarding, uuid.UUID(job.payload["onboarding_id"]))
        if onboarding is not None and allowed(onboarding, "expire") and onboarding.expires_at <= utcnow():
            end_onboarding(session, onboarding, "expire")


def sweep(session: Session, now: dt.datetime | None = None) -> None:
    """Drop finished jobs after a week and counters after two days."""
    now = now or utcnow()
    session.execute(delete(Job).where(Job.state == "done", Job.finished_at < now - KEEP_DONE))
    session.execute(delete(SendCounter).where(SendCounter.window_start < now - 2 * DAY))

"""The queue: a row written with the change it follows, claimed by lease, finished by fencing token."""

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CursorResult, Select, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from app.models import Job, new_id, utcnow
from app.models.session import Scope

LEASE = dt.timedelta(seconds=60)
KEEP_DONE = dt.timedelta(days=7)
# Seconds before the second, third, … try of a job that failed for a reason that may pass.
RETRY_AFTER = (1, 5, 30, 120, 600, 1800, 3600, 7200)
# Claims in a row of which no end was recorded: a job that takes its worker along each time is given up after these.
MOST_LOST = 8


class Retry(Exception):  # noqa: N818 - an instruction to the worker, not a fault
    """Raised by a handler: try again after so many seconds (None: by the schedule)."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


@dataclass(frozen=True)
class ClaimedJob:
    """A job this worker holds until `lease_until`."""

    id: uuid.UUID
    kind: str
    scope: Scope | None
    payload: dict[str, Any]
    attempts: int
    lease_token: uuid.UUID


def enqueue(
    session: Session,
    kind: str,
    scope: Scope | None,
    payload: dict[str, Any],
    *,
    due_at: dt.datetime | None = None,
    dedupe_key: str | None = None,
) -> None:
    """Write a job. A second one with the same `dedupe_key` changes nothing."""
    values = {
        "id": new_id(),
        "created_at": utcnow(),
        "kind": kind,
        "tenant_id": scope.tenant_id if scope else None,
        "mode": scope.mode if scope else None,
        "payload": payload,
        "dedupe_key": dedupe_key,
        "state": "pending",
        "attempts": 0,
        "due_at": due_at or utcnow(),
    }
    insert = postgresql_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    session.execute(insert(Job).values(**values).on_conflict_do_nothing(index_elements=["dedupe_key"]))


def claim(
    session: Session, limit: int, *, without: Collection[str] = (), lease: dt.timedelta = LEASE
) -> list[ClaimedJob]:
    """Lease up to `limit` due jobs, oldest first, none of the kinds in `without`. One statement for both databases."""
    now, token = utcnow(), new_id()
    # As a CTE the choice is made once; a plain subquery may run again for each row and lock more than `limit`.
    due = _due(now, limit, without).cte("due")
    statement = (
        update(Job)
        .where(Job.id.in_(select(due.c.id)))
        .values(lease_until=now + lease, lease_token=token, attempts=Job.attempts + 1, open_claims=Job.open_claims + 1)
        .returning(Job)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    rows = session.scalars(statement).all()
    return [_claimed(row, token) for row in sorted(rows, key=lambda row: row.due_at)]


def _due(now: dt.datetime, limit: int, without: Collection[str]) -> Select[uuid.UUID]:
    free = or_(Job.lease_until.is_(None), Job.lease_until < now)
    return (
        select(Job.id)
        .where(
            Job.state == "pending",
            Job.due_at <= now,
            free,
            Job.open_claims < MOST_LOST,
            *(Job.kind != kind for kind in without),
        )
        .order_by(Job.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def _claimed(row: Job, token: uuid.UUID) -> ClaimedJob:
    scope = Scope(row.tenant_id, row.mode) if row.tenant_id and row.mode else None
    return ClaimedJob(row.id, row.kind, scope, dict(row.payload), row.attempts, token)


def renew(session: Session, job: ClaimedJob, *, lease: dt.timedelta = LEASE) -> bool:
    """Lengthen the lease; False when another worker holds the job by now."""
    return _settle(session, job, {"lease_until": utcnow() + lease})


def finish(session: Session, job: ClaimedJob) -> bool:
    """Mark as done; False when another worker holds the job by now."""
    return _settle(session, job, {"state": "done", "finished_at": utcnow(), **_RELEASED})


def try_again(session: Session, job: ClaimedJob, error: str, after: float | None = None) -> bool:
    """Put back, due again by the schedule or after so many seconds; dead when the schedule is used up."""
    if after is None and job.attempts > len(RETRY_AFTER):
        return _settle(session, job, {"state": "dead", "finished_at": utcnow(), "last_error": error[:120], **_RELEASED})
    wait = RETRY_AFTER[job.attempts - 1] if after is None else after
    due_at = utcnow() + dt.timedelta(seconds=wait)
    return _settle(session, job, {"due_at": due_at, "last_error": error[:120], **_RELEASED})


def try_as_planned(session: Session, job: ClaimedJob, error: str, after: float) -> bool:
    """Put back by the handler's own plan. The count of tries begins anew, so a fault days later is the first one."""
    due_at = utcnow() + dt.timedelta(seconds=after)
    return _settle(session, job, {"due_at": due_at, "attempts": 0, "last_error": error[:120], **_RELEASED})


def dead_jobs(session: Session) -> list[Job]:
    """What was given up, oldest first."""
    return list(session.scalars(select(Job).where(Job.state == "dead").order_by(Job.finished_at, Job.id)))


def revive(session: Session, job_id: uuid.UUID) -> bool:
    """All its tries again, the first one now; False where no dead job has this id."""
    statement = (
        update(Job)
        .where(Job.id == job_id, Job.state == "dead")
        .values(state="pending", attempts=0, due_at=utcnow(), finished_at=None)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )
    return session.execute(statement).scalar_one_or_none() is not None


def give_up_lost(session: Session) -> list[Job]:
    """Bury what took its worker along each time it was claimed."""
    now = utcnow()
    statement = (
        update(Job)
        .where(Job.state == "pending", Job.open_claims >= MOST_LOST, Job.lease_until < now)
        .values(state="dead", finished_at=now, last_error="worker_died", **_RELEASED)
        .returning(Job)
        .execution_options(synchronize_session=False)
    )
    return list(session.scalars(statement))


_RELEASED: dict[str, Any] = {"lease_until": None, "lease_token": None, "open_claims": 0}


def _settle(session: Session, job: ClaimedJob, values: dict[str, Any]) -> bool:
    statement = (
        update(Job)
        .where(Job.id == job.id, Job.lease_token == job.lease_token)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount == 1

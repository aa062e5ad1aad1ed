"""What a journey left in the database."""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import select, update

from app.domain.flow import MOVES, STEPS
from app.domain.result import kept_result
from app.models import Binding, Consent, Event, Job, LaunchLink, Onboarding, PhoneVerificationSession, User, utcnow
from app.worker import Worker
from tests.support.emulator import Emulator
from tests.support.tenants import MadeTenant

# Every place the table of moves knows.
PLACES = {place for move in MOVES.values() for place in (*move.start.split(), move.end) if place and place != "*"}


def onboarding_row(tenant: MadeTenant, onboarding_id: Any) -> Onboarding:
    """The row as it is now; its place must be one the table knows."""
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        row = session.get_one(Onboarding, onboarding_id)
    assert f"{row.step}/{row.stage}" in PLACES
    assert row.step in STEPS
    return row


def place(tenant: MadeTenant, onboarding_id: Any) -> str:
    """`status step/stage`."""
    row = onboarding_row(tenant, onboarding_id)
    return f"{row.status} {row.step}/{row.stage}"


def rows(tenant: MadeTenant, model: Any, **equal: Any) -> list[Any]:
    """All rows of one kind that this tenant has, oldest first."""
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        return list(session.scalars(select(model).filter_by(**equal).order_by(model.created_at, model.id)))


def event_types(tenant: MadeTenant, onboarding_id: Any) -> list[str]:
    """What happened, in order."""
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        found = session.scalars(select(Event).where(Event.onboarding_id == onboarding_id).order_by(Event.sequence))
        return [event.type for event in found]


def result_of(tenant: MadeTenant, onboarding_id: Any) -> dict[str, Any]:
    """The kept result."""
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        found = kept_result(session, session.get_one(Onboarding, onboarding_id))
    assert found is not None
    return found


def codes_sent(tenant: MadeTenant) -> list[PhoneVerificationSession]:
    """One row for each text, oldest first."""
    return rows(tenant, PhoneVerificationSession)


def consents(tenant: MadeTenant) -> list[Consent]:
    """Everything that was agreed to, oldest first."""
    return rows(tenant, Consent)


MOMENTS: dict[Any, tuple[str, ...]] = {
    PhoneVerificationSession: ("created_at", "expires_at"),
    LaunchLink: ("expires_at",),
    Binding: ("last_seen_at", "expires_at"),
    User: ("credit_file_at",),
}


def let_pass(tenant: MadeTenant, seconds: float, model: Any = PhoneVerificationSession) -> None:
    """As if so many seconds had gone by for the rows of one kind: their moments move back."""
    back = dt.timedelta(seconds=seconds)
    with tenant.services.database.session(tenant.scope) as session:
        for row in session.scalars(select(model).filter_by(tenant_id=tenant.scope.tenant_id)):
            moments = {name: getattr(row, name) for name in MOMENTS[model]}
            new = {name: moment - back for name, moment in moments.items() if moment is not None}
            session.execute(
                update(model).where(model.id == row.id).values(**new).execution_options(synchronize_session=False)
            )


def expire(tenant: MadeTenant, onboarding_id: uuid.UUID) -> None:
    """Past its time, before the job has noticed."""
    with tenant.services.database.session(tenant.scope) as session:
        session.execute(
            update(Onboarding)
            .where(Onboarding.id == onboarding_id)
            .values(expires_at=utcnow() - dt.timedelta(seconds=1))
            .execution_options(synchronize_session=False)
        )


def work_to_the_end(tenant: MadeTenant, worker: Worker, kind: str) -> None:
    """Work every try of a kind of job without waiting between them."""
    for _ in range(12):
        worker.run_due()
        with tenant.services.database.session() as session:
            waiting = (
                update(Job)
                .where(Job.kind == kind, Job.state == "pending")
                .values(due_at=utcnow())
                .returning(Job.id)
                .execution_options(synchronize_session=False)
            )
            if not session.scalars(waiting).all():
                return
    raise AssertionError(f"{kind} never ends")


def let_jobs_run(tenant: MadeTenant, worker: Worker, kind: str) -> None:
    """As if the time had come for what is due later, jobs of one kind."""
    with tenant.services.database.session() as session:
        session.execute(
            update(Job)
            .where(Job.kind == kind, Job.state == "pending")
            .values(due_at=utcnow())
            .execution_options(synchronize_session=False)
        )
    worker.run_due()


def calls_to(emulator: Emulator, ending: str) -> int:
    """How often a provider's operation was asked."""
    calls: Any = emulator.control("GET", "/calls")["calls"]
    return sum(1 for call in calls if call["path"].endswith(ending))

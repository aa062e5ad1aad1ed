"""`kill -9` at random moments while callbacks are being committed and sent. The receiver's own log is the judge."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.domain.events import record
from app.domain.ids import wire_id
from app.domain.services import Services
from app.models import Event, Job, Onboarding
from tests.bench.nursery import Nursery, nursery
from tests.bench.receiver import receiver
from tests.support.tenants import MadeTenant
from tests.support.worker_process import Plan

KILLS = 100
CONTROL_KILLS = 20
WORKERS = 2
LEASE_SECONDS = 3.0
SETTLE_SECONDS = 40.0

pytestmark = pytest.mark.timeout(170)


@dataclass
class Ledger:
    """The events that were committed, and those whose transaction was rolled back."""

    committed: set[str] = field(default_factory=set)
    rolled_back: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Verdict:
    """What the receiver's log says of a ledger."""

    lost: int
    from_nowhere: int
    duplicates: int


class UndoError(Exception):
    """Rolls a transaction back."""


def judge(ledger: Ledger, received: list[str]) -> Verdict:
    """Each committed event at least once, no other at all."""
    seen = Counter(received)
    return Verdict(
        lost=len(ledger.committed - set(seen)),
        from_nowhere=len(set(seen) - ledger.committed),
        duplicates=sum(seen.values()) - len(seen),
    )


def write_one(tenant: MadeTenant, onboarding_id: object, ledger: Ledger) -> None:
    """One event in one transaction; every fifth is rolled back."""
    with suppress(UndoError), tenant.services.database.session(tenant.scope) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        name = wire_id("event", record(session, onboarding, "onboarding.step_completed").id)
        if random.random() < 0.2:
            ledger.rolled_back.add(name)
            raise UndoError
    if name not in ledger.rolled_back:
        ledger.committed.add(name)


@contextmanager
def writing(tenant: MadeTenant, ledger: Ledger) -> Iterator[None]:
    """Events without pause, about as fast as they can be told."""
    over = threading.Event()
    onboarding_id, _ = tenant.onboard()
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        ledger.committed |= {wire_id("event", event_id) for event_id in session.scalars(select(Event.id))}

    def write() -> None:
        while not over.is_set():
            write_one(tenant, onboarding_id, ledger)
            time.sleep(random.uniform(0.0, 0.03))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def kill_at_random(workers: Nursery, kills: int) -> None:
    """Some run all the time; one of them dies, and another takes its place."""
    alive = [workers.start() for _ in range(WORKERS)]
    for _ in range(kills):
        time.sleep(random.uniform(0.03, 0.3))
        workers.kill(alive.pop(random.randrange(len(alive))))
        alive.append(workers.start())


def open_jobs(services: Services) -> int:
    """How many jobs are to be done now."""
    with services.database.session(read_only=True) as session:
        pending = select(func.count()).select_from(Job).where(Job.state == "pending", Job.kind != "onboarding.expire")
        return session.scalar(pending) or 0


def ordeal(tenant: MadeTenant, plan: Plan, folder: Path, kills: int) -> tuple[Ledger, list[str]]:
    """Write, send and kill; then let one worker finish."""
    ledger = Ledger()
    with receiver(folder) as tenants_server, nursery(plan) as workers:
        tenant.endpoint(tenants_server.url)
        with writing(tenant, ledger):
            kill_at_random(workers, kills)
        deadline = time.monotonic() + SETTLE_SECONDS
        while open_jobs(tenant.services):
            assert time.monotonic() < deadline, "jobs are left over"
            time.sleep(0.1)
        return ledger, tenants_server.received()


def plan_of(services: Services, **more: object) -> Plan:
    """A worker on the test's own database."""
    url = services.database.engine.url.render_as_string(hide_password=False)
    return Plan(database_url=url, lease_seconds=LEASE_SECONDS, **more)  # type: ignore[arg-type]


def told(tenant: MadeTenant, plan: Plan, folder: Path, kills: int) -> Verdict:
    """The ordeal, its figures printed, and what came of it."""
    started = time.monotonic()
    ledger, received = ordeal(tenant, plan, folder, kills)
    verdict = judge(ledger, received)
    kind = tenant.services.database.engine.dialect.name
    print(
        f"\nkill -9 on {kind}, {WORKERS} workers x {plan.threads} threads: {kills} kills, "
        f"{len(ledger.committed)} committed, {len(ledger.rolled_back)} rolled back, {len(received)} received, "
        f"{verdict.lost} lost, {verdict.from_nowhere} from nowhere, {verdict.duplicates} twice, "
        f"{time.monotonic() - started:.0f} s"
    )
    return verdict


@pytest.mark.parametrize("threads", [1, 4])
def test_nothing_committed_is_lost(tenant: MadeTenant, tmp_path: Path, threads: int) -> None:
    verdict = told(tenant, plan_of(tenant.services, threads=threads), tmp_path, KILLS)
    assert (verdict.lost, verdict.from_nowhere) == (0, 0)
    # What a killed process had sent but not recorded is sent again: at most one for each of its threads.
    assert verdict.duplicates <= KILLS * threads


def test_the_judge_notices_a_worker_that_acknowledges_first(tenant: MadeTenant, tmp_path: Path) -> None:
    verdict = told(tenant, plan_of(tenant.services, threads=4, acknowledge_first=True), tmp_path, CONTROL_KILLS)
    assert verdict.lost > 0


def test_the_judge_counts() -> None:
    assert judge(Ledger({"a", "b"}), ["b", "c", "b", "b"]) == Verdict(lost=1, from_nowhere=1, duplicates=2)

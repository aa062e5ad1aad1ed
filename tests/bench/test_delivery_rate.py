"""Callbacks a second from one worker, from committed event to recorded answer, by a fast and by a slow receiver."""

import time
from pathlib import Path

import pytest

from app.domain.events import record
from app.models import Onboarding
from tests.bench.nursery import nursery
from tests.bench.receiver import receiver
from tests.bench.test_kill_worker import open_jobs
from tests.support.tenants import MadeTenant
from tests.support.worker_process import Plan

SLOW_SECONDS = 0.2

pytestmark = pytest.mark.timeout(170)


def write_events(tenant: MadeTenant, count: int) -> None:
    """So many events of one onboarding, its first one included."""
    onboarding_id, _ = tenant.onboard()
    with tenant.services.database.session(tenant.scope) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        for _ in range(count - 1):
            record(session, onboarding, "onboarding.step_completed")


@pytest.mark.parametrize(
    ("seconds", "threads", "count"), [(0.0, 1, 200), (0.0, 8, 600), (SLOW_SECONDS, 8, 150), (SLOW_SECONDS, 64, 800)]
)
def test_callbacks_a_second(tenant: MadeTenant, tmp_path: Path, seconds: float, threads: int, count: int) -> None:
    url = tenant.services.database.engine.url.render_as_string(hide_password=False)
    with receiver(tmp_path, seconds) as tenants_server, nursery(Plan(url, threads=threads)) as workers:
        tenant.endpoint(tenants_server.url)
        write_events(tenant, count)
        started = time.monotonic()
        worker = workers.start()
        while open_jobs(tenant.services):
            assert time.monotonic() - started < 120
            time.sleep(0.05)
        took = time.monotonic() - started
        spent = workers.stop(worker)
        received = tenants_server.received()
    assert len(received) == len(set(received)) == count
    kind = tenant.services.database.engine.dialect.name
    print(
        f"\ncallbacks on {kind}, one worker x {threads} threads, a receiver that takes {seconds * 1000:.0f} ms: "
        f"{count / took:.0f}/s ({count} in {took:.1f} s, {spent / count:.1f} ms of processor time each)"
    )

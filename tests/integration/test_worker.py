"""The worker: outside any transaction, quiet about texts, patient with a database that is away, orderly at its end."""

import datetime as dt
import json
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from app import worker as worker_module
from app.domain.handlers import HANDLERS
from app.domain.jobs import MOST_LOST, RETRY_AFTER, ClaimedJob, Retry, enqueue
from app.domain.services import Services
from app.models import Job, utcnow
from app.models.session import transaction_open
from app.providers.webhook_sender import send_webhook
from app.worker import IDLE_SECONDS, Worker

CANARY = "Maria Ortiz 4155550011"
ROOT = Path(__file__).parents[2]


def add(services: Services, count: int = 1, kind: str = "try", **payload: Any) -> None:
    """Jobs that are due."""
    with services.database.session() as session:
        for _ in range(count):
            enqueue(session, kind, None, payload)


def rows(services: Services) -> list[Job]:
    """Every job, oldest first."""
    with services.database.session(read_only=True) as session:
        return list(session.scalars(select(Job).order_by(Job.created_at, Job.id)))


def worked(services: Services, handler: Callable[[Services, ClaimedJob], bool | None]) -> Job:
    """The row of one job after this handler had it once."""
    add(services)
    Worker(services, 1, {"try": handler}).run_due()
    (row,) = rows(services)
    return row


@contextmanager
def running(worker: Worker) -> Iterator[threading.Thread]:
    """The worker in a thread; stopped at the end."""
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield thread
    finally:
        worker.stop()
        thread.join(20)
    assert not thread.is_alive()


def wait_for(fact: Callable[[], bool], seconds: float = 20) -> None:
    """Until it is so; a failure after so many seconds."""
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)


def states(services: Services) -> set[str]:
    """The states there are."""
    return {row.state for row in rows(services)}


def test_every_kind_that_is_written_has_a_handler() -> None:
    """`enqueue(session, "…"` in the product names kinds; each must stand in the table."""
    written = set()
    for path in (ROOT / "app").rglob("*.py"):
        for part in path.read_text(encoding="utf-8").split("enqueue(")[1:]:
            words = part.split('"')
            if words[0].replace("\n", "").replace(" ", "").startswith("session,") and words[0].count(",") == 1:
                written.add(words[1])
    assert {"event.publish", "callback.deliver", "onboarding.expire"} <= written
    assert written <= set(HANDLERS)


# ---------- Handlers ----------


def test_handlers_run_outside_any_transaction(services: Services) -> None:
    seen = []
    assert worked(services, lambda _services, _job: seen.append(transaction_open())).state == "done"
    assert seen == [False]


def test_a_provider_refuses_while_a_transaction_is_open(services: Services) -> None:
    def careless(services: Services, _job: ClaimedJob) -> None:
        with services.database.session(read_only=True):
            send_webhook("http://127.0.0.1:9/", {}, b"{}", allow_private=True)

    row = worked(services, careless)
    assert row.state == "pending"
    assert row.last_error == "RuntimeError"


def test_a_fault_is_noted_by_its_type_alone(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    def faulty(_services: Services, _job: ClaimedJob) -> None:
        raise ValueError(CANARY)

    with caplog.at_level(logging.DEBUG):
        row = worked(services, faulty)
    assert (row.state, row.last_error) == ("pending", "ValueError")
    assert "ValueError" in caplog.text
    assert "Maria" not in caplog.text
    assert "4155550011" not in caplog.text


def test_an_unknown_kind_is_kept_for_a_worker_that_knows_it(services: Services) -> None:
    add(services, kind="newer")
    Worker(services, 1, {}).run_due()
    (row,) = rows(services)
    assert (row.state, row.last_error) == ("pending", "KeyError")


@pytest.mark.parametrize(("after", "wait"), [(7.5, 7.5), (None, RETRY_AFTER[0])])
def test_a_handler_may_ask_for_another_try(services: Services, after: float | None, wait: float) -> None:
    def later(_services: Services, _job: ClaimedJob) -> None:
        raise Retry("busy", after)

    row = worked(services, later)
    assert row.last_error == "busy"
    assert (row.due_at - utcnow()).total_seconds() == pytest.approx(wait, abs=1)


def test_what_a_handler_recorded_itself_is_not_recorded_twice(services: Services) -> None:
    row = worked(services, lambda _services, _job: True)
    assert (row.state, row.lease_token is not None) == ("pending", True)


# ---------- The loop ----------


def test_all_threads_work_at_once(services: Services) -> None:
    together = threading.Barrier(4)

    def meet(_services: Services, _job: ClaimedJob) -> None:
        together.wait(10)

    add(services, 8)
    with running(Worker(services, 4, {"try": meet})):
        wait_for(lambda: states(services) == {"done"})


def test_many_short_jobs_do_not_wait_for_the_clock(services: Services) -> None:
    add(services, 60)
    started = time.monotonic()
    with running(Worker(services, 2, {"try": lambda _services, _job: time.sleep(0.02)})):
        wait_for(lambda: states(services) == {"done"})
    assert time.monotonic() - started < 20 * IDLE_SECONDS, "it slept between full batches"


def test_receivers_that_hang_do_not_hold_up_what_consumers_wait_for(services: Services) -> None:
    release = threading.Event()
    hanging: list[int] = []

    def hang(_services: Services, _job: ClaimedJob) -> None:
        hanging.append(1)
        release.wait(20)

    add(services, 12, kind="callback.deliver")
    handlers = {"callback.deliver": hang, "try": lambda _services, _job: None}
    with running(Worker(services, 4, handlers)):
        try:
            wait_for(lambda: len(hanging) == 3)
            add(services, 3)
            wait_for(lambda: {row.state for row in rows(services) if row.kind == "try"} == {"done"}, 5)
            assert len(hanging) == 3
        finally:
            release.set()
        wait_for(lambda: states(services) == {"done"})


def test_an_idle_worker_asks_a_few_times_a_second(services: Services) -> None:
    seen: list[str] = []
    event.listen(services.database.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    with running(Worker(services, 8)):
        wait_for(lambda: bool(seen))
        time.sleep(0.2)
        seen.clear()
        time.sleep(2)
        asked = len([statement for statement in seen if "jobs" in statement])
    assert 2 <= asked <= 2 / IDLE_SECONDS + 1


def test_a_long_job_keeps_its_lease(services: Services) -> None:
    runs: list[int] = []

    def long(_services: Services, _job: ClaimedJob) -> None:
        runs.append(1)
        time.sleep(2.5)

    add(services)
    lease = dt.timedelta(seconds=1)
    with (
        running(Worker(services, 2, {"try": long}, lease=lease)),
        running(Worker(services, 2, {"try": long}, lease=lease)),
    ):
        wait_for(lambda: states(services) == {"done"})
    assert runs == [1]


def test_a_lease_is_kept_while_the_worker_ends(services: Services) -> None:
    runs: list[int] = []

    def long(_services: Services, _job: ClaimedJob) -> None:
        runs.append(1)
        time.sleep(2.5)

    add(services)
    lease = dt.timedelta(seconds=1)
    with ExitStack() as others:
        with running(Worker(services, 1, {"try": long}, lease=lease)):
            wait_for(lambda: bool(runs))
            others.enter_context(running(Worker(services, 1, {"try": long}, lease=lease)))
        # It was told to stop at once, and finished while the other was asking for work.
        (row,) = rows(services)
        assert (runs, row.state, row.attempts) == ([1], "done", 1)


def test_a_database_that_is_away_for_a_while_stops_no_worker(
    services: Services, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    away = [OperationalError(f"SELECT {CANARY}", {}, Exception(CANARY)) for _ in range(3)]
    real = worker_module.claim

    def claim(*given: Any, **named: Any) -> list[ClaimedJob]:
        if away:
            raise away.pop()
        return real(*given, **named)

    monkeypatch.setattr(worker_module, "claim", claim)
    add(services)
    with running(Worker(services, 1, {"try": lambda _services, _job: None})):
        wait_for(lambda: states(services) == {"done"})
    assert "OperationalError" in caplog.text
    assert "Maria" not in caplog.text


# ---------- The end ----------


@contextmanager
def worker_process(**plan: Any) -> Iterator[subprocess.Popen[str]]:
    """A real process that works."""
    command = [sys.executable, "-m", "tests.support.worker_process", json.dumps(plan)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_after_what_is_under_way(
    services: Services, database_url: str, tmp_path: Path, number: signal.Signals
) -> None:
    if "sqlite" not in database_url:
        database_url = services.database.engine.url.render_as_string(hide_password=False)
    for name in "abcd":
        add(
            services,
            kind="slow",
            started=str(tmp_path / f"{name}.started"),
            finished=str(tmp_path / f"{name}.finished"),
        )
    with worker_process(database_url=database_url, threads=2, slow_seconds=1.5) as process:
        wait_for(lambda: len(list(tmp_path.glob("*.started"))) == 2)
        sent = time.monotonic()
        process.send_signal(number)
        output, errors = process.communicate(timeout=20)
        took = time.monotonic() - sent
    assert (process.returncode, output, errors) == (0, "ended\n", "")
    assert 0.5 < took < 10
    # Two were finished and recorded, two were never begun.
    assert len(list(tmp_path.glob("*.started"))) == len(list(tmp_path.glob("*.finished"))) == 2
    found = rows(services)
    assert sorted(row.state for row in found) == ["done", "done", "pending", "pending"]
    assert all(row.attempts == (row.state == "done") for row in found)
    assert all(row.lease_token is None for row in found)


def test_an_idle_worker_ends_at_once(database_url: str, services: Services) -> None:
    with worker_process(database_url=database_url, threads=2) as process:
        sent = time.monotonic()
        process.terminate()
        output, errors = process.communicate(timeout=20)
    assert (process.returncode, output, errors) == (0, "ended\n", "")
    assert time.monotonic() - sent < 3


def test_what_no_worker_survives_is_given_up_and_said(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    add(services, note=CANARY)
    with services.database.session() as session:
        (job,) = session.scalars(select(Job))
        job.open_claims, job.lease_until = MOST_LOST, utcnow() - dt.timedelta(seconds=1)
    with running(Worker(services, 1, {"try": lambda _services, _job: None})):
        wait_for(lambda: states(services) == {"dead"})
    assert f"job try {job.id} was given up: no worker survived it" in caplog.text
    assert CANARY not in caplog.text

"""The queue: written with its cause, claimed by lease, settled by fencing token, tried again by a schedule."""

import datetime as dt
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import time_machine
from click.testing import Result
from flask import Flask
from sqlalchemy import event, select

from app.domain import jobs
from app.domain.jobs import (
    KEEP_DONE,
    LEASE,
    MOST_LOST,
    RETRY_AFTER,
    ClaimedJob,
    claim,
    dead_jobs,
    enqueue,
    finish,
    give_up_lost,
    renew,
    revive,
    try_again,
)
from app.domain.services import Services
from app.domain.upkeep import sweep
from app.models import Event, Job
from tests.support.tenants import MadeTenant

NOW = dt.datetime(2030, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


def add(services: Services, *names: str, **more: Any) -> None:
    """Jobs of kind `try`, all due at once unless said otherwise."""
    with services.database.session() as session:
        for name in names:
            enqueue(session, "try", None, {"name": name}, **more)


def take(services: Services, limit: int = 10, **more: Any) -> list[ClaimedJob]:
    """A claim in a transaction of its own."""
    with services.database.session() as session:
        return claim(session, limit, **more)


def rows(services: Services) -> list[Job]:
    """Every job."""
    with services.database.session(read_only=True) as session:
        return list(session.scalars(select(Job).order_by(Job.created_at, Job.id)))


def only(services: Services) -> Job:
    """The one job there is."""
    (row,) = rows(services)
    return row


def names(taken: list[ClaimedJob]) -> list[str]:
    """What was claimed, in order."""
    return [job.payload["name"] for job in taken]


@contextmanager
def at(seconds: float) -> Iterator[None]:
    """So many seconds after NOW."""
    with time_machine.travel(NOW + dt.timedelta(seconds=seconds), tick=False):
        yield


# ---------- Written with its cause ----------


def test_a_change_and_its_job_are_kept_together(tenant: MadeTenant) -> None:
    tenant.onboard()
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        events = set(session.scalars(select(Event.id)))
    publish = [row for row in rows(tenant.services) if row.kind == "event.publish"]
    assert {uuid.UUID(row.payload["event_id"]) for row in publish} == events
    assert all((row.tenant_id, row.mode) == (tenant.scope.tenant_id, "test") for row in publish)


def test_what_is_rolled_back_leaves_no_job(services: Services, tenant: MadeTenant) -> None:
    before = len(rows(services))
    with pytest.raises(ZeroDivisionError), services.database.session(tenant.scope) as session:
        enqueue(session, "try", tenant.scope, {"name": "never"})
        raise ZeroDivisionError
    assert len(rows(services)) == before


def test_a_second_job_with_the_same_key_changes_nothing(services: Services) -> None:
    add(services, "first", dedupe_key="once")
    add(services, "second", dedupe_key="once")
    assert only(services).payload == {"name": "first"}
    (job,) = take(services)
    with services.database.session() as session:
        finish(session, job)
    add(services, "third", dedupe_key="once")
    assert only(services).state == "done"
    add(services, "a", "b")
    assert len(rows(services)) == 3


# ---------- Claiming ----------


def test_claims_are_batches_of_what_is_due_oldest_first(services: Services) -> None:
    with at(0):
        for seconds in (-5, -30, -10, 60):
            add(services, str(seconds), due_at=NOW + dt.timedelta(seconds=seconds))
        assert names(take(services, 2)) == ["-30", "-10"]
        assert names(take(services, 2)) == ["-5"]
        assert take(services) == []
    with at(LEASE.total_seconds() + 1):
        assert names(take(services, 2)) == ["-30", "-10"], "their leases ran out"
        assert names(take(services)) == ["-5", "60"]


def test_a_batch_is_one_statement_on_both_databases(services: Services) -> None:
    add(services, *"abcdefgh")
    seen: list[str] = []
    event.listen(services.database.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    assert len(take(services, 8)) == 8
    written = [statement for statement in seen if "UPDATE jobs" in statement]
    assert len(written) == 1
    assert len(seen) <= 2, "nothing but BEGIN beside it"
    locked = "SKIP LOCKED" in written[0]
    assert locked is (services.database.engine.dialect.name == "postgresql")


def test_kinds_can_be_left_out(services: Services) -> None:
    add(services, "a")
    assert take(services, without={"try"}) == []
    assert names(take(services, without={"other"})) == ["a"]


def test_a_claim_carries_whose_work_it_is(services: Services, tenant: MadeTenant) -> None:
    with services.database.session(tenant.scope) as session:
        enqueue(session, "try", tenant.scope, {"name": "a"})
    assert [job.scope for job in take(services)] == [tenant.scope]


def test_workers_at_once_never_hold_the_same_job(services: Services) -> None:
    add(services, *(str(number) for number in range(120)))
    held: list[list[str]] = [[] for _ in range(6)]
    start = threading.Barrier(6)

    def work(mine: list[str]) -> None:
        start.wait()
        while taken := take(services, 7):
            mine.extend(names(taken))

    threads = [threading.Thread(target=work, args=(mine,)) for mine in held]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    everything = [name for mine in held for name in mine]
    assert len(everything) == 120, "each once"
    assert set(everything) == {str(number) for number in range(120)}


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_a_claim_under_way_is_stepped_over(services: Services) -> None:
    add(services, "a", "b", "c")
    with services.database.session() as first:
        assert len(claim(first, 2)) == 2
        # The other worker neither waits for that transaction nor sees its jobs.
        assert len(take(services)) == 1


# ---------- Leases and fencing ----------


def test_a_lease_that_runs_out_is_taken_by_another(services: Services) -> None:
    with at(0):
        add(services, "a")
        (first,) = take(services)
    with at(LEASE.total_seconds() - 1):
        assert take(services) == []
    with at(LEASE.total_seconds() + 1):
        (second,) = take(services)
    assert second.id == first.id
    assert second.lease_token != first.lease_token
    assert (first.attempts, second.attempts) == (1, 2)


@pytest.mark.parametrize("late", [finish, renew, lambda session, job: try_again(session, job, "error")])
def test_who_lost_the_lease_settles_nothing(services: Services, late: Any) -> None:
    with at(0):
        add(services, "a")
        (first,) = take(services)
    with at(LEASE.total_seconds() + 1):
        (second,) = take(services)
        before = only(services)
        with services.database.session() as session:
            assert late(session, first) is False
        after = only(services)
        assert (after.state, after.lease_token, after.lease_until) == (
            "pending",
            second.lease_token,
            before.lease_until,
        )
        with services.database.session() as session:
            assert finish(session, second) is True
            assert finish(session, second) is False
    row = only(services)
    assert (row.state, row.lease_token, row.lease_until) == ("done", None, None)


def test_a_lease_can_be_lengthened(services: Services) -> None:
    with at(0):
        add(services, "a")
        (job,) = take(services)
    with at(40), services.database.session() as session:
        assert renew(session, job) is True
    with at(90):
        assert take(services) == []
    with at(101):
        assert len(take(services)) == 1


def test_a_lease_may_be_short(services: Services) -> None:
    with at(0):
        add(services, "a")
        take(services, lease=dt.timedelta(seconds=2))
    with at(3):
        assert len(take(services)) == 1


# ---------- Trying again ----------


def test_the_schedule_is_kept_in_the_row_and_ends(services: Services) -> None:
    moment = 0.0
    with at(moment):
        add(services, "a")
    for wait in RETRY_AFTER:
        with at(moment):
            (job,) = take(services)
            with services.database.session() as session:
                try_again(session, job, "OperationalError")
            row = only(services)
        assert row.due_at == NOW + dt.timedelta(seconds=moment + wait)
        assert (row.state, row.last_error, row.lease_token) == ("pending", "OperationalError", None)
        with at(moment + wait - 0.5):
            assert take(services) == []
        moment += wait
    with at(moment):
        (job,) = take(services)
        with services.database.session() as session:
            try_again(session, job, "OperationalError")
    row = only(services)
    assert (row.state, row.attempts) == ("dead", len(RETRY_AFTER) + 1)
    assert row.finished_at is not None
    with at(moment + 10 * LEASE.total_seconds()):
        assert take(services) == []


def test_a_planned_try_forgets_earlier_faults(services: Services) -> None:
    moment = 0.0
    with at(moment):
        add(services, "a")
    for _ in range(3 * len(RETRY_AFTER)):
        with at(moment):
            (job,) = take(services)
            with services.database.session() as session:
                assert jobs.try_as_planned(session, job, "status 500", 30) is True
        assert only(services).due_at == NOW + dt.timedelta(seconds=moment + 30)
        moment += 30
    with at(moment):
        (job,) = take(services)
        with services.database.session() as session:
            try_again(session, job, "OperationalError")
    assert only(services).state == "pending"


# ---------- Dead ones ----------


def test_an_operator_finds_dead_jobs_and_gives_them_another_try(app: Flask, services: Services) -> None:
    def run(*arguments: str) -> Result:
        return app.test_cli_runner().invoke(args=["jobs", *arguments])

    add(services, "a", "b")
    with services.database.session() as session:
        dead = session.scalars(select(Job).order_by(Job.created_at)).first()
        assert dead is not None
        dead.state, dead.attempts, dead.last_error, dead.finished_at = "dead", 9, "OperationalError", NOW
    assert run("dead").output == f"{dead.id}  try  2030-01-02 03:04:05  OperationalError\n"
    other = next(row for row in rows(services) if row.id != dead.id)
    for wrong in (other.id, uuid.uuid4()):
        refused = run("retry", str(wrong))
        assert (refused.exit_code, refused.output) == (1, f"Error: There is no dead job {wrong}.\n")
    assert run("retry", str(dead.id)).output == "It is due now.\n"
    assert run("dead").output == ""
    assert sorted(names(take(services))) == ["a", "b"]
    assert {row.attempts for row in rows(services)} == {1}


# ---------- Upkeep ----------


def test_finished_jobs_go_after_a_week_and_dead_ones_stay(services: Services) -> None:
    with at(0):
        add(services, "done", "dead", "waiting")
        done, dead, waiting = take(services)
        with services.database.session() as session:
            finish(session, done)
            session.get_one(Job, dead.id).state = "dead"
    for seconds, left in ((KEEP_DONE.total_seconds() - 5, 3), (KEEP_DONE.total_seconds() + 5, 2)):
        with at(seconds), services.database.session() as session:
            sweep(session)
        assert len(rows(services)) == left
    assert {row.id for row in rows(services)} == {dead.id, waiting.id}


# ---------- Jobs that take their worker along ----------


def test_a_job_that_kills_each_worker_is_given_up_after_eight(services: Services) -> None:
    add(services, "deadly", "harmless")
    for number in range(MOST_LOST):
        with at(number * (LEASE.total_seconds() + 1)):
            taken = take(services)
            with services.database.session() as session:
                assert give_up_lost(session) == []
                for job in taken:
                    if job.payload["name"] == "harmless":
                        # What ended by itself, however badly, is no killer.
                        try_again(session, job, "OperationalError", after=0)
    with at(MOST_LOST * (LEASE.total_seconds() + 1)):
        assert names(take(services)) == ["harmless"]
        with services.database.session() as session:
            assert [job.payload["name"] for job in give_up_lost(session)] == ["deadly"]
    deadly, harmless = rows(services)
    assert (deadly.state, deadly.last_error, deadly.lease_token) == ("dead", "worker_died", None)
    assert harmless.state == "pending"
    with services.database.session() as session:
        assert [job.id for job in dead_jobs(session)] == [deadly.id]
        assert revive(session, deadly.id)
    with at(MOST_LOST * (LEASE.total_seconds() + 1)):
        assert names(take(services)) == ["deadly"], "an operator can give it all its claims again"


def test_the_last_claim_still_has_its_time(services: Services) -> None:
    with at(0):
        add(services, "slow")
    for number in range(MOST_LOST):
        with at(number * (LEASE.total_seconds() + 1)):
            (job,) = take(services)
    with at((MOST_LOST - 1) * (LEASE.total_seconds() + 1) + 30), services.database.session() as session:
        assert give_up_lost(session) == []
        assert finish(session, job) is True
    assert only(services).state == "done"

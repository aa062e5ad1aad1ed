"""Delivery over real HTTP: every try signed anew, patience and its end, crashes and late workers, private addresses."""

import datetime as dt
import json
import shutil
import subprocess
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from standardwebhooks import Webhook

from app.assets import ROOT
from app.domain import callbacks
from app.domain.callbacks import SCHEDULE, deliver_callback
from app.domain.events import record
from app.domain.ids import wire_id
from app.domain.jobs import LEASE, ClaimedJob, claim
from app.models import Delivery, DeliveryAttempt, Job, Onboarding, WebhookEndpoint
from app.models.vault import vault
from app.providers.webhook_sender import DEADLINE_SECONDS
from app.worker import Worker
from tests.conftest import missing
from tests.contract.raw_server import drip, raw_server, reply
from tests.support.local_server import Received, Reply, local_server
from tests.support.tenants import MadeTenant

NOW = dt.datetime(2030, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@contextmanager
def at(moment: dt.datetime) -> Iterator[None]:
    """Then."""
    with time_machine.travel(moment, tick=False):
        yield


@pytest.fixture
def onboarding_id(tenant: MadeTenant, worker: Worker) -> uuid.UUID:
    """An onboarding whose first events were told before there was an endpoint."""
    with at(NOW - DAY):
        made, _ = tenant.onboard(expires_in=dt.timedelta(days=90))
        worker.run_due()
    assert isinstance(made, uuid.UUID)
    return made


def happen(tenant: MadeTenant, onboarding_id: uuid.UUID) -> str:
    """Something worth telling; its id as the receiver sees it."""
    with tenant.services.database.session(tenant.scope) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        return wire_id("event", record(session, onboarding, "onboarding.step_completed").id)


def found(tenant: MadeTenant, model: Any) -> list[Any]:
    """Rows of one table, oldest first."""
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        return list(session.scalars(select(model).order_by(model.created_at, model.id)))


def job(tenant: MadeTenant) -> Job:
    """The newest delivery's job."""
    return [row for row in found(tenant, Job) if row.kind == "callback.deliver"][-1]


def one_try(tenant: MadeTenant, onboarding_id: uuid.UUID, worker: Worker, reply: Reply) -> float:
    """Tell it once to a receiver that answers so; seconds until it is told again."""
    with local_server(lambda _request: reply) as receiver, at(NOW):
        tenant.endpoint(receiver.url)
        happen(tenant, onboarding_id)
        worker.run_due()
        assert len(receiver.received) == 1
    return (job(tenant).due_at - NOW).total_seconds()


# ---------- What is sent ----------


def test_each_try_has_the_same_id_and_a_signature_of_its_own_time(
    tenant: MadeTenant, onboarding_id: uuid.UUID, worker: Worker
) -> None:
    moment = NOW
    with local_server(lambda _request: Reply(500)) as receiver:
        secret = tenant.endpoint(receiver.url)
        with at(moment):
            name = happen(tenant, onboarding_id)
        for _ in range(4):
            with at(moment):
                worker.run_due()
                Webhook(secret).verify(receiver.received[-1].body.decode(), receiver.received[-1].headers)
            moment = job(tenant).due_at
    headers = [request.headers for request in receiver.received]
    assert [each["webhook-id"] for each in headers] == [name] * 4
    assert len({each["webhook-timestamp"] for each in headers}) == 4
    assert len({each["webhook-signature"] for each in headers}) == 4
    assert len({request.body for request in receiver.received}) == 1


def test_the_javascript_package_verifies_it_too(tenant: MadeTenant, onboarding_id: uuid.UUID, worker: Worker) -> None:
    node = shutil.which("node") or shutil.which("node", path=str(ROOT / ".venv" / "bin"))
    if node is None or not (ROOT / "node_modules" / "standardwebhooks").is_dir():
        missing("no Node, or `npm ci` was not run")
    with local_server() as receiver:
        secret = tenant.endpoint(receiver.url)
        happen(tenant, onboarding_id)
        worker.run_due()
    (request,) = receiver.received
    script = """
        const { Webhook } = require("standardwebhooks");
        const given = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
        console.log(new Webhook(given.secret).verify(given.body, given.headers).type);
    """

    def verify(body: str) -> subprocess.CompletedProcess[str]:
        given = json.dumps({"secret": secret, "body": body, "headers": request.headers})
        return subprocess.run([str(node), "-e", script], cwd=ROOT, input=given, text=True, capture_output=True)

    assert verify(request.body.decode()).stdout == "onboarding.step_completed\n"
    assert verify(request.body.decode() + " ").returncode != 0


def test_what_the_receiver_answers_is_kept_sealed(tenant: MadeTenant, onboarding_id: uuid.UUID, worker: Worker) -> None:
    one_try(tenant, onboarding_id, worker, Reply(500, b"no such member: Maria Ortiz"))
    (attempt,) = found(tenant, DeliveryAttempt)
    assert b"Maria" not in attempt.answer_sealed
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        assert vault(session).open(session.get_one(DeliveryAttempt, attempt.id), "answer").endswith("Maria Ortiz")
    assert (attempt.http_status, attempt.error, job(tenant).last_error) == (500, None, "status 500")


# ---------- Patience ----------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_its_target_is_never_asked(
    tenant: MadeTenant, onboarding_id: uuid.UUID, worker: Worker, status: int
) -> None:
    with local_server() as second:
        one_try(tenant, onboarding_id, worker, Reply(status, headers={"Location": f"{second.url}/"}))
        assert second.received == []
    assert [delivery.status for delivery in found(tenant, Delivery)] == ["pending"]


@pytest.mark.parametrize(
    ("asked", "lowest", "highest"),
    [
        ("0", 4, 6),
        ("3", 4, 6),
        ("40", 40, 40),
        ("Wed, 02 Jan 2030 03:04:45 GMT", 40, 40),
        ("86400", 70, 70),
        ("soon", 4, 6),
    ],
)
def test_retry_after_is_honoured_within_bounds(
    tenant: MadeTenant, onboarding_id: uuid.UUID, worker: Worker, asked: str, lowest: float, highest: float
) -> None:
    wait = one_try(tenant, onboarding_id, worker, Reply(429, headers={"Retry-After": asked}))
    assert lowest <= wait <= highest


def test_the_waits_differ_by_a_fifth(tenant: MadeTenant, onboarding_id: uuid.UUID, worker: Worker) -> None:
    with local_server(lambda _request: Reply(503)) as receiver, at(NOW):
        tenant.endpoint(receiver.url)
        for _ in range(12):
            happen(tenant, onboarding_id)
        worker.run_due()
    due = [row.due_at for row in found(tenant, Job) if row.kind == "callback.deliver"]
    waits = [(each - NOW).total_seconds() for each in due]
    assert all(0.8 * SCHEDULE[0] <= wait <= 1.2 * SCHEDULE[0] for wait in waits)
    assert len(set(waits)) == 12


def test_a_receiver_that_drips_is_cut_off(
    tenant: MadeTenant, onboarding_id: uuid.UUID, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert DEADLINE_SECONDS == 15
    monkeypatch.setattr(callbacks, "send_webhook", partial(callbacks.send_webhook, seconds=0.4))
    with raw_server(drip(reply(b"x" * 400))) as slow:
        tenant.endpoint(f"{slow.url}/")
        happen(tenant, onboarding_id)
        worker.run_due()
    (attempt,) = found(tenant, DeliveryAttempt)
    assert (attempt.http_status, attempt.error) == (None, "timeout")
    assert 300 < attempt.latency_ms < 3000
    assert job(tenant).state == "pending"


# ---------- Its end ----------


def _days(
    tenant: MadeTenant, onboarding_id: uuid.UUID, worker: Worker, replies: list[int], told: list[Received]
) -> list[str | None]:
    """One event a day, answered by one status that day; after each day why the endpoint was disabled, if it was."""
    reasons = []
    answers = {"today": 0}
    with local_server(lambda _request: Reply(answers["today"])) as receiver:
        tenant.endpoint(receiver.url)
        for day, status in enumerate(replies):
            answers["today"] = status
            with at(NOW + day * DAY):
                happen(tenant, onboarding_id)
                worker.run_due()
            reasons.append(found(tenant, WebhookEndpoint)[0].disabled_reason)
        told += receiver.received
    return reasons


def test_five_days_of_failures_alone_disable_an_endpoint(
    tenant: MadeTenant, onboarding_id: uuid.UUID, worker: Worker
) -> None:
    told: list[Received] = []
    reasons = _days(tenant, onboarding_id, worker, [500] * 8, told)
    assert reasons == [None] * 5 + ["failing"] * 3
    # What still waited is given up, and nothing new is begun.
    before = len(told)
    with at(NOW + 9 * DAY):
        worker.run_due()
    assert len(told) == before
    assert {delivery.status for delivery in found(tenant, Delivery)} == {"failed"}
    # The older ones come first on the sixth day, so for the event of that day there was nobody left to tell.
    assert len(found(tenant, Delivery)) == 5
    assert all(row.state == "done" for row in found(tenant, Job) if row.kind != "onboarding.expire")


def test_one_success_begins_the_five_days_anew(tenant: MadeTenant, onboarding_id: uuid.UUID, worker: Worker) -> None:
    replies = [500, 500, 500, 500, 204, 500, 500, 500, 500, 500, 500]
    assert _days(tenant, onboarding_id, worker, replies, []) == [None] * 10 + ["failing"]


def test_gone_disables_at_once(tenant: MadeTenant, onboarding_id: uuid.UUID, worker: Worker) -> None:
    assert _days(tenant, onboarding_id, worker, [410, 204], []) == ["gone", "gone"]
    assert [delivery.status for delivery in found(tenant, Delivery)] == ["failed"]


def test_a_success_at_the_same_moment_keeps_the_endpoint(
    tenant: MadeTenant, onboarding_id: uuid.UUID, worker: Worker
) -> None:
    database, asked, held = tenant.services.database, threading.Event(), threading.Event()

    def refuse(_request: Received) -> Reply:
        asked.set()
        held.wait(10)
        return Reply(500)

    with local_server(refuse) as receiver:
        tenant.endpoint(receiver.url)
        with database.session(tenant.scope) as session:
            endpoint = session.scalars(select(WebhookEndpoint)).one()
            endpoint.first_failure_at = dt.datetime.now(dt.UTC) - 6 * DAY
        happen(tenant, onboarding_id)
        thread = threading.Thread(target=worker.run_due)
        with database.session() as session:
            (publish,) = claim(session, 10)
        worker.work(publish)
        # Another worker has just had a success, and commits while this one records its failure.
        thread.start()
        assert asked.wait(10)
        with database.session(tenant.scope) as session:
            session.get_one(WebhookEndpoint, endpoint.id, with_for_update=True).first_failure_at = None
            session.flush()
            held.set()
            thread.join(0.4)
        thread.join(20)
    row = found(tenant, WebhookEndpoint)[0]
    assert row.disabled_at is None
    assert row.first_failure_at is not None


# ---------- Crashes and late workers ----------


def test_a_crash_after_the_answer_tells_it_again_with_the_same_id(
    tenant: MadeTenant, onboarding_id: uuid.UUID, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_given: Any) -> None:
        raise OperationalError("UPDATE", {}, Exception("Maria"))

    with local_server() as receiver:
        tenant.endpoint(receiver.url)
        with at(NOW):
            name = happen(tenant, onboarding_id)
            with monkeypatch.context() as patch:
                patch.setattr(callbacks, "_record_attempt", crash)
                worker.run_due()
        assert (job(tenant).state, job(tenant).last_error) == ("pending", "OperationalError")
        with at(job(tenant).due_at):
            worker.run_due()
    assert [request.headers["webhook-id"] for request in receiver.received] == [name, name]
    assert job(tenant).state == "done"
    assert [delivery.status for delivery in found(tenant, Delivery)] == ["succeeded"]


def test_a_late_worker_changes_nothing_of_the_job(tenant: MadeTenant, onboarding_id: uuid.UUID, worker: Worker) -> None:
    replies = iter([Reply(204), Reply(500)])
    with local_server(lambda _request: next(replies)) as receiver:
        tenant.endpoint(receiver.url)
        with at(NOW):
            happen(tenant, onboarding_id)
            worker.work(_claim_one(tenant))
            late = _claim_one(tenant)
        with at(NOW + 2 * LEASE):
            deliver_callback(tenant.services, _claim_one(tenant))
            assert job(tenant).state == "done"
            deliver_callback(tenant.services, late)
        assert len(receiver.received) == 1, "it was told already"
    assert job(tenant).state == "done"
    assert [delivery.status for delivery in found(tenant, Delivery)] == ["succeeded"]


def _claim_one(tenant: MadeTenant) -> ClaimedJob:
    with tenant.services.database.session() as session:
        (claimed,) = claim(session, 10)
    return claimed


def test_publishing_twice_makes_one_delivery(tenant: MadeTenant, onboarding_id: uuid.UUID, worker: Worker) -> None:
    with local_server() as receiver:
        tenant.endpoint(receiver.url)
        happen(tenant, onboarding_id)
        worker.run_due()
        with tenant.services.database.session() as session:
            for row in session.scalars(select(Job).where(Job.kind != "onboarding.expire")):
                row.state = "pending"
        worker.run_due()
        assert len(receiver.received) == 1
    assert len(found(tenant, Delivery)) == 1
    assert {row.last_error for row in found(tenant, Job)} == {None}


# ---------- Addresses ----------


@pytest.mark.parametrize(
    "where", ["http://127.0.0.1:{port}/", "https://127.0.0.1/", "https://localhost/", "https://own.example/"]
)
def test_private_addresses_are_not_called(
    tenant: MadeTenant, onboarding_id: uuid.UUID, worker: Worker, where: str
) -> None:
    closed = replace(tenant.services, allow_private_callbacks=False, app_url="https://own.example")
    with local_server() as receiver:
        tenant.endpoint(where.format(port=receiver.url.rpartition(":")[2]))
        happen(tenant, onboarding_id)
        Worker(closed, 1).run_due()
        assert receiver.received == []
    (attempt,) = found(tenant, DeliveryAttempt)
    assert (attempt.http_status, attempt.error, job(tenant).last_error) == (None, "blocked", "blocked")

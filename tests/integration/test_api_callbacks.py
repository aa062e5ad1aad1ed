"""Callbacks over real HTTP: signed by Standard Webhooks, thin, tried again, stopped."""

import datetime as dt
import json

import pytest
import time_machine
from sqlalchemy import select
from standardwebhooks import Webhook, WebhookVerificationError

from app.domain.callbacks import SCHEDULE
from app.models import Delivery, DeliveryAttempt, Job, WebhookEndpoint
from app.worker import Worker
from tests.integration.test_api_onboardings import KNOWN, URL, create, share
from tests.support.clients import CheckedClient
from tests.support.local_server import LocalServer, Received, Reply, local_server
from tests.support.tenants import MadeTenant

PERSONAL = ("Maria", "Ortiz", "mail.example", "4155550011", "1975", "0011", "Larkspur", "94577", "canary")


def verified(secret: str, request: Received) -> dict[str, object]:
    """The payload, as the official library reads it."""
    payload: dict[str, object] = Webhook(secret).verify(request.body.decode(), request.headers)
    return payload


def deliveries(tenant: MadeTenant) -> list[Delivery]:
    """All of them, oldest first."""
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.created_at)))


def endpoint_row(tenant: MadeTenant) -> WebhookEndpoint:
    """The one endpoint."""
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        return session.scalars(select(WebhookEndpoint)).one()


def next_due(tenant: MadeTenant) -> float:
    """Seconds until the delivery is tried again."""
    with tenant.services.database.session(read_only=True) as session:
        job = session.scalars(select(Job).where(Job.kind == "callback.deliver", Job.state == "pending")).one()
        return (job.due_at - dt.datetime.now(dt.UTC)).total_seconds()


def test_a_journey_is_told_signed_and_thin(client: CheckedClient, tenant: MadeTenant, worker: Worker) -> None:
    with local_server() as receiver:
        secret = tenant.endpoint(f"{receiver.url}/webhooks")
        made = create(client, tenant, prefill=KNOWN, state="canary", metadata={"a": "canary"})
        share(tenant, made["id"])
        worker.run_due()
        told = [(verified(secret, request), request) for request in receiver.received]
    types = sorted(str(payload["type"]).removeprefix("onboarding.") for payload, _ in told)
    assert types == ["completed", "created", "started", "step_completed", "step_completed"]
    for payload, request in told:
        assert set(payload) == {"type", "timestamp", "data"}
        data = payload["data"]
        assert isinstance(data, dict)
        assert (data["onboarding_id"], data["external_user_id"]) == (made["id"], "member-1")
        assert data["mode"] == "test"
        assert request.headers["content-type"] == "application/json"
        assert request.headers["webhook-id"].startswith("evt_")
        assert not [word for word in PERSONAL if word in request.body.decode()]
    assert len({request.headers["webhook-id"] for _, request in told}) == len(told)
    (completed,) = (payload["data"] for payload, _ in told if payload["type"] == "onboarding.completed")
    assert isinstance(completed, dict)
    assert completed["result_url"] == f"http://localhost:8000{URL}/{made['id']}/result"
    assert client.get(completed["result_url"], headers=tenant.headers).status_code == 200
    assert {delivery.status for delivery in deliveries(tenant)} == {"succeeded"}


def test_another_body_or_secret_does_not_verify(client: CheckedClient, tenant: MadeTenant, worker: Worker) -> None:
    with local_server() as receiver:
        secret = tenant.endpoint(receiver.url)
        create(client, tenant)
        worker.run_due()
    (request,) = receiver.received
    verified(secret, request)
    respelled = json.dumps(json.loads(request.body)).encode()
    with pytest.raises(WebhookVerificationError):
        verified(secret, Received("/", request.headers, respelled))
    with pytest.raises(WebhookVerificationError):
        verified("whsec_" + "A" * 32, request)


def _fail_through(client: CheckedClient, tenant: MadeTenant, worker: Worker, tries: int) -> list[float]:
    """Fail so many times; the waits that followed."""
    create(client, tenant)
    worker.run_due()
    waits = []
    moment = dt.datetime.now(dt.UTC)
    for _ in range(tries):
        with time_machine.travel(moment, tick=False):
            waits.append(next_due(tenant))
            moment += dt.timedelta(seconds=waits[-1] + 1)
        with time_machine.travel(moment, tick=False):
            worker.run_due()
    return waits


def test_it_is_tried_again_by_the_schedule_then_given_up(
    client: CheckedClient, tenant: MadeTenant, worker: Worker
) -> None:
    with local_server(lambda _request: Reply(500)) as receiver:
        secret = tenant.endpoint(receiver.url)
        waits = _fail_through(client, tenant, worker, len(SCHEDULE))
        assert len(receiver.received) == len(SCHEDULE) + 1
    for wait, planned in zip(waits, SCHEDULE, strict=True):
        assert 0.79 * planned - 4 <= wait <= 1.21 * planned + 1
    assert len({request.headers["webhook-id"] for request in receiver.received}) == 1
    assert len({request.headers["webhook-timestamp"] for request in receiver.received}) > 1
    assert [delivery.status for delivery in deliveries(tenant)] == ["failed"]
    first = receiver.received[0]
    with time_machine.travel(int(first.headers["webhook-timestamp"])):
        verified(secret, first)
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        statuses = list(session.scalars(select(DeliveryAttempt.http_status)))
    assert statuses == [500] * (len(SCHEDULE) + 1)


def test_a_success_after_a_failure_ends_it(client: CheckedClient, tenant: MadeTenant, worker: Worker) -> None:
    replies = iter([Reply(503), Reply(302, headers={"Location": "/elsewhere"}), Reply(202)])
    with local_server(lambda _request: next(replies)) as receiver:
        tenant.endpoint(f"{receiver.url}/hook")
        _fail_through(client, tenant, worker, 2)
    # A redirect is a failure and is never followed.
    assert [request.path for request in receiver.received] == ["/hook"] * 3
    (delivery,) = deliveries(tenant)
    assert (delivery.status, delivery.attempts) == ("succeeded", 3)
    assert endpoint_row(tenant).first_failure_at is None


def test_gone_ends_the_endpoint(client: CheckedClient, tenant: MadeTenant, worker: Worker) -> None:
    with local_server(lambda _request: Reply(410)) as receiver:
        tenant.endpoint(receiver.url)
        create(client, tenant)
        worker.run_due()
        create(client, tenant)
        worker.run_due()
        assert len(receiver.received) == 1
    endpoint = endpoint_row(tenant)
    assert endpoint.disabled_at is not None
    assert endpoint.disabled_reason == "gone"
    assert [delivery.status for delivery in deliveries(tenant)] == ["failed"]


def test_patience_is_granted_within_bounds(client: CheckedClient, tenant: MadeTenant, worker: Worker) -> None:
    with local_server(lambda _request: Reply(429, headers={"Retry-After": "30"})) as receiver:
        tenant.endpoint(receiver.url)
        create(client, tenant)
        worker.run_due()
        assert 20 <= next_due(tenant) <= 37
        receiver.answer = lambda _request: Reply(429, headers={"Retry-After": "999999"})
        create(client, tenant, external_user_id="m-2")
        _only_newest(tenant)
        worker.run_due()
        assert next_due(tenant) <= 1.2 * 70 + 1


def _only_newest(tenant: MadeTenant) -> None:
    with tenant.services.database.session() as session:
        for job in session.scalars(select(Job).where(Job.kind == "callback.deliver")):
            job.state = "done"


def test_an_endpoint_gets_what_it_asked_for(client: CheckedClient, tenant: MadeTenant, worker: Worker) -> None:
    with local_server() as receiver:
        _subscribe(tenant, receiver, ["onboarding.canceled"])
        made = create(client, tenant)
        client.post(f"{URL}/{made['id']}/cancel", headers=tenant.headers)
        worker.run_due()
    assert [json.loads(request.body)["type"] for request in receiver.received] == ["onboarding.canceled"]


def _subscribe(tenant: MadeTenant, receiver: LocalServer, types: list[str]) -> None:
    tenant.endpoint(receiver.url)
    with tenant.services.database.session(tenant.scope) as session:
        session.scalars(select(WebhookEndpoint)).one().event_types = types


def test_another_tenant_hears_nothing(
    client: CheckedClient, tenant: MadeTenant, other_tenant: MadeTenant, worker: Worker
) -> None:
    with local_server() as receiver:
        other_tenant.endpoint(receiver.url)
        create(client, tenant)
        worker.run_due()
        assert receiver.received == []

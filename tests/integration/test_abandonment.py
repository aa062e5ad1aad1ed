"""Whoever goes away is called abandoned after the tenant's limit, keeps everything, and goes on by coming back."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from app.domain.onboardings import add_launch_link
from app.models import Job, Onboarding, PlaidItem, utcnow
from app.worker import Worker
from tests.support.clients import CheckedClient
from tests.support.emulator import Emulator
from tests.support.journeys import PHONE, Consumer
from tests.support.rows import MOMENTS, calls_to, event_types, let_pass, onboarding_row, place, rows
from tests.support.tenants import MadeTenant, make_tenant


def watch_jobs(tenant: MadeTenant) -> list[Job]:
    with tenant.services.database.session(read_only=True) as session:
        return list(session.scalars(select(Job).where(Job.kind == "onboarding.abandon").order_by(Job.created_at)))


def idle(tenant: MadeTenant, minutes: float) -> None:
    """As if nothing had happened for so long."""
    back = dt.timedelta(minutes=minutes)
    with tenant.services.database.session(tenant.scope) as session:
        for row in session.scalars(select(Onboarding)):
            row.last_active_at -= back
        for job in session.scalars(select(Job).where(Job.kind == "onboarding.abandon")):
            job.due_at -= back


def now_due(tenant: MadeTenant) -> None:
    with tenant.services.database.session() as session:
        session.execute(
            update(Job)
            .where(Job.kind == "onboarding.abandon", Job.state == "pending")
            .values(due_at=utcnow())
            .execution_options(synchronize_session=False)
        )


def abandoned(consumer: Consumer, tenant: MadeTenant, worker: Worker) -> Any:
    """One that stands at the review and was left there; its id."""
    onboarding_id, token = tenant.onboard()
    consumer.to_review(token)
    idle(tenant, 61)
    worker.run_due()
    return onboarding_id


def test_after_the_limit_it_is_abandoned_and_the_tenant_is_told(
    consumer: Consumer, tenant: MadeTenant, worker: Worker, client: CheckedClient, emulator: Emulator
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.to_review(token)
    before = onboarding_row(tenant, onboarding_id)
    idle(tenant, 59)
    worker.run_due()
    assert place(tenant, onboarding_id) == "in_progress review/check"
    idle(tenant, 2)
    worker.run_due()
    assert place(tenant, onboarding_id) == "abandoned review/check"
    assert event_types(tenant, onboarding_id)[-1] == "onboarding.abandoned"
    assert onboarding_row(tenant, onboarding_id).last_active_at < before.last_active_at, "leaving is no activity"
    told = json.loads(client.get(f"/api/v1/onboardings/{consumer.onboarding}", headers=tenant.headers).get_data())
    assert (told["status"], told["step"], told["reason"], told["ended_at"]) == ("abandoned", "review", None, None)
    listed = client.get("/api/v1/onboardings?status=abandoned", headers=tenant.headers).get_json()
    assert [each["id"] for each in listed["data"]] == [consumer.onboarding]
    assert calls_to(emulator, "/item/remove") == 0, "the bank stays connected"


def test_a_move_puts_it_off_and_it_is_one_job_all_along(consumer: Consumer, tenant: MadeTenant, worker: Worker) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    assert watch_jobs(tenant) == [], "an unopened one is not abandoned"
    consumer.start()
    idle(tenant, 45)
    consumer.confirm()
    now_due(tenant)
    worker.run_due()
    assert place(tenant, onboarding_id) == "in_progress bank/intro"
    (job,) = watch_jobs(tenant)
    assert job.state == "pending"
    moved = onboarding_row(tenant, onboarding_id).last_active_at
    assert abs((job.due_at - moved - dt.timedelta(minutes=60)).total_seconds()) < 2


def test_typing_counts_and_a_page_that_only_asks_does_not(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    consumer.post(consumer.url("by-hand"))

    def seen() -> dt.datetime:
        return onboarding_row(tenant, onboarding_id).last_active_at

    idle(tenant, 30)
    before = seen()
    grow_stale(tenant)
    consumer.client.get(consumer.url("progress"), headers={"HX-Request": "true"})
    assert seen() == before
    grow_stale(tenant)
    consumer.post(consumer.url("manual", "save"), first_name="Theo")
    assert seen() - before > dt.timedelta(minutes=29)


def grow_stale(tenant: MadeTenant) -> None:
    """As if this browser was last noted a while ago."""
    model = next(model for model in MOMENTS if model.__name__ == "Binding")
    let_pass(tenant, 120, model)


@pytest.mark.parametrize("minutes", [5, 600])
def test_the_tenant_sets_the_limit(consumer: Consumer, tenant: MadeTenant, worker: Worker, minutes: int) -> None:
    patient = make_tenant(tenant.services, "patient", abandoned_after_minutes=minutes)
    onboarding_id, token = patient.onboard()
    consumer.prove(token)
    idle(patient, minutes - 1)
    worker.run_due()
    assert place(patient, onboarding_id) == "in_progress bank/intro"
    idle(patient, 2)
    worker.run_due()
    assert place(patient, onboarding_id) == "abandoned bank/intro"


def test_a_new_link_after_that_leads_on_once_the_phone_is_proven(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant, worker: Worker, client: CheckedClient
) -> None:
    onboarding_id = abandoned(consumer, tenant, worker)
    path = f"/api/v1/onboardings/{consumer.onboarding}/link"
    made = client.post(path, json={}, headers={**tenant.headers, "Idempotency-Key": "again-1"})
    assert made.status_code == 200
    other = browser()
    other.open(made.get_json()["url"].rpartition("/")[2])
    assert other.heading == "Pick up where you left off"
    let_pass(tenant, 301)
    other.post(other.link, country="US", phone_number=PHONE)
    assert place(tenant, onboarding_id) == "abandoned review/check", "not before the phone is proven"
    other.confirm()
    assert other.heading == "Check your details"
    assert "Maria Elena" in other.page
    assert place(tenant, onboarding_id) == "in_progress review/check"
    assert event_types(tenant, onboarding_id)[-1] == "onboarding.resumed"
    first, second = watch_jobs(tenant)
    assert (first.state, second.state) == ("done", "pending"), "it is watched again"
    other.share()
    assert place(tenant, onboarding_id) == "completed done/done"


def test_the_same_browser_goes_on_by_any_move(consumer: Consumer, tenant: MadeTenant, worker: Worker) -> None:
    onboarding_id = abandoned(consumer, tenant, worker)
    consumer.get(consumer.url())
    assert consumer.heading == "Check your details"
    assert place(tenant, onboarding_id) == "abandoned review/check", "reading changes nothing"
    consumer.share()
    assert place(tenant, onboarding_id) == "completed done/done"
    told = event_types(tenant, onboarding_id)
    assert told.index("onboarding.abandoned") < told.index("onboarding.resumed") < told.index("onboarding.completed")


def test_it_can_be_abandoned_and_resumed_again(consumer: Consumer, tenant: MadeTenant, worker: Worker) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    for _ in range(2):
        idle(tenant, 61)
        worker.run_due()
        assert place(tenant, onboarding_id).startswith("abandoned")
        consumer.open_bank()
        assert place(tenant, onboarding_id) == "in_progress bank/link"
        consumer.post_json(consumer.url("bank", "exit"), {"status": "requires_questions"})
    assert event_types(tenant, onboarding_id).count("onboarding.resumed") == 2


def test_an_abandoned_one_still_expires_and_then_the_bank_goes(
    consumer: Consumer, tenant: MadeTenant, worker: Worker, emulator: Emulator
) -> None:
    onboarding_id = abandoned(consumer, tenant, worker)
    with tenant.services.database.session(tenant.scope) as session:
        session.get_one(Onboarding, onboarding_id).expires_at = utcnow()
        for job in session.scalars(select(Job).where(Job.kind == "onboarding.expire")):
            job.due_at = utcnow()
    worker.run_due()
    assert place(tenant, onboarding_id) == "expired review/check"
    told = event_types(tenant, onboarding_id)
    assert told[-2:] == ["onboarding.expired", "bank.disconnected"]
    assert "onboarding.resumed" not in told
    assert [item.removed_at is None for item in rows(tenant, PlaidItem)] == [False]
    assert calls_to(emulator, "/item/remove") == 1


def test_what_has_ended_is_left_alone(consumer: Consumer, tenant: MadeTenant, worker: Worker) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    consumer.post(consumer.url("cancel"))
    idle(tenant, 500)
    worker.run_due()
    assert place(tenant, onboarding_id).startswith("canceled")
    assert [job.state for job in watch_jobs(tenant)] == ["done"]


def test_a_link_begun_anew_where_no_phone_was_proven_resumes_too(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant, worker: Worker
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    idle(tenant, 61)
    worker.run_due()
    with tenant.services.database.session(tenant.scope) as session:
        fresh, _ = add_launch_link(session, session.get_one(Onboarding, onboarding_id))
    other = browser()
    other.open(fresh)
    let_pass(tenant, 301)
    other.start()
    assert place(tenant, onboarding_id) == "in_progress code/enter"
    assert event_types(tenant, onboarding_id).count("onboarding.resumed") == 1

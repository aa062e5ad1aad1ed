"""How long our connection to a bank lives: until the end, or as many days as the tenant sets after a completion."""

import datetime as dt

import pytest
from sqlalchemy import select

from app.domain.onboardings import end_onboarding
from app.models import Job, Onboarding, PlaidAccount, PlaidItem, utcnow
from app.models.vault import vault
from app.worker import Worker
from tests.support.emulator import Emulator
from tests.support.journeys import Consumer
from tests.support.rows import calls_to, event_types, place, rows
from tests.support.tenants import MadeTenant, make_tenant


def removals(tenant: MadeTenant) -> list[Job]:
    with tenant.services.database.session(read_only=True) as session:
        return list(session.scalars(select(Job).where(Job.kind == "bank.remove")))


def connected(tenant: MadeTenant) -> list[bool]:
    """Of each Item whether it is there, its token with it."""
    found = []
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        for item in session.scalars(select(PlaidItem)):
            there = item.removed_at is None
            assert (vault(session).open(item, "access_token") is not None) is there
            found.append(there)
    return found


def test_by_default_a_completion_ends_it(
    consumer: Consumer, tenant: MadeTenant, worker: Worker, emulator: Emulator
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.to_review(token)
    assert connected(tenant) == [True]
    consumer.share()
    worker.run_due()
    assert connected(tenant) == [False]
    assert calls_to(emulator, "/item/remove") == 1
    assert event_types(tenant, onboarding_id)[-1] == "bank.disconnected"


def test_a_tenant_can_keep_it_for_days_after_a_completion(
    consumer: Consumer, tenant: MadeTenant, worker: Worker, emulator: Emulator
) -> None:
    keeper = make_tenant(tenant.services, "keeper", keep_bank_connection=30)
    onboarding_id, token = keeper.onboard()
    consumer.to_review(token)
    consumer.share()
    worker.run_due()
    assert connected(keeper) == [True]
    (job,) = removals(keeper)
    assert abs((job.due_at - utcnow() - dt.timedelta(days=30)).total_seconds()) < 60
    with keeper.services.database.session() as session:
        session.get_one(Job, job.id).due_at = utcnow()
    worker.run_due()
    assert connected(keeper) == [False]
    assert event_types(keeper, onboarding_id)[-1] == "bank.disconnected"


@pytest.mark.parametrize("keep", ["until_completed", 30])
@pytest.mark.parametrize("end", ["canceled", "expired", "failed"])
def test_every_other_end_ends_it_at_once(
    consumer: Consumer, tenant: MadeTenant, worker: Worker, emulator: Emulator, keep: object, end: str
) -> None:
    keeper = make_tenant(tenant.services, "keeper", keep_bank_connection=keep)
    onboarding_id, token = keeper.onboard()
    consumer.to_review(token)
    if end == "canceled":
        consumer.post(consumer.url("cancel"))
    elif end == "failed":
        with keeper.services.database.session(keeper.scope) as session:
            end_onboarding(session, session.get_one(Onboarding, onboarding_id), "fail", "too_young")
    else:
        with keeper.services.database.session(keeper.scope) as session:
            session.get_one(Onboarding, onboarding_id).expires_at = utcnow()
            for job in session.scalars(select(Job).where(Job.kind == "onboarding.expire")):
                job.due_at = utcnow()
    worker.run_due()
    assert place(keeper, onboarding_id).startswith(end)
    assert connected(keeper) == [False]
    assert calls_to(emulator, "/item/remove") == 1
    assert event_types(keeper, onboarding_id)[-1] == "bank.disconnected"


def test_this_is_not_me_wipes_all_that_was_shown_and_ends_it(
    consumer: Consumer, tenant: MadeTenant, worker: Worker, emulator: Emulator
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.to_review(token)
    shown = ("Maria Elena", "Ortiz Reyes", "Larkspur", "Platypus")
    assert [word for word in shown if word not in consumer.page] == []
    consumer.get(consumer.url("not-me"))
    consumer.post(consumer.url("not-me"))
    assert consumer.heading == "Fill in the form yourself"
    assert [word for word in shown if word in consumer.page] == []
    assert rows(tenant, PlaidAccount) == []
    worker.run_due()
    assert connected(tenant) == [False]
    assert calls_to(emulator, "/item/remove") == 1
    assert event_types(tenant, onboarding_id)[-2:] == ["identity.rejected", "bank.disconnected"]
    consumer.by_hand()
    consumer.share()
    assert place(tenant, onboarding_id) == "completed done/done"
    consumer.get(consumer.url("copy"))
    assert [word for word in shown if word in consumer.page] == []

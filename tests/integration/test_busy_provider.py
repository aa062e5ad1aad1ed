"""Bulkheads as a consumer meets them: an answer at once, with a way on, and codes while banks are slow."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from sqlalchemy import func, select

from app.models import PhoneVerificationSession
from app.providers import base
from app.providers.bulkheads import THREADS, FullError
from tests.support.journeys import Consumer
from tests.support.tenants import MadeTenant


@contextmanager
def crowded(operation: str, provider: str, connections: int = 3) -> Iterator[None]:
    """Other tenants' consumers hold every place there is for this operation."""
    with ExitStack() as stack:
        for number in range(connections):
            for _ in range(THREADS):
                try:
                    stack.enter_context(base.bulkheads.place(provider, f"con_{number}", operation))
                except FullError:
                    break
        yield


def test_crowded_text_services_say_so_at_once_and_the_next_try_works(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    consumer.open(token)
    with crowded("connect_sms", "spinwheel"), crowded("send_code", "twilio"):
        consumer.start()
    assert "very busy right now" in consumer.text
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        assert session.scalar(select(func.count()).select_from(PhoneVerificationSession)) == 0
    consumer.start()
    assert consumer.onboarding
    assert any("code" in action for action in consumer.actions)


def test_a_slow_bank_leaves_the_code_step_alone_and_has_a_way_on(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    with crowded("session/token/create", "plaid"):
        consumer.prove(token)
        assert consumer.status == 200
        consumer.open_bank()
        assert "isn’t answering right now" in consumer.heading
        assert consumer.url("by-hand") in consumer.actions
        assert consumer.url("bank") in consumer.actions
    assert consumer.open_bank()


@pytest.fixture(autouse=True)
def _places_come_back() -> Iterator[None]:
    yield
    assert not base.bulkheads._taken

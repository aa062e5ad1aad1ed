"""Cancel, at every step: asked once, final, the same for a second press and for another tab."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from app.access import cookie_name
from tests.support.clients import CheckedClient
from tests.support.journeys import PHONE, Consumer
from tests.support.rows import event_types, let_pass, onboarding_row, place
from tests.support.tenants import MadeTenant

STEPS: dict[str, Callable[[Consumer], object]] = {
    "code": lambda consumer: consumer.start(),
    "bank": lambda consumer: consumer.confirm(),
    "window": lambda consumer: consumer.open_bank(),
    "fetching": lambda consumer: consumer.tell_bank_finished(),
    "credit file": lambda consumer: consumer.work(),
    "review": lambda consumer: consumer.answer_credit_file("no"),
}


@pytest.mark.parametrize("step", STEPS)
def test_it_ends_at_every_step_and_stays_ended(consumer: Consumer, tenant: MadeTenant, step: str) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    for name, go in STEPS.items():
        go(consumer)
        if name == step:
            break
    consumer.get(consumer.url())
    before, page = place(tenant, onboarding_id), consumer.page
    consumer.get(consumer.url("cancel"))
    assert consumer.heading == "Do you want to cancel?"
    assert "No, go back" in consumer.moves
    assert place(tenant, onboarding_id) == before, "asking changes nothing"
    consumer.post(consumer.url("cancel"))
    assert consumer.heading == "This form was canceled"
    row = onboarding_row(tenant, onboarding_id)
    assert (row.status, row.reason, f"{row.step}/{row.stage}") == ("canceled", "by_consumer", before.split()[1])
    consumer.post(consumer.url("cancel"))
    assert consumer.heading == "This form was canceled"
    # Another tab still shows the step it was at; what it presses changes nothing.
    consumer.page = page
    for path in ("phone", "code", "bank", "by-hand", "review", "credit-file", "not-me", "later/text", "device"):
        consumer.post(consumer.url(*path.split("/")), answer="yes", code="123456")
        assert consumer.heading == "This form was canceled", path
    consumer.work()
    assert onboarding_row(tenant, onboarding_id).version == row.version
    assert event_types(tenant, onboarding_id).count("onboarding.canceled") == 1


def test_two_presses_at_once_end_it_once(app: Flask, consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    cookie = consumer.client.get_cookie(cookie_name(consumer.onboarding), domain="localhost")
    assert cookie is not None

    def press(_: int) -> int:
        client = app.test_client()
        assert isinstance(client, CheckedClient)
        client.set_cookie(cookie_name(consumer.onboarding), cookie.value, domain="localhost", secure=True)
        return client.post(consumer.url("cancel"), data={"csrf_token": consumer.token}).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(press, range(4))) <= {200, 303}
    assert place(tenant, onboarding_id).startswith("canceled")
    assert event_types(tenant, onboarding_id).count("onboarding.canceled") == 1


def test_a_browser_that_is_not_proven_again_cannot_cancel(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    let_pass(tenant, 301)
    other = browser()
    other.post(f"/onboarding/{consumer.onboarding}/resume", country="US", phone_number=PHONE)
    other.post(other.url("cancel"))
    assert place(tenant, onboarding_id) == "in_progress bank/intro"

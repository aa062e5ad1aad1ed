"""A hundred requests a minute for one address and one onboarding: said honestly, and nothing typed is lost."""

from collections.abc import Callable

import pytest

from app.consumer.limits import PER_MINUTE
from tests.support.journeys import BIRTH, PHONE, Consumer
from tests.support.tenants import MadeTenant


@pytest.fixture
def worn_out(consumer: Consumer, tenant: MadeTenant) -> Consumer:
    """A consumer at the first form, whose address has asked as often as it may."""
    consumer.open(tenant.onboard()[1])
    for _ in range(PER_MINUTE - 1):
        consumer.client.head(consumer.link)
    return consumer


def test_a_form_sent_once_too_often_comes_back_with_everything_typed(worn_out: Consumer) -> None:
    worn_out.start()
    assert (worn_out.status, worn_out.heading) == (429, "That was a lot at once")
    assert worn_out.moves == ["Try again"]
    form = worn_out.filled_form(worn_out.link)
    assert form["phone_number"] == PHONE
    assert (form["birth_month"], form["birth_day"], form["birth_year"]) == BIRTH


def test_it_says_when_to_come_back(worn_out: Consumer) -> None:
    answer = worn_out.client.get(worn_out.link)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_htmx_keeps_the_form_and_fills_the_alert(consumer: Consumer, tenant: MadeTenant) -> None:
    consumer.open(tenant.onboard()[1])
    consumer.start()
    for _ in range(PER_MINUTE):
        consumer.client.head(consumer.url("step"))
    form = {"code": "123456", "csrf_token": consumer.token}
    answer = consumer.client.post(consumer.url("code"), data=form, headers={"HX-Request": "true"})
    assert answer.status_code == 429
    assert answer.headers["HX-Retarget"] == "#alert"
    assert "Please wait a minute, then try again. Nothing is lost." in answer.get_data(as_text=True)


def test_scripts_are_told_as_programs_are(consumer: Consumer, tenant: MadeTenant) -> None:
    consumer.prove(tenant.onboard()[1])
    for _ in range(PER_MINUTE):
        consumer.client.head(consumer.url("step"))
    answer = consumer.client.post(
        consumer.url("bank", "events"),
        json={"events": []},
        headers={"X-CSRF-Token": consumer.token, "Accept": "application/json"},
    )
    assert (answer.status_code, answer.mimetype) == (429, "application/problem+json")
    assert answer.headers["Retry-After"]


def test_another_address_another_onboarding_and_what_belongs_to_nobody_go_on(
    worn_out: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    assert worn_out.client.get(worn_out.link).status_code == 429
    elsewhere = worn_out.client.get(worn_out.link, environ_base={"REMOTE_ADDR": "198.51.100.7"})
    assert elsewhere.status_code == 200
    other = browser()
    other.open(tenant.onboard("member-2")[1])
    assert other.status == 200
    for path in ("/healthz", "/legal/terms"):
        for _ in range(PER_MINUTE + 1):
            assert other.client.get(path).status_code == 200


def test_one_household_s_addresses_are_one(consumer: Consumer, tenant: MadeTenant) -> None:
    consumer.open(tenant.onboard()[1])
    for number in range(PER_MINUTE):
        consumer.client.head(consumer.link, environ_base={"REMOTE_ADDR": f"2001:db8:1:2::{number:x}"})
    same = consumer.client.get(consumer.link, environ_base={"REMOTE_ADDR": "2001:db8:1:2:a:b:c:d"})
    assert same.status_code == 429


def test_a_page_that_polls_every_second_stays_under_it() -> None:
    assert PER_MINUTE >= 60 * 1.5

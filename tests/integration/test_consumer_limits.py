"""Texts cost money and a stranger's number can be locked: our budgets come first, and say so kindly."""

from collections.abc import Callable

import pytest
import requests
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.domain import limits
from app.domain.services import Services
from app.models import SendCounter
from app.models.vault import vault
from tests.support.emulator import Emulator
from tests.support.journeys import Consumer
from tests.support.rows import codes_sent, let_pass, place
from tests.support.tenants import MadeTenant

CHRISTY = ("6", "8", "1967")
WORDS = "We can’t send more codes to this number today. You can go on without one."


def _spend(session: Session, budget: limits.Budget, key: str, count: int) -> None:
    for _ in range(count):
        limits.spend_one(session, budget, key)


def test_a_number_gets_four_texts_an_hour(consumer: Consumer, tenant: MadeTenant, emulator: Emulator) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    for _ in range(4):
        let_pass(tenant, 3601)
        consumer.post(consumer.url("code", "resend"))
    assert WORDS in consumer.text
    assert len(codes_sent(tenant)) == 4
    assert place(tenant, onboarding_id) == "in_progress code/stuck"
    sent = [call for call in emulator.control("GET", "/calls")["calls"] if call["path"].endswith("/sms")]  # type: ignore[attr-defined]
    assert len(sent) == 4
    consumer.post(consumer.url("by-hand"))
    assert consumer.heading == "Fill in the form yourself"


def test_the_budget_of_a_number_is_shared_by_all_onboardings_and_tenants(
    browser: Callable[[], Consumer], tenant: MadeTenant, other_tenant: MadeTenant
) -> None:
    for number in range(4):
        consumer = browser()
        _, token = (tenant, other_tenant)[number % 2].onboard(f"member-{number}")
        consumer.open(token)
        consumer.start()
        assert consumer.heading == "Enter the code we texted you"
    last = browser()
    _, token = tenant.onboard("member-9")
    last.open(token)
    last.start()
    assert WORDS in last.text
    last.get(last.url("phone"))
    last.start("(404) 555-0101", CHRISTY)
    assert "0101" in last.text
    last.confirm()
    assert last.heading == "Connect your bank and skip the typing"


@pytest.mark.parametrize(
    ("scope", "key", "count"),
    [("send:prefix", "+1415555", 60), ("send:ip", "127.0.0.1", 20), ("send:phone", "+14155550011", 4)],
)
def test_every_budget_holds(
    consumer: Consumer, tenant: MadeTenant, services: Services, scope: str, key: str, count: int
) -> None:
    budget = next(budget for budget in limits.SENDS if budget.scope == scope)
    with services.database.session() as session:
        _spend(session, budget, key, count - 1)
    _, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    assert consumer.heading == "Enter the code we texted you"
    assert WORDS not in consumer.text
    let_pass(tenant, 31)
    consumer.post(consumer.url("code", "resend"))
    assert WORDS in consumer.text


def test_the_budget_of_a_tenant_holds(consumer: Consumer, tenant: MadeTenant, services: Services) -> None:
    budget = next(budget for budget in limits.SENDS if budget.scope == "send:tenant")
    with services.database.session() as session:
        key = f"{tenant.scope.tenant_id}:{tenant.scope.mode}"
        limits.spend_one(session, budget, key)
        session.execute(update(SendCounter).values(count=budget.count))
    _, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    assert WORDS in consumer.text


def test_counters_name_nobody(services: Services) -> None:
    with services.database.session() as session:
        limits.spend_one(session, limits.WRONG_CODES, "+14155550011")
        assert limits.used(session, limits.WRONG_CODES, "+14155550011") == 1
        assert limits.used(session, limits.WRONG_CODES, "+14155550012") == 0
        assert vault(session).digest("wrong:phone:+14155550011") != b"+14155550011"


# ---------- What the provider says ----------
def _fault(emulator: Emulator, operation: str, fault: str, times: int | None = None) -> None:
    body = {"provider": "spinwheel", "operation": operation, "fault": fault, "times": times}
    emulator.control("POST", "/faults", body)


@pytest.mark.parametrize("fault", ["500", "503_html", "drop"])
def test_a_text_service_that_is_down_keeps_what_was_typed(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator, fault: str
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    _fault(emulator, "*", fault)
    consumer.start()
    assert consumer.heading == "Start with your phone number"
    assert "The text service is" in consumer.text
    form = consumer.filled_form(consumer.url("phone"))
    assert (form["phone_number"], form["birth_year"]) == ("(415) 555-0011", "1975")
    assert "Fill in the form yourself" in consumer.moves
    assert codes_sent(tenant) == []
    emulator.control("DELETE", "/faults")
    consumer.start()
    assert place(tenant, onboarding_id) == "in_progress code/enter"


@pytest.mark.parametrize("fault", ["500", "503_html", "drop"])
def test_a_text_service_that_is_down_costs_no_try(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator, fault: str
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    _fault(emulator, "*", fault, times=1)
    consumer.confirm()
    assert consumer.status == 422
    assert "The text service is" in consumer.text
    assert codes_sent(tenant)[0].attempts == 0
    consumer.confirm()
    assert place(tenant, onboarding_id) == "in_progress bank/intro"


def test_a_provider_that_has_had_enough_of_a_number_leads_on_another_way(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    _fault(emulator, "*", "429", times=1)
    consumer.confirm()
    assert "This number has had too many codes. You can go on without one." in consumer.text
    assert place(tenant, onboarding_id) == "in_progress code/stuck"
    let_pass(tenant, 31)
    consumer.start()
    consumer.confirm()
    assert place(tenant, onboarding_id) == "in_progress bank/intro"


@pytest.mark.usefixtures("impatient")
def test_a_text_service_that_hangs_is_waited_for_no_longer_than_a_person_would(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    _, token = tenant.onboard()
    consumer.open(token)
    _fault(emulator, "*", "hang")
    consumer.start()
    assert "The text service takes too long right now. Please try again." in consumer.text
    emulator.control("DELETE", "/faults")
    consumer.start()
    assert consumer.heading == "Enter the code we texted you"


@pytest.mark.parametrize(
    ("phone", "birth", "sentence"),
    [
        # Under 18 for the provider's own reasons, nobody it knows, another person's date of birth.
        ("(206) 555-0147", ("7", "2", "1996"), "We couldn’t match this number to you. You can go on without a code."),
        ("(415) 555-0011", ("1", "19", "1975"), "The number and the date of birth don’t belong together."),
    ],
)
def test_an_identity_the_provider_does_not_confirm_is_said_kindly_with_a_way_on(
    consumer: Consumer, tenant: MadeTenant, phone: str, birth: tuple[str, str, str], sentence: str
) -> None:
    _, token = tenant.onboard()
    consumer.open(token)
    consumer.start(phone, birth)
    consumer.confirm()
    assert sentence in consumer.text
    assert [move for move in consumer.moves if move.startswith("Fill in the form yourself")]
    assert [move for move in consumer.moves if move in ("Change the number",) or move.startswith("Use another number")]
    consumer.post(consumer.url("by-hand"))
    assert consumer.heading == "Fill in the form yourself"


def test_a_wrong_birth_date_can_be_put_right(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start("(415) 555-0011", ("1", "19", "1975"))
    consumer.confirm()
    consumer.get(consumer.url("phone"))
    consumer.start()
    assert "Please wait a moment" in consumer.text
    assert consumer.filled_form(consumer.url("phone"))["birth_day"] == "18", "what was typed stays"
    let_pass(tenant, 31)
    consumer.start()
    consumer.confirm()
    assert place(tenant, onboarding_id) == "in_progress bank/intro"


def test_a_landline_is_told_at_once_and_the_form_stays(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    consumer.open(token)
    consumer.start("(718) 555-0190", ("4", "30", "1969"))
    assert "This number can’t get our text" in consumer.text
    assert consumer.filled_form(consumer.url("phone"))["phone_number"] == "(718) 555-0190"
    consumer.start()
    assert consumer.heading == "Enter the code we texted you"


def test_a_wrong_new_number_does_not_take_the_code_of_the_old_one_away(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    consumer.start("(718) 555-0190", ("4", "30", "1969"))
    assert "This number can’t get our text" in consumer.text
    assert place(tenant, onboarding_id) == "in_progress code/enter"


def test_a_number_the_provider_has_locked_leads_on_another_way(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator, services: Services
) -> None:
    onboarding_id, token = tenant.onboard()
    key, base = emulator.settings.spinwheel_api_key, emulator.settings.spinwheel_base_url
    for number in range(21):
        body = {"phoneNumber": "+14155550011", "dateOfBirth": "1975-01-18", "extUserId": f"stranger-{number}"}
        answer = requests.post(
            f"{base}/v1/users/connect/sms", json=body, headers={"Authorization": f"Bearer {key}"}, timeout=5
        )
    assert answer.status_code == 429
    consumer.open(token)
    consumer.start()
    assert "You can go on without one." in consumer.text
    assert place(tenant, onboarding_id) == "in_progress code/stuck"
    assert [move for move in consumer.moves if move.startswith("Fill in the form yourself")]
    assert services

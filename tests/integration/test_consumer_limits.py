"""Texts cost money and a stranger's number can be locked: our budgets come first, and say so kindly."""

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from app.domain import limits
from app.domain.consents import Visitor
from app.domain.flow import make_move
from app.domain.services import Services
from app.domain.verification import CodeRequest, send_code
from app.models import Event, Onboarding, SendCounter, utcnow
from tests.support.challenges import solve
from tests.support.emulator import Emulator
from tests.support.journeys import PHONE_E164, Consumer
from tests.support.rows import calls_to, codes_sent, let_pass, place, rows
from tests.support.tenants import MadeTenant, make_tenant

CHRISTY = ("6", "8", "1967")
WORDS = "We can’t send more codes to this number today. You can go on without one."


@pytest.fixture
def at_code(consumer: Consumer, tenant: MadeTenant) -> Consumer:
    """A consumer who was sent a code."""
    consumer.open(tenant.onboard()[1])
    consumer.start()
    return consumer


def _fill(tenant: MadeTenant, scope: str, key: str, count: int) -> None:
    """As if others had been there before."""
    with tenant.services.database.session() as session:
        limits.add(session, {scope.partition(":")[2]: key}, [scope], count)


def _why(tenant: MadeTenant) -> list[str]:
    """What staff read about the texts that were refused."""
    return [event.data["why"] for event in rows(tenant, Event, type="code.refused")]


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
    assert calls_to(emulator, "/sms") == 4
    consumer.post(consumer.url("by-hand"))
    assert consumer.heading == "Fill in the form yourself"


def test_the_budget_of_a_number_is_shared_by_all_onboardings_and_tenants(
    browser: Callable[[], Consumer], tenant: MadeTenant, other_tenant: MadeTenant, emulator: Emulator
) -> None:
    for number in range(4):
        consumer = browser()
        _, token = (tenant, other_tenant)[number % 2].onboard(f"member-{number}")
        consumer.open(token)
        consumer.start()
        assert consumer.heading == "Enter the code we texted you"
    last = browser()
    onboarding_id, token = tenant.onboard("member-9")
    last.open(token)
    last.start()
    assert last.heading == "Enter the code we texted you", "what others did to the number is not told"
    assert calls_to(emulator, "/sms") == 4
    for left in ("You have 2 tries left", "You have 1 try left", "can’t be used any more"):
        last.confirm()
        assert left in last.text, "no code is right where none was sent"
    assert place(tenant, onboarding_id) == "in_progress code/enter"
    assert _why(tenant) == ["held"]
    last.get(last.url("phone"))
    last.start("(404) 555-0101", CHRISTY)
    assert "0101" in last.text
    last.confirm()
    assert last.heading == "Connect your bank and skip the typing"


def test_a_held_code_takes_nothing_away_from_one_that_was_sent(at_code: Consumer, tenant: MadeTenant) -> None:
    _fill(tenant, "send:phone", f"test:{PHONE_E164}", 3)
    let_pass(tenant, 31)
    at_code.post(at_code.url("code", "resend"))
    assert [row.status for row in codes_sent(tenant)] == ["pending", "pending"]
    at_code.confirm()
    assert at_code.heading == "Connect your bank and skip the typing"


@pytest.mark.parametrize(("scope", "key"), [("send:prefix", "test:+1415555"), ("send:ip", "test:127.0.0.1")])
def test_a_place_or_prefix_that_asks_too_often_is_told_so_with_a_way_on(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator, scope: str, key: str
) -> None:
    _fill(tenant, scope, key, 60)
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    assert "We can’t text codes from here right now." in consumer.text
    assert [move for move in consumer.moves if move.startswith("Fill in the form yourself")]
    assert place(tenant, onboarding_id) == "in_progress code/stuck"
    assert _why(tenant) == ["held"]
    assert calls_to(emulator, "/sms") == 0
    consumer.post(consumer.url("by-hand"))
    assert consumer.heading == "Fill in the form yourself"


def test_a_busy_place_where_people_enter_their_codes_goes_on(consumer: Consumer, tenant: MadeTenant) -> None:
    _fill(tenant, "send:ip", "test:127.0.0.1", 200)
    _fill(tenant, "ok:ip", "test:127.0.0.1", 120)
    consumer.proves = False
    consumer.prove(tenant.onboard()[1])
    assert consumer.heading == "Connect your bank and skip the typing"


def test_a_right_code_counts_for_its_prefix_and_its_place(at_code: Consumer, services: Services) -> None:
    at_code.confirm()
    with services.database.session(read_only=True) as session:
        counted = {row.scope: row.count for row in session.query(SendCounter)}
    assert (counted["ok:prefix"], counted["ok:ip"]) == (1, 1)


def test_test_mode_uses_up_nobody_s_real_number(at_code: Consumer, services: Services) -> None:
    assert at_code.heading == "Enter the code we texted you"
    with services.database.session(read_only=True) as session:
        assert limits.used(session, limits.SENDS[0], f"test:{PHONE_E164}") == 1
        assert limits.used(session, limits.SENDS[0], f"live:{PHONE_E164}") == 0


def test_what_surely_was_not_sent_costs_nobody_s_budget(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator, services: Services
) -> None:
    consumer.open(tenant.onboard()[1])
    _fault(emulator, "*", "500")
    for _ in range(6):
        consumer.start()
    with services.database.session(read_only=True) as session:
        assert limits.used(session, limits.SENDS[0], f"test:{PHONE_E164}") == 0
        assert limits.used(session, limits.Budget("send:ip", 0, limits.HOUR), "test:127.0.0.1") == 6
    emulator.control("DELETE", "/faults")
    consumer.start()
    assert consumer.heading == "Enter the code we texted you"


def test_the_cap_of_a_tenant_s_day_holds_with_a_way_on_and_an_event(
    services: Services, browser: Callable[[], Consumer], emulator: Emulator, other_tenant: MadeTenant
) -> None:
    small = make_tenant(services, "small", sends_per_day=2)
    for number, phone in enumerate(("(415) 555-0011", "(404) 555-0101", "(206) 555-0147")):
        consumer = browser()
        onboarding_id, token = small.onboard(f"member-{number}")
        consumer.open(token)
        consumer.start(phone)
    assert calls_to(emulator, "/sms") == 2
    assert "We can’t text codes right now. You can go on without one, or come back tomorrow." in consumer.text
    assert place(small, onboarding_id) == "in_progress code/stuck"
    assert _why(small) == ["tenant_day"]
    consumer.post(consumer.url("by-hand"))
    assert consumer.heading == "Fill in the form yourself"
    elsewhere = browser()
    elsewhere.prove(other_tenant.onboard()[1])
    assert elsewhere.heading == "Connect your bank and skip the typing", "another tenant's day is its own"


# ---------- Proof of work ----------
def test_the_second_text_of_a_browser_costs_a_challenge_that_its_script_solves(
    at_code: Consumer, tenant: MadeTenant
) -> None:
    let_pass(tenant, 31)
    at_code.proves = False
    resend = at_code.url("code", "resend")
    at_code.post(resend)
    assert (at_code.status, at_code.heading) == (200, "One moment")
    assert len(codes_sent(tenant)) == 1
    form = at_code.filled_form(resend)
    at_code.post(resend, challenge=form["challenge"], solution="1")
    assert at_code.heading == "One moment", "no solution, another challenge"
    again = at_code.filled_form(resend)
    assert again["challenge"] != form["challenge"]
    at_code.post(resend, challenge=again["challenge"], solution=solve(again["challenge"]))
    assert at_code.heading == "Enter the code we texted you"
    assert len(codes_sent(tenant)) == 2


def test_without_script_a_minute_s_wait_does_instead(
    at_code: Consumer, tenant: MadeTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_pass(tenant, 31)
    at_code.proves = False
    resend = at_code.url("code", "resend")
    at_code.post(resend)
    assert "Wait 60 seconds, then press the button." in at_code.text
    form = at_code.filled_form(resend)
    monkeypatch.setattr("app.domain.challenge.utcnow", lambda: utcnow() + dt.timedelta(seconds=60))
    at_code.post(resend, **form)
    assert at_code.heading == "Enter the code we texted you"
    assert len(codes_sent(tenant)) == 2


@pytest.mark.parametrize(
    ("scope", "key", "count"), [("send:prefix", "test:+1415555", 20), ("send:ip", "test:127.0.0.1", 8)]
)
def test_under_suspicion_the_first_text_costs_a_challenge_and_nothing_typed_is_lost(
    consumer: Consumer, tenant: MadeTenant, scope: str, key: str, count: int
) -> None:
    _fill(tenant, scope, key, count)
    consumer.proves = False
    consumer.open(tenant.onboard()[1])
    consumer.start()
    assert consumer.heading == "One moment"
    assert codes_sent(tenant) == []
    form = consumer.filled_form(consumer.url("phone"))
    assert (form["phone_number"], form["birth_year"]) == ("(415) 555-0011", "1975")
    consumer.post(consumer.url("phone"), **{**form, "solution": solve(form["challenge"])})
    assert consumer.heading == "Enter the code we texted you"
    assert len(codes_sent(tenant)) == 1


def test_whoever_changes_the_number_again_and_again_waits(at_code: Consumer, tenant: MadeTenant) -> None:
    at_code.start("(404) 555-0101", CHRISTY)
    assert len(codes_sent(tenant)) == 2, "a slip of the pen is put right at once"
    at_code.start("(206) 555-0147", ("7", "2", "1996"))
    assert "Please wait a moment" in at_code.text
    at_code.start()
    assert "Please wait a moment" in at_code.text
    assert len(codes_sent(tenant)) == 2


# ---------- Many at once ----------
def _send_at_once(tenants: list[MadeTenant], onboarding_ids: list[Any], count: int) -> list[str | None]:
    """Ask for a text to one number, in so many threads, each from a place of its own."""

    def send(number: int) -> str | None:
        visitor = Visitor(f"198.51.100.{number}", "")
        wanted = CodeRequest(visitor, phone_number=PHONE_E164, date_of_birth="1975-01-18")
        at = number % len(tenants)
        return send_code(tenants[at].services, tenants[at].scope, onboarding_ids[number], wanted).problem

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(send, range(count)))


def _started(tenant: MadeTenant, number: int) -> Any:
    onboarding_id, _ = tenant.onboard(f"member-{number}")
    with tenant.services.database.session(tenant.scope) as session:
        make_move(session, session.get_one(Onboarding, onboarding_id), "start")
    return onboarding_id


def test_fifty_at_once_in_one_onboarding_send_one_text(tenant: MadeTenant, emulator: Emulator) -> None:
    onboarding_id = _started(tenant, 0)
    problems = _send_at_once([tenant], [onboarding_id] * 50, 50)
    assert sorted(map(str, problems)) == ["None", *["too_soon"] * 49]
    assert calls_to(emulator, "/sms") == 1


def test_fifty_at_once_in_fifty_onboardings_send_what_one_number_may_get(
    tenant: MadeTenant, other_tenant: MadeTenant, emulator: Emulator
) -> None:
    both = [tenant, other_tenant]
    onboarding_ids = [_started(both[number % 2], number) for number in range(50)]
    problems = _send_at_once(both, onboarding_ids, 50)
    assert set(problems) == {None}, "all of them read the same"
    assert calls_to(emulator, "/sms") == 4


# ---------- What the provider says ----------
def _fault(emulator: Emulator, operation: str, fault: str, times: int | None = None) -> None:
    """At everybody who could send or judge a code."""
    for provider in ("spinwheel", "twilio"):
        body = {"provider": provider, "operation": operation, "fault": fault, "times": times}
        emulator.control("POST", "/faults", body)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("500", "The text service isn’t answering right now."),
        ("503_html", "The text service isn’t answering right now."),
        ("drop", "We couldn’t tell whether the text was sent."),
    ],
)
def test_a_text_service_that_is_down_keeps_what_was_typed(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator, fault: str, sentence: str
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    _fault(emulator, "*", fault)
    consumer.start()
    assert consumer.heading == "Start with your phone number"
    assert sentence in consumer.text
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
    assert "We couldn’t tell whether the text was sent. Please try again." in consumer.text
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


def test_a_number_that_one_provider_has_locked_is_served_by_the_other(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
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
    assert consumer.heading == "Enter the code we texted you"
    assert [row.verifier for row in codes_sent(tenant)] == ["twilio"]
    consumer.confirm()
    assert place(tenant, onboarding_id) == "in_progress bank/intro"

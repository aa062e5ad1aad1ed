"""The code step: what counts, what ends, and that there is always a way on."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from app.domain.services import Services
from app.models import Binding, SendCounter
from app.security.csrf import new_csrf_token
from tests.support.challenges import solve
from tests.support.clients import CheckedClient
from tests.support.emulator import Emulator
from tests.support.journeys import CODE, Consumer
from tests.support.rows import calls_to, codes_sent, event_types, let_pass, onboarding_row, place, rows
from tests.support.tenants import MadeTenant, make_tenant


@pytest.fixture
def at_code(consumer: Consumer, tenant: MadeTenant) -> tuple[Consumer, object]:
    """A consumer who was sent a code."""
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    return consumer, onboarding_id


AtCode = tuple[Consumer, object]


def test_a_wrong_code_says_how_many_tries_are_left(at_code: AtCode, tenant: MadeTenant) -> None:
    consumer, onboarding_id = at_code
    consumer.confirm("111111")
    assert consumer.status == 422
    assert "That code doesn’t match the last one we sent" in consumer.text
    assert "You have 2 tries left." in consumer.text
    consumer.confirm("222222")
    assert "You have 1 try left." in consumer.text
    assert place(tenant, onboarding_id) == "in_progress code/enter"
    consumer.confirm()
    assert consumer.heading == "Connect your bank and skip the typing"


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12a456", "１２３４５６", "-12345"])
def test_a_malformed_code_counts_and_reaches_no_provider(
    at_code: AtCode, tenant: MadeTenant, emulator: Emulator, code: str
) -> None:
    consumer, _ = at_code
    before = len(emulator.control("GET", "/calls")["calls"])  # type: ignore[arg-type]
    consumer.confirm(code)
    assert "Enter all six digits of the code." in consumer.text
    assert "You have 2 tries left." in consumer.text
    assert codes_sent(tenant)[0].attempts == 1
    assert len(emulator.control("GET", "/calls")["calls"]) == before  # type: ignore[arg-type]


def test_spaces_in_a_pasted_code_do_not_matter(at_code: AtCode) -> None:
    consumer, _ = at_code
    consumer.confirm(" 123 456 ")
    assert consumer.heading == "Connect your bank and skip the typing"


def test_after_three_wrong_codes_a_new_one_must_be_asked_for(at_code: AtCode, tenant: MadeTenant) -> None:
    consumer, onboarding_id = at_code
    for code in ("111111", "222222", "333333"):
        consumer.confirm(code)
    assert "That code can’t be used any more. Ask for a new one below." in consumer.text
    consumer.confirm()
    assert consumer.heading == "Enter the code we texted you", "the right code is too late now"
    assert place(tenant, onboarding_id) == "in_progress code/enter"
    let_pass(tenant, 31)
    consumer.post(consumer.url("code", "resend"))
    assert consumer.status == 200
    consumer.confirm()
    assert place(tenant, onboarding_id) == "in_progress bank/intro"


def test_a_new_code_does_not_clear_what_was_guessed_before(at_code: AtCode, tenant: MadeTenant, app: Flask) -> None:
    consumer, onboarding_id = at_code
    for _ in range(4):
        for code in ("111111", "222222", "333333"):
            consumer.confirm(code)
        let_pass(tenant, 3601)
        _forget_sends(tenant)
        consumer.post(consumer.url("code", "resend"))
    assert "We can’t send more codes to this number today" in consumer.text
    assert place(tenant, onboarding_id) == "in_progress code/stuck"
    assert {"Fill in the form yourself", "Use another number"} <= {move.split("  ")[0] for move in _starts(consumer)}
    assert app


def _starts(consumer: Consumer) -> list[str]:
    known = ("Fill in the form yourself", "Use another number")
    return [word for word in known for move in consumer.moves if move.startswith(word)]


def _forget_sends(tenant: MadeTenant) -> None:
    with tenant.services.database.session() as session:
        for row in session.query(SendCounter).filter(SendCounter.scope.startswith("send:")):
            session.delete(row)


def test_the_count_of_wrong_codes_outlives_the_onboarding(
    at_code: AtCode, tenant: MadeTenant, browser: Callable[[], Consumer]
) -> None:
    consumer, _ = at_code
    for _ in range(4):
        for code in ("111111", "222222", "333333"):
            consumer.confirm(code)
        let_pass(tenant, 3601)
        _forget_sends(tenant)
        consumer.post(consumer.url("code", "resend"))
    other = browser()
    onboarding_id, token = tenant.onboard("member-2")
    other.open(token)
    sent = calls_to(other.emulator, "/sms")
    other.start()
    assert other.heading == "Enter the code we texted you", "what others did to a number is not told"
    assert calls_to(other.emulator, "/sms") == sent, "and none is sent"
    assert "code.refused" in event_types(tenant, onboarding_id)
    assert "Fill in the form yourself" in other.moves


def test_a_right_code_clears_the_count(at_code: AtCode, services: Services) -> None:
    consumer, _ = at_code
    consumer.confirm("111111")
    consumer.confirm()
    with services.database.session(read_only=True) as session:
        assert session.query(SendCounter).filter(SendCounter.scope == "wrong:phone").count() == 0


def test_an_expired_code_says_so_and_still_counts(at_code: AtCode, tenant: MadeTenant, services: Services) -> None:
    consumer, _ = at_code
    let_pass(tenant, 301)
    consumer.confirm()
    assert "That code has ended. Ask for a new one below." in consumer.text
    assert "Send a new code" in consumer.moves
    with services.database.session(read_only=True) as session:
        assert session.query(SendCounter).filter(SendCounter.scope == "wrong:phone").one().count == 1


def test_a_code_lives_five_minutes_by_the_provider_s_clock(at_code: AtCode, emulator: Emulator) -> None:
    consumer, _ = at_code
    emulator.control("POST", "/clock", {"advance_seconds": 299})
    consumer.confirm("111111")
    assert "You have 2 tries left." in consumer.text
    emulator.control("POST", "/clock", {"advance_seconds": 2})
    consumer.confirm()
    assert "That code has ended. Ask for a new one below." in consumer.text


def test_a_new_code_ends_the_old_one(at_code: AtCode, tenant: MadeTenant) -> None:
    consumer, _ = at_code
    let_pass(tenant, 31)
    consumer.post(consumer.url("code", "resend"))
    assert [row.status for row in codes_sent(tenant)] == ["expired", "pending"]


def test_the_server_itself_makes_people_wait_longer_for_each_text(at_code: AtCode, tenant: MadeTenant) -> None:
    consumer, _ = at_code
    for number, wait in enumerate((30, 60, 120), start=1):
        consumer.post(consumer.url("code", "resend"))
        assert "Please wait a moment before you ask for another" in consumer.text
        let_pass(tenant, wait - 2)
        consumer.post(consumer.url("code", "resend"))
        assert len(codes_sent(tenant)) == number
        let_pass(tenant, 3)
        consumer.post(consumer.url("code", "resend"))
        assert len(codes_sent(tenant)) == number + 1


def test_the_same_form_pressed_twice_sends_one_text(at_code: AtCode, tenant: MadeTenant) -> None:
    consumer, _ = at_code
    consumer.start()
    assert (consumer.status, consumer.heading) == (200, "Enter the code we texted you")
    assert "Please wait" not in consumer.text
    assert len(codes_sent(tenant)) == 1


def _post_at_once(app: Flask, consumer: Consumer, tenant: MadeTenant, count: int, *path: str, **form: str) -> list[int]:
    """The same press in several tabs of one browser."""
    binding = rows(tenant, Binding)[-1]
    csrf = new_csrf_token(tenant.services.database.hash_key, binding.id)
    cookie = consumer.client.get_cookie(f"__Host-prefill-{consumer.onboarding}")
    assert cookie is not None

    def press(_: int) -> int:
        client = app.test_client()
        assert isinstance(client, CheckedClient)
        client.set_cookie(cookie.key, cookie.value, secure=True)
        headers = {"Cookie": f"{cookie.key}={cookie.value}"}
        return client.post(consumer.url(*path), data={"csrf_token": csrf, **form}, headers=headers).status_code

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(press, range(count)))


def test_a_right_code_pressed_many_times_at_once_proves_the_phone_once(
    at_code: AtCode, tenant: MadeTenant, app: Flask
) -> None:
    consumer, onboarding_id = at_code
    answers = _post_at_once(app, consumer, tenant, 8, "code", code=CODE)
    assert 500 not in answers
    assert place(tenant, onboarding_id) == "in_progress bank/intro"
    assert event_types(tenant, onboarding_id).count("onboarding.phone_verified") == 1
    assert [binding.phone_proven for binding in rows(tenant, Binding)].count(True) == 1
    assert codes_sent(tenant)[0].status == "verified"


def test_guessing_in_parallel_gives_no_more_tries(at_code: AtCode, tenant: MadeTenant, app: Flask) -> None:
    consumer, onboarding_id = at_code
    answers = _post_at_once(app, consumer, tenant, 8, "code", code="111111")
    assert set(answers) == {422}
    assert codes_sent(tenant)[0].attempts == 3
    consumer.confirm()
    assert place(tenant, onboarding_id) == "in_progress code/enter"


def test_asking_for_a_text_many_times_at_once_sends_one(at_code: AtCode, tenant: MadeTenant, app: Flask) -> None:
    consumer, _ = at_code
    let_pass(tenant, 31)
    consumer.proves = False
    consumer.post(consumer.url("code", "resend"))
    challenge = consumer.filled_form(consumer.url("code", "resend"))["challenge"]
    answer = {"challenge": challenge, "solution": solve(challenge)}
    answers = _post_at_once(app, consumer, tenant, 6, "code", "resend", **answer)
    assert 500 not in answers
    assert len(codes_sent(tenant)) == 2


def test_the_code_of_one_onboarding_opens_no_other(
    browser: Callable[[], Consumer], tenant: MadeTenant, other_tenant: MadeTenant
) -> None:
    first, second = browser(), browser()
    _, token = tenant.onboard()
    first.open(token)
    first.start("(404) 555-0101", ("6", "8", "1967"))
    other_id, other_token = other_tenant.onboard()
    second.open(other_token)
    second.confirm()
    assert place(other_tenant, other_id) == "created phone/form"
    first_url = first.url("code")
    second.post(first_url, code=CODE)
    assert second.status in (401, 403, 404)


def test_the_secret_is_new_after_the_code_and_the_old_one_is_dead(at_code: AtCode, app: Flask) -> None:
    consumer, _ = at_code
    name = f"__Host-prefill-{consumer.onboarding}"
    before = consumer.client.get_cookie(name)
    consumer.confirm()
    after = consumer.client.get_cookie(name)
    assert before is not None
    assert after is not None
    assert before.value != after.value
    thief = app.test_client()
    assert isinstance(thief, CheckedClient)
    page = thief.get(consumer.url("step"), headers={"Authorization": f"Bearer {before.value}"})
    assert page.status_code == 401
    assert "Connect your bank" not in page.get_data(as_text=True)
    assert thief.get(consumer.url("step"), headers={"Authorization": f"Bearer {after.value}"}).status_code == 200


def test_a_proven_phone_is_sent_no_further_text(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    let_pass(tenant, 31)
    consumer.post(consumer.url("code", "resend"))
    assert consumer.heading == "Connect your bank and skip the typing"
    assert len(codes_sent(tenant)) == 1


def test_an_onboarding_that_ended_is_sent_no_text_and_takes_no_code(at_code: AtCode, tenant: MadeTenant) -> None:
    consumer, onboarding_id = at_code
    consumer.post(consumer.url("cancel"))
    assert consumer.heading == "This form was canceled"
    let_pass(tenant, 31)
    consumer.post(consumer.url("code", "resend"))
    consumer.confirm()
    assert consumer.heading == "This form was canceled"
    assert len(codes_sent(tenant)) == 1
    assert onboarding_row(tenant, onboarding_id).phone_verified_at is None


def test_a_tenant_may_allow_fewer_tries(services: Services, consumer: Consumer) -> None:
    strict = make_tenant(services, "strict", max_attempts=1)
    _, token = strict.onboard()
    consumer.open(token)
    consumer.start()
    consumer.confirm("111111")
    assert "That code can’t be used any more" in consumer.text

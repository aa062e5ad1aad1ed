"""Nobody learns from our pages what a number has met before: here, at another tenant, or at all."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from app.domain import limits
from app.domain.verification import PACE
from tests.support.emulator import Emulator
from tests.support.journeys import PHONE, PHONE_E164, Consumer
from tests.support.rows import calls_to
from tests.support.tenants import MadeTenant

# Four people the emulators know; nothing about them differs but what they met before.
UNKNOWN, KNOWN, ELSEWHERE, BLOCKED = "(415) 555-0012", "(415) 555-0015", "(415) 555-0000", "(515) 555-0013"
BIRTH = ("1", "18", "1975")
# What is new on every page, and the digits that were typed.
PASSING = re.compile(
    r'data-csrf="[^"]*"|nonce="[^"]*"|"prefill-csrf" content="[^"]*"|name="csrf_token" value="[^"]*"'
    r"|onb_[0-9a-f]{32}|/o/[\w-]+|-\d{4}|<b class=\"reference\">[^<]*</b>"
    r"|/static/[^\"]*|data-countdown=\"[1-9]\d*\"|/brand/[^\"]*"
)


@dataclass(frozen=True)
class Answer:
    """What a browser can tell two answers apart by."""

    status: int
    headers: list[tuple[str, str]]
    body: str


@pytest.fixture
def histories(browser: Callable[[], Consumer], tenant: MadeTenant, other_tenant: MadeTenant) -> None:
    """One number is a customer of this tenant, one of another, one had all the texts it may get."""
    for number, (whose, phone) in enumerate(((tenant, KNOWN), (other_tenant, ELSEWHERE))):
        consumer = browser()
        consumer.open(whose.onboard(f"customer-{number}")[1])
        consumer.start(phone, BIRTH)
    with tenant.services.database.session() as session:
        limits.add(session, {"phone": "test:+15155550013"}, ["send:phone"], 8)


def _answer(consumer: Consumer, url: str, **form: str) -> Answer:
    headers = {"HX-Request": "true"} if consumer.token else {}
    sent = {**form, "csrf_token": consumer.token} if consumer.token else form
    response = consumer.client.post(url, data=sent, headers=headers)
    told = [
        (name, PASSING.sub("", re.sub(r"nonce-[\w-]+|req_\w+|__Host-prefill-\w+=[\w-]+", "", value)))
        for name, value in response.headers
        if name not in ("Content-Length", "Date")
    ]
    return Answer(response.status_code, sorted(told), PASSING.sub("", response.get_data(as_text=True)))


def _walk(consumer: Consumer, tenant: MadeTenant, phone: str) -> list[Answer]:
    """From the launch link over wrong codes: everything that is answered."""
    consumer.open(tenant.onboard(f"asker-{phone}")[1])
    month, day, year = BIRTH
    form = {"country": "US", "phone_number": phone, "birth_month": month, "birth_day": day, "birth_year": year}
    answers = [_answer(consumer, consumer.link, **form)]
    consumer.get(consumer.link)
    page = Answer(consumer.status, [], PASSING.sub("", consumer.page))
    codes = [_answer(consumer, consumer.url("code"), code=code) for code in ("000000", "12", "000001", "000002")]
    return [*answers, page, *codes, _answer(consumer, consumer.url("code", "resend"))]


@pytest.mark.usefixtures("histories")
def test_known_unknown_blocked_and_other_tenants_numbers_read_the_same(
    browser: Callable[[], Consumer], tenant: MadeTenant, emulator: Emulator
) -> None:
    sent = calls_to(emulator, "/sms")
    walks = {phone: _walk(browser(), tenant, phone) for phone in (UNKNOWN, KNOWN, ELSEWHERE, BLOCKED)}
    for phone in (KNOWN, ELSEWHERE, BLOCKED):
        for step, (answer, expected) in enumerate(zip(walks[phone], walks[UNKNOWN], strict=True)):
            assert answer == expected, f"{phone} at {step}"
    assert "Enter the code we texted you" in walks[BLOCKED][1].body
    assert calls_to(emulator, "/sms") == sent + 3, "the blocked one was sent nothing"


@pytest.fixture
def held(consumer: Consumer, tenant: MadeTenant) -> str:
    """The address where an onboarding is taken up again, whose phone was proven elsewhere."""
    consumer.prove(tenant.onboard()[1])
    return consumer.url("resume")


def _resume(consumer: Consumer, url: str, phone: str) -> list[Answer]:
    answers = [_answer(consumer, url, country="US", phone_number=phone)]
    consumer.get(url.removesuffix("/resume"))
    page = Answer(consumer.status, [], PASSING.sub("", consumer.page))
    codes = [_answer(consumer, consumer.url("code"), code=code) for code in ("000000", "000001", "000002")]
    return [*answers, page, *codes, _answer(consumer, consumer.url("code", "resend"))]


def test_whoever_holds_an_onboarding_s_address_cannot_ask_whose_it_is(
    browser: Callable[[], Consumer], held: str, emulator: Emulator
) -> None:
    sent = calls_to(emulator, "/sms")
    right, wrong = _resume(browser(), held, PHONE), _resume(browser(), held, UNKNOWN)
    assert right == wrong
    assert "is the number you used before, the code is on its way" in right[1].body
    assert calls_to(emulator, "/sms") == sent + 1, "the wrong number was sent nothing"


def test_a_wrong_number_shows_itself_and_never_the_one_that_is_kept(browser: Callable[[], Consumer], held: str) -> None:
    stranger = browser()
    stranger.post(held, country="US", phone_number=UNKNOWN)
    assert "-0012" in stranger.text
    assert "-0011" not in stranger.page
    stranger.confirm()
    assert stranger.heading == "Enter the code we texted you", "no code is right where none was sent"
    stranger.get(stranger.url("resume"))
    assert stranger.heading == "Pick up where you left off", "and the right number may still be given"


def test_a_stranger_with_a_wrong_number_takes_nothing_from_whoever_has_the_right_one(
    browser: Callable[[], Consumer], held: str
) -> None:
    owner, stranger = browser(), browser()
    owner.post(held, country="US", phone_number=PHONE)
    stranger.post(held, country="US", phone_number=UNKNOWN)
    for _ in range(5):
        stranger.confirm("000000")
    owner.confirm()
    assert owner.heading == "Connect your bank and skip the typing"


def test_a_code_is_good_in_the_browser_that_asked_for_it_only(browser: Callable[[], Consumer], held: str) -> None:
    owner, other = browser(), browser()
    owner.post(held, country="US", phone_number=PHONE)
    other.post(held, country="US", phone_number=UNKNOWN)
    other.confirm()
    assert other.heading == "Enter the code we texted you"
    owner.confirm()
    assert owner.heading == "Connect your bank and skip the typing"


def test_what_is_held_takes_as_long_as_what_is_sent(
    browser: Callable[[], Consumer], tenant: MadeTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[str] = []
    for module in ("verification", "confirmation"):
        monkeypatch.setattr(f"app.domain.{module}.take_as_long", lambda name, *_: waited.append(name))
    with tenant.services.database.session() as session:
        limits.add(session, {"phone": f"test:{PHONE_E164}"}, ["send:phone"], 8)
    consumer = browser()
    consumer.open(tenant.onboard()[1])
    consumer.start()
    consumer.confirm()
    assert waited == [PACE, "check_code"]

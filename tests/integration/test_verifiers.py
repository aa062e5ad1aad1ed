"""Two who can send and judge a code: which one does, who steps in, and that nobody is sent two codes unknowingly."""

from collections.abc import Callable
from typing import Any

import pytest

from app.domain import connections
from app.domain.services import Services
from app.models import Event, Job
from app.providers import base
from app.providers.spinwheel import SpinwheelClient
from tests.support.canary import database_contents
from tests.support.emulator import Emulator
from tests.support.journeys import CODE, PHONE_E164, Consumer
from tests.support.rows import calls_to, codes_sent, event_types, let_pass, place, rows
from tests.support.tenants import MadeTenant, make_tenant

pytestmark = pytest.mark.usefixtures("quick_providers")

TEXT_PAGE, CALL_PAGE, BANK = (
    "Enter the code we texted you",
    "Enter the code from our call",
    "Connect your bank and skip the typing",
)
UNCLEAR = "We couldn’t tell whether the text was sent. Please try again. Only the newest code works."
SILENT = "The text service isn’t answering right now. Please try again."
SPINWHEEL, TWILIO = "/v1/users/connect/sms", "/v2/Services/{ServiceSid}/Verifications"
# Spinwheel says that it failed, so surely nothing was sent; with the others a text may be on its way.
REFUSED = ("500", "503_html", "429")
UNKNOWN = ("hang", "drop", "cut_headers", "cut_body", "empty_body", "missing_field", "null_value", "wrong_type")


@pytest.fixture
def both(services: Services) -> MadeTenant:
    """Texts first, and calls where somebody asks for one."""
    return make_tenant(services, verification_method="both", countries=["US", "PR"])


@pytest.fixture
def by_call(services: Services) -> MadeTenant:
    return make_tenant(services, verification_method="voice")


def begin(consumer: Consumer, tenant: MadeTenant, **wanted: object) -> object:
    """Up to the first form."""
    onboarding_id, token = tenant.onboard(**wanted)  # type: ignore[arg-type]
    consumer.open(token)
    return onboarding_id


def force(emulator: Emulator, provider: str, operation: str, fault: str) -> None:
    emulator.control("POST", "/faults", {"provider": provider, "operation": operation, "fault": fault})


def inbox(emulator: Emulator) -> list[tuple[str, str]]:
    """Who sent what kind of message, oldest first."""
    return [(text.sender, text.channel) for text in reversed(emulator.app.extensions["emulators"].store.texts())]


def told(tenant: MadeTenant, kind: str) -> list[dict[str, Any]]:
    """What the events of one kind say, oldest first."""
    return [
        {name: value for name, value in event.data.items() if name not in ("status", "step")}
        for event in rows(tenant, Event, type=kind)
    ]


def by(tenant: MadeTenant) -> list[tuple[str, str, str]]:
    """Each code: who judges it, how it was sent, and what became of it."""
    return [(row.verifier, row.verification_method, row.status) for row in codes_sent(tenant)]


# ---------- By call ----------
def test_a_call_proves_the_phone(consumer: Consumer, by_call: MadeTenant, emulator: Emulator) -> None:
    onboarding_id = begin(consumer, by_call)
    assert "Call me with a code" in consumer.moves
    assert "By tapping Call me with a code you agree" in consumer.text
    assert "text" not in consumer.text.lower()
    consumer.start()
    assert consumer.heading == CALL_PAGE
    assert "We’re calling (•••) •••-0011. Pick up and listen for six digits." in consumer.text
    assert "Call me again" in consumer.moves
    assert not {"Text me instead", "Call me instead", "Send a new code"} & set(consumer.moves)
    assert inbox(emulator) == [("Twilio Verify", "call")]
    consumer.confirm("111111")
    assert "That code doesn’t match the one from our last call." in consumer.text
    consumer.confirm()
    assert consumer.heading == BANK
    assert place(by_call, onboarding_id) == "in_progress bank/intro"
    assert by(by_call) == [("twilio", "voice", "verified")]
    assert told(by_call, "code.sent") == [{"method": "voice", "verifier": "twilio"}]
    assert told(by_call, "onboarding.phone_verified") == [{"method": "voice", "verifier": "twilio"}]
    assert calls_to(emulator, "/connect/sms") == 0


def test_a_phone_that_a_call_proved_is_connected_to_spinwheel_later(consumer: Consumer, by_call: MadeTenant) -> None:
    begin(consumer, by_call)
    consumer.start()
    consumer.confirm()
    assert [job.payload["how"] for job in rows(by_call, Job, kind="spinwheel.connect")] == ["voice"]


def test_spanish_is_spoken_where_spanish_is_read(consumer: Consumer, by_call: MadeTenant, emulator: Emulator) -> None:
    begin(consumer, by_call, locale="es")
    consumer.client.set_cookie("__Host-prefill-language", "es", secure=True)
    consumer.get(consumer.link)
    consumer.start()
    assert consumer.heading == "Escriba el código de nuestra llamada"
    assert emulator.app.extensions["emulators"].store.texts()[0].body.startswith("Tu código es 1, 2, 3")


def test_the_code_page_offers_the_call_and_the_text_again(
    consumer: Consumer, both: MadeTenant, emulator: Emulator
) -> None:
    onboarding_id = begin(consumer, both)
    consumer.start()
    assert consumer.heading == TEXT_PAGE
    assert {"Send a new code", "Call me instead"} <= set(consumer.moves)
    consumer.post(consumer.url("code", "resend"), method="voice")
    assert "We just called you. Please wait a moment before you ask again." in consumer.text
    let_pass(both, 31)
    consumer.post(consumer.url("code", "resend"), method="voice")
    assert consumer.heading == CALL_PAGE
    assert "Older codes no longer work." in consumer.text
    assert {"Call me again", "Text me instead"} <= set(consumer.moves)
    assert by(both) == [("spinwheel", "sms", "expired"), ("twilio", "voice", "pending")]
    let_pass(both, 31)
    consumer.post(consumer.url("code", "resend"), method="sms")
    assert consumer.heading == TEXT_PAGE
    assert inbox(emulator) == [("Spinwheel", "sms"), ("Twilio Verify", "call"), ("Spinwheel", "sms")]
    consumer.confirm()
    assert place(both, onboarding_id) == "in_progress bank/intro"
    assert by(both)[-1] == ("spinwheel", "sms", "verified")


def test_the_wait_for_a_call_does_not_grow_with_the_texts(consumer: Consumer, both: MadeTenant) -> None:
    begin(consumer, both)
    consumer.start()
    let_pass(both, 31)
    consumer.post(consumer.url("code", "resend"))
    let_pass(both, 31)
    consumer.post(consumer.url("code", "resend"))
    assert "Please wait a moment before you ask for another" in consumer.text, "the second wait for a text is longer"
    consumer.post(consumer.url("code", "resend"), method="voice")
    assert consumer.heading == CALL_PAGE


def test_a_method_the_tenant_does_not_offer_is_not_to_be_had(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    begin(consumer, tenant)
    consumer.start()
    assert "Call me instead" not in consumer.moves
    let_pass(tenant, 31)
    consumer.post(consumer.url("code", "resend"), method="voice")
    assert consumer.heading == TEXT_PAGE
    assert inbox(emulator) == [("Spinwheel", "sms"), ("Spinwheel", "sms")]


def test_a_number_that_takes_no_texts_is_called_instead(
    consumer: Consumer, both: MadeTenant, emulator: Emulator
) -> None:
    onboarding_id = begin(consumer, both)
    consumer.start("(718) 555-0190", ("4", "30", "1969"))
    assert "This number can’t get our text. We can call it instead." in consumer.text
    assert "By tapping Call me with a code you agree" in consumer.text
    assert "Text me a code" not in consumer.moves
    assert inbox(emulator) == []
    form = consumer.filled_form(consumer.url("phone"))
    typed = {"phone_number": "(718) 555-0190", "birth_month": "4", "birth_day": "30", "birth_year": "1969"}
    consumer.post(consumer.url("phone"), **{**form, **typed})
    assert consumer.heading == CALL_PAGE
    assert inbox(emulator) == [("Twilio Verify", "call")]
    consumer.confirm()
    assert place(both, onboarding_id) == "in_progress bank/intro"


def test_without_a_call_to_offer_such_a_number_leads_on_by_hand(consumer: Consumer, tenant: MadeTenant) -> None:
    begin(consumer, tenant)
    consumer.start("(718) 555-0190", ("4", "30", "1969"))
    assert "This number can’t get our text. You can go on without a code." in consumer.text
    assert "Text me a code" in consumer.moves


@pytest.mark.parametrize(
    ("fault", "sentence"), [("500", "We can’t call you right now."), ("hang", "our call went out")]
)
def test_where_no_call_goes_out_nobody_speaks_of_texts(
    consumer: Consumer, by_call: MadeTenant, emulator: Emulator, fault: str, sentence: str
) -> None:
    begin(consumer, by_call)
    force(emulator, "twilio", TWILIO, fault)
    consumer.start()
    assert consumer.heading == "Start with your phone number"
    assert sentence in consumer.text
    assert "text" not in consumer.text.lower()
    emulator.control("DELETE", "/faults")
    consumer.start()
    assert consumer.heading == CALL_PAGE


# ---------- Somebody steps in ----------
@pytest.mark.parametrize("fault", REFUSED)
def test_where_spinwheel_surely_sent_nothing_the_same_press_goes_by_twilio(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator, fault: str
) -> None:
    onboarding_id = begin(consumer, tenant)
    force(emulator, "spinwheel", SPINWHEEL, fault)
    consumer.start()
    assert (consumer.status, consumer.heading) == (200, TEXT_PAGE)
    assert inbox(emulator) == [("Twilio Verify", "sms")]
    assert [each["verifier"] for each in told(tenant, "code.failed")] == ["spinwheel"]
    assert told(tenant, "code.sent") == [{"method": "sms", "verifier": "twilio"}]
    consumer.confirm()
    assert place(tenant, onboarding_id) == "in_progress bank/intro"
    assert by(tenant) == [("twilio", "sms", "verified")]
    assert [job.payload["how"] for job in rows(tenant, Job, kind="spinwheel.connect")] == ["sms"]


def test_where_nobody_listens_at_spinwheel_the_same_press_goes_by_twilio(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(_base_url: str, _secure: str, api_key: str, key: str) -> SpinwheelClient:
        return SpinwheelClient("http://127.0.0.1:1", "http://127.0.0.1:1", api_key, connection_key=key)

    monkeypatch.setattr(connections, "_spinwheel", nowhere)
    begin(consumer, tenant)
    consumer.start()
    assert consumer.heading == TEXT_PAGE
    assert inbox(emulator) == [("Twilio Verify", "sms")]


def test_while_the_breaker_is_open_spinwheel_is_not_even_asked(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    key = "con_" + connections.default_connection_id(tenant.scope, "spinwheel").hex
    breaker = base.breakers.of("spinwheel", key, "connect_sms")
    for _ in range(20):
        ticket = breaker.allow()
        if ticket is not None:
            breaker.record(ticket, True)
    assert breaker.state == "open"
    begin(consumer, tenant)
    consumer.start()
    assert consumer.heading == TEXT_PAGE
    assert inbox(emulator) == [("Twilio Verify", "sms")]
    assert calls_to(emulator, SPINWHEEL) == 0


@pytest.mark.parametrize("fault", UNKNOWN)
def test_where_a_text_may_be_on_its_way_nobody_sends_a_second_one_unasked(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator, fault: str
) -> None:
    onboarding_id = begin(consumer, tenant)
    force(emulator, "spinwheel", SPINWHEEL, fault)
    consumer.start()
    assert consumer.heading == "Start with your phone number"
    assert UNCLEAR in consumer.text
    assert "Twilio Verify" not in [sender for sender, _ in inbox(emulator)]
    assert codes_sent(tenant) == []
    consumer.start()
    assert consumer.heading == TEXT_PAGE, "whoever presses again need not wait, and gets it from the other one"
    assert inbox(emulator)[-1] == ("Twilio Verify", "sms")
    assert emulator.control("GET", "/faults")["faults"][0]["hits"] == 1, "Spinwheel was asked once"  # type: ignore[index]
    consumer.confirm()
    assert place(tenant, onboarding_id) == "in_progress bank/intro"


def test_who_stepped_in_goes_on_and_each_text_ends_the_one_before(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    begin(consumer, tenant)
    force(emulator, "spinwheel", SPINWHEEL, "500")
    consumer.start()
    for code in ("111111", "222222", "333333"):
        consumer.confirm(code)
    assert "That code can’t be used any more" in consumer.text
    let_pass(tenant, 31)
    consumer.post(consumer.url("code", "resend"))
    assert calls_to(emulator, SPINWHEEL) == 1, "Spinwheel is left in peace for a while"
    for code in ("111111", "222222"):
        consumer.confirm(code)
    assert "You have 1 try left." in consumer.text, "the new code has tries of its own at Twilio too"
    consumer.confirm()
    assert consumer.heading == BANK


def test_where_both_are_away_there_is_a_sentence_and_a_way_on(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    onboarding_id = begin(consumer, tenant)
    force(emulator, "spinwheel", SPINWHEEL, "500")
    force(emulator, "twilio", "*", "503_html")
    consumer.start()
    assert consumer.heading == "Start with your phone number"
    assert SILENT in consumer.text
    assert "Fill in the form yourself" in consumer.moves
    assert [each["verifier"] for each in told(tenant, "code.failed")] == ["spinwheel", "twilio"]
    emulator.control("DELETE", "/faults")
    consumer.start()
    consumer.confirm()
    assert place(tenant, onboarding_id) == "in_progress bank/intro"


@pytest.mark.parametrize("fault", [*REFUSED, *UNKNOWN])
def test_nobody_steps_in_for_a_call_and_the_text_is_still_there(
    consumer: Consumer, both: MadeTenant, emulator: Emulator, fault: str
) -> None:
    begin(consumer, both)
    consumer.start()
    let_pass(both, 31)
    force(emulator, "twilio", TWILIO, fault)
    consumer.post(consumer.url("code", "resend"), method="voice")
    assert (consumer.status, consumer.heading) == (422, TEXT_PAGE)
    assert "call" in consumer.text.lower()
    assert "Send a new code" in consumer.moves
    consumer.confirm()
    assert consumer.heading == BANK, "the text that was sent before is still good"


def test_a_number_that_spinwheel_does_not_serve_goes_by_twilio(
    consumer: Consumer, both: MadeTenant, emulator: Emulator
) -> None:
    begin(consumer, both)
    month, day, year = "4", "2", "1988"
    consumer.post(
        consumer.link, country="PR", phone_number="787 234 5678", birth_month=month, birth_day=day, birth_year=year
    )
    assert consumer.heading == TEXT_PAGE
    assert inbox(emulator) == [("Twilio Verify", "sms")]
    why = {"method": "sms", "verifier": "spinwheel", "why": "country_unsupported"}
    assert told(both, "code.failed") == [why]


# ---------- Judging ----------
@pytest.mark.parametrize("fault", [*REFUSED, *UNKNOWN])
def test_only_whoever_sent_a_code_judges_it_and_an_outage_costs_no_try(
    consumer: Consumer, by_call: MadeTenant, emulator: Emulator, fault: str
) -> None:
    onboarding_id = begin(consumer, by_call)
    consumer.start()
    force(emulator, "twilio", "/v2/Services/{ServiceSid}/VerificationCheck", fault)
    consumer.confirm("111111")
    assert (consumer.status, consumer.heading) == (422, CALL_PAGE)
    assert codes_sent(by_call)[0].attempts == 0
    assert calls_to(emulator, "/verify") == 0
    emulator.control("DELETE", "/faults")
    consumer.confirm()
    assert place(by_call, onboarding_id) == "in_progress bank/intro"


def test_a_twilio_code_lives_as_long_as_the_page_says(consumer: Consumer, by_call: MadeTenant) -> None:
    begin(consumer, by_call)
    consumer.start()
    assert "It works for 5 minutes." in consumer.text
    let_pass(by_call, 301)
    consumer.confirm()
    assert "That code has ended. Ask for a new one below." in consumer.text


def test_a_code_that_ended_at_twilio_says_so(consumer: Consumer, by_call: MadeTenant, emulator: Emulator) -> None:
    begin(consumer, by_call)
    consumer.start()
    emulator.control("POST", "/clock", {"advance_seconds": 601})
    consumer.confirm()
    assert "That code has ended. Ask for a new one below." in consumer.text


def test_the_code_of_one_phone_proves_no_other(
    browser: Callable[[], Consumer], by_call: MadeTenant, emulator: Emulator
) -> None:
    first, second = browser(), browser()
    mine = begin(first, by_call)
    first.start()
    begin(second, by_call, external_user_id="member-2")
    second.start("(404) 555-0101", ("6", "8", "1967"))
    shared = emulator.app.extensions["emulators"].store
    state = shared.state("twilio", emulator.settings.twilio_account_sid, dict)
    for verification in state.verifications.values():
        if verification.phone_number == PHONE_E164:
            verification.status = "canceled"
    first.confirm()
    assert "That code has ended." in first.text, "the same digits are good for the other phone alone"
    assert place(by_call, mine) == "in_progress code/enter"
    second.confirm()
    assert second.heading == BANK


def test_a_browser_that_comes_back_is_called_too(
    browser: Callable[[], Consumer], by_call: MadeTenant, emulator: Emulator
) -> None:
    first = browser()
    onboarding_id = begin(first, by_call)
    first.start()
    first.confirm()
    other = browser()
    other.get(first.url("resume"))
    assert "Call me with a code" in other.moves
    other.post(first.url("resume"), country="US", phone_number="(415) 555-0011")
    assert inbox(emulator) == [("Twilio Verify", "call"), ("Twilio Verify", "call")]
    other.post(first.url("code"), code=CODE)
    assert place(by_call, onboarding_id) == "in_progress bank/intro"
    assert event_types(by_call, onboarding_id).count("onboarding.phone_verified") == 1


def test_neither_code_nor_number_nor_the_verifier_s_id_is_readable(
    consumer: Consumer, by_call: MadeTenant, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    begin(consumer, by_call)
    consumer.start()
    consumer.confirm("918273")
    consumer.confirm()
    consumer.work()
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("app.")]
    for where, content in {**database_contents(database_url), "log": "\n".join(ours).encode()}.items():
        assert b"918273" not in content, where
        assert PHONE_E164.encode() not in content, where
        assert b"VE" + b"0" not in content or where.endswith(("-wal", ".db")), where

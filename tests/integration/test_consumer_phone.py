"""The phone step: what is asked, what is refused in plain words, and that nothing typed is lost."""

import datetime as dt
import hashlib

import pytest

from app.domain.services import Services
from app.models import Consent, PhoneVerificationSession
from app.models.vault import vault
from tests.support.emulator import Emulator
from tests.support.journeys import BIRTH, PHONE, Consumer
from tests.support.rows import consents, event_types, onboarding_row, place, rows
from tests.support.tenants import MadeTenant, make_tenant

TODAY = dt.datetime.now(dt.UTC).date()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter your mobile number"),
        ("hello", "Enter a mobile number with its area code"),
        ("555 0142", "Enter a mobile number with its area code"),
        ("+44 20 7946 0958", "We can’t text numbers of that country yet"),
        ("(800) 555-0199", "This kind of number can’t get our text"),
        ("(900) 555-0199", "This kind of number can’t get our text"),
        ("415 555 0011 0011 0011", "Enter a mobile number with its area code"),
    ],
)
def test_a_number_that_gets_no_text_is_refused_beside_the_field(
    consumer: Consumer, tenant: MadeTenant, typed: str, sentence: str
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start(typed)
    assert consumer.status == 422
    assert sentence in consumer.text
    form = consumer.filled_form(consumer.link)
    assert form["phone_number"] == typed
    assert (form["birth_month"], form["birth_day"], form["birth_year"]) == BIRTH
    assert place(tenant, onboarding_id) == "created phone/form"
    consumer.start()
    assert consumer.heading == "Enter the code we texted you"


@pytest.mark.parametrize(
    ("birth", "sentence"),
    [
        (("", "", ""), "Enter month, day and year of your birth"),
        (("1", "18", ""), "Enter month, day and year of your birth"),
        (("2", "30", "1975"), "Enter a real date"),
        (("13", "1", "1975"), "Enter a real date"),
        (("1", "18", "75"), "Enter a real date"),
        (("a", "b", "cccc"), "Enter a real date"),
        (("9" * 40, "18", "1975"), "Enter a real date"),
        (("1", "18", "2999"), "This date is still to come"),
        (("1", "18", "1801"), "Check the year of your birth"),
    ],
)
def test_an_impossible_birth_date_is_refused_beside_the_field(
    consumer: Consumer, tenant: MadeTenant, birth: tuple[str, str, str], sentence: str
) -> None:
    _, token = tenant.onboard()
    consumer.open(token)
    consumer.start(PHONE, birth)
    assert consumer.status == 422
    assert sentence in consumer.text
    assert consumer.filled_form(consumer.link)["phone_number"] == PHONE
    assert rows(tenant, PhoneVerificationSession) == []


def test_a_country_from_no_list_is_just_a_wrong_number(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    consumer.open(token)
    month, day, year = BIRTH
    consumer.post(consumer.link, country="XX", phone_number=PHONE, birth_month=month, birth_day=day, birth_year=year)
    assert consumer.status == 422


def test_somebody_too_young_reads_an_honest_page_and_no_text_is_sent(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start(PHONE, ("5", "14", str(TODAY.year - 17)))
    assert consumer.heading == "We can’t go on here"
    assert "at least 18" in consumer.text
    assert "Back to Acme Credit Union" in consumer.moves
    assert place(tenant, onboarding_id).startswith("failed")
    assert onboarding_row(tenant, onboarding_id).reason == "too_young"
    assert emulator.control("GET", "/calls")["calls"] == []
    consumer.start()
    assert consumer.heading == "We can’t go on here"
    consumer.get(consumer.link)
    assert consumer.heading == "We can’t go on here"
    assert "18" not in consumer.text, "the link alone does not tell why"


def test_the_minimum_age_holds_by_hand_too(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.post(f"{consumer.link}/by-hand")
    consumer.by_hand(date_of_birth_year=str(TODAY.year - 15))
    assert consumer.heading == "We can’t go on here"
    assert onboarding_row(tenant, onboarding_id).reason == "too_young"


def test_the_minimum_age_holds_when_the_birth_date_is_changed_at_the_review(
    consumer: Consumer, tenant: MadeTenant
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.post(f"{consumer.link}/by-hand")
    consumer.by_hand()
    consumer.share(date_of_birth_year=str(TODAY.year - 15))
    assert consumer.heading == "We can’t go on here"
    assert onboarding_row(tenant, onboarding_id).reason == "too_young"


def test_a_tenant_may_set_another_age(services: Services, consumer: Consumer) -> None:
    older = make_tenant(services, "older", minimum_age=21)
    onboarding_id, token = older.onboard()
    consumer.open(token)
    consumer.start(PHONE, ("1", "1", str(TODAY.year - 20)))
    assert "at least 21" in consumer.text
    assert onboarding_row(older, onboarding_id).status == "failed"


def test_what_the_tenant_gave_is_not_asked_again(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard(given={"phone_number": "+14155550011"})
    consumer.open(token)
    assert "0011" in consumer.text
    assert "4155550011" not in consumer.page.replace(" ", "").replace("-", "").replace(")", "")
    assert "phone_number" not in consumer.filled_form(consumer.link)
    month, day, year = BIRTH
    consumer.post(consumer.link, birth_month=month, birth_day=day, birth_year=year)
    assert consumer.heading == "Enter the code we texted you"


def test_with_phone_and_birth_date_given_one_button_is_left(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard(given={"phone_number": "+14155550011", "date_of_birth": "1975-01-18"})
    consumer.open(token)
    assert "1975" not in consumer.page
    consumer.post(consumer.link)
    assert consumer.heading == "Enter the code we texted you"
    consumer.confirm()
    assert place(tenant, onboarding_id) == "in_progress bank/intro"


def test_a_birth_date_the_tenant_gave_says_so(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard(given={"phone_number": "+14155550011", "date_of_birth": "1975-01-18"})
    consumer.open(token)
    consumer.post(consumer.link)
    consumer.confirm()
    consumer.finish_bank()
    consumer.answer_credit_file("no")
    assert "You entered it at the start" not in consumer.text


def test_the_consent_is_kept_word_for_word_as_the_page_showed_it(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard(disclosures={"terms_url": "https://acme.example/terms", "version": "2026-10"})
    consumer.open(token)
    shown = consumer.text.replace(" (opens a new tab)", "")
    consumer.headers["User-Agent"] = "Browser of a test"
    consumer.start()
    consent = consents(tenant)[0]
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        evidence = vault(session).open(session.get_one(Consent, consent.id), "evidence")
    assert evidence["text"].startswith("By tapping Text me a code you agree")
    assert evidence["text"] in shown
    assert evidence["ip_address"] == "127.0.0.1"
    assert evidence["user_agent"] == "Browser of a test"
    assert consent.text_hash == hashlib.sha256(evidence["text"].encode()).hexdigest()
    assert (consent.kind, consent.version, consent.locale) == ("phone", "2026-10", "en")
    assert (dt.datetime.now(dt.UTC) - consent.given_at).total_seconds() < 60


def test_every_later_consent_stands_on_its_page_word_for_word(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    pages = {"bank": consumer.text}
    consumer.finish_bank()
    pages["credit_file"] = consumer.text
    consumer.answer_credit_file("yes")
    pages["share"] = consumer.text
    consumer.share()
    kept = {consent.kind: consent for consent in consents(tenant)}
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        for kind, page in pages.items():
            text = vault(session).open(session.get_one(Consent, kept[kind].id), "evidence")["text"]
            assert text in page.replace(" (opens a new tab)", ""), kind


def test_a_refused_form_stores_no_consent(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    consumer.open(token)
    consumer.start("hello")
    assert consents(tenant) == []


def test_the_number_can_be_changed_before_the_code_is_confirmed(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start("(404) 555-0101", ("6", "8", "1967"))
    consumer.get(consumer.url("phone"))
    assert consumer.heading == "Start with your phone number"
    consumer.start()
    assert consumer.heading == "Enter the code we texted you"
    assert "0011" in consumer.text
    assert [row.status for row in rows(tenant, PhoneVerificationSession)] == ["expired", "pending"]
    consumer.confirm()
    assert place(tenant, onboarding_id) == "in_progress bank/intro"
    assert event_types(tenant, onboarding_id).count("code.sent") == 2
    assert emulator


def test_once_the_phone_is_proven_it_cannot_be_changed(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    consumer.get(consumer.url("phone"))
    assert consumer.heading == "Connect your bank and skip the typing"
    consumer.start("(404) 555-0101", ("6", "8", "1967"))
    assert consumer.heading == "Connect your bank and skip the typing"
    assert len(rows(tenant, PhoneVerificationSession)) == 1, "no text was sent"
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        onboarding = session.get_one(type(onboarding_row(tenant, onboarding_id)), onboarding_id)
        assert vault(session).open(onboarding, "phone_number") == "+14155550011"

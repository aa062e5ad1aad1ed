"""Providers and the network fail at every step: there is a sentence, and a button that goes on."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PHONE, NewPerson
from tests.e2e.person import CODE, Person
from tests.support.browser import Watch
from tests.support.served import Product

pytestmark = pytest.mark.e2e

OFFLINE = ("net::ERR_INTERNET_DISCONNECTED", "htmx:error: Failed to fetch")
SILENT = "The text service isn’t answering right now. Please try again."


@pytest.mark.parametrize("kind", ["500", "503_html"])
def test_no_text_can_be_sent(maria: Person, product: Product, watch: Watch, kind: str) -> None:
    watch.expect("422")
    maria.begin()
    product.fault("spinwheel", "/v1/users/connect/sms", kind)
    product.fault("twilio", "*", kind)
    maria.field("Mobile number").fill("4155550011")
    for part, value in (("Month", "1"), ("Day", "18"), ("Year", "1975")):
        maria.field(part).fill(value)
    maria.press("Text me a code")
    maria.told(SILENT)
    expect(maria.field("Mobile number")).to_have_value("4155550011")
    product.mend()
    maria.press("Text me a code")
    maria.reads("Enter the code we texted you")


def test_no_code_can_be_judged(maria: Person, product: Product, watch: Watch) -> None:
    watch.expect("422")
    maria.begin()
    maria.give_phone()
    product.fault("spinwheel", "/v1/users/{userId}/connect/sms/verify", "503_html")
    maria.give_code()
    maria.told(SILENT)
    product.mend()
    maria.give_code()
    maria.reads("Connect your bank and skip the typing")


def test_the_bank_cannot_be_opened(maria: Person, product: Product) -> None:
    maria.begin()
    maria.prove_phone()
    product.fault("plaid", "/session/token/create", "500")
    maria.press("Continue to your bank")
    maria.reads("Your bank isn’t answering right now")
    product.mend()
    maria.press("Try again")
    expect(maria.page.get_by_title("Plaid Link")).to_be_visible()


def test_the_bank_gives_nothing_then_everything(new_person: NewPerson, product: Product) -> None:
    person = new_person(viewport=PHONE)
    person.begin()
    person.prove_phone()
    bank = person.open_bank()
    product.fault("plaid", "/user_account/session/get", "500")
    person.share_at_bank(bank)
    person.reads("Your bank isn’t answering right now")
    product.mend()
    person.press("Try again")
    person.reads("May we look at your credit file?")
    product.fault("spinwheel", "/v1/users/{userId}/debtProfile", "500")
    person.press("Yes, get my credit file")
    person.reads("Check your details")
    person.type_everything()
    person.share()


def test_a_bank_that_fails_can_be_left_for_the_form(maria: Person, product: Product) -> None:
    maria.begin()
    maria.prove_phone()
    product.fault("plaid", "*", "503_html")
    maria.press("Continue to your bank")
    maria.reads("Your bank isn’t answering right now")
    maria.fill_by_hand()
    maria.share()


def test_the_script_of_the_bank_does_not_load(maria: Person, watch: Watch) -> None:
    watch.expect("net::ERR_FAILED")
    maria.begin()
    maria.prove_phone()
    maria.context.route("**/link-initialize.js", lambda route: route.abort())
    maria.press("Continue to your bank")
    maria.told("The bank window didn’t open")
    maria.context.unroute_all()
    maria.link("Try again").click()
    maria.share_at_bank(maria.page)
    maria.reads("May we look at your credit file?")


def test_a_dead_network_keeps_what_was_typed(maria: Person, watch: Watch) -> None:
    watch.expect(*OFFLINE)
    maria.begin()
    maria.give_phone()
    maria.context.set_offline(True)
    maria.field("Six-digit code").fill(CODE)
    maria.press("Confirm")
    maria.told("We couldn’t reach our server")
    expect(maria.field("Six-digit code")).to_have_value(CODE)
    maria.context.set_offline(False)
    maria.press("Try again")
    maria.reads("Connect your bank and skip the typing")
    maria.fill_by_hand()
    maria.field("Employer").fill("Harbor Clinic")
    maria.context.set_offline(True)
    maria.press("Share with %(tenant)s", tenant="Acme")
    maria.told("We couldn’t reach our server")
    expect(maria.field("Employer")).to_have_value("Harbor Clinic")
    maria.context.set_offline(False)
    maria.press("Try again")
    maria.reads("All done")
    maria.here.get_by_text("What you shared", exact=True).click()
    maria.told("Harbor Clinic")


def test_a_network_that_dies_while_waiting(maria: Person, product: Product, watch: Watch) -> None:
    watch.expect(*OFFLINE)
    maria.begin()
    maria.prove_phone()
    bank = maria.open_bank()
    product.fault("plaid", "/user_account/session/get", "slow", seconds=3, times=1)
    maria.share_at_bank(bank)
    maria.reads("We’re filling in your form")
    maria.context.set_offline(True)
    maria.told("We couldn’t reach our server")
    maria.context.set_offline(False)
    maria.reads("May we look at your credit file?")


def test_a_provider_that_forgot_the_person_is_told_anew(maria: Person, product: Product, watch: Watch) -> None:
    watch.expect("422")
    maria.begin(external_user_id="member-forgotten")
    maria.give_phone()
    product.control("/reset", {})
    maria.begin(external_user_id="member-forgotten")
    maria.field("Mobile number").fill("4155550011")
    for part, value in (("Month", "1"), ("Day", "18"), ("Year", "1975")):
        maria.field(part).fill(value)
    maria.press("Text me a code")
    maria.told(SILENT)
    maria.press("Text me a code")
    maria.give_code()
    maria.reads("Connect your bank and skip the typing")

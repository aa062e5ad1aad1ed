"""A code by call, and a text that comes although Spinwheel is away, as a person meets them."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PHONE, NewPerson
from tests.e2e.person import Person
from tests.support.browser import Watch
from tests.support.rows import let_pass
from tests.support.served import Product

pytestmark = pytest.mark.e2e

CONNECT = "/v1/users/connect/sms"
CALL, BANK = "Enter the code from our call", "Connect your bank and skip the typing"


@pytest.mark.parametrize("locale", ["en", "es"])
def test_a_person_who_gets_no_texts_is_called(new_person: NewPerson, product: Product, locale: str) -> None:
    person = new_person(viewport=PHONE, locale=locale)
    person.begin(locale=locale)
    person.give_phone()
    expect(person.button("Call me instead")).to_be_hidden()
    expect(person.button("Send a new code")).to_be_hidden()
    let_pass(product.tenant, 31)
    person.page.reload()
    person.press("Call me instead")
    person.reads(CALL)
    person.told("Use the code from this call. Older codes no longer work.")
    expect(person.button("Call me again")).to_be_hidden()
    person.page.reload()
    person.reads(CALL)
    person.give_code()
    person.reads(BANK)
    assert person.place == "in_progress bank/intro"


def test_nobody_notices_that_spinwheel_is_away(maria: Person, product: Product) -> None:
    maria.begin()
    product.fault("spinwheel", CONNECT, "503_html")
    maria.give_phone()
    maria.page.goto(f"{product.emulator_url}/inbox")
    expect(maria.page.get_by_text("Twilio Verify · just now")).to_be_visible()
    maria.page.go_back()
    maria.give_code()
    maria.reads(BANK)
    maria.fill_by_hand()
    maria.share()


def test_whoever_may_have_been_texted_is_told_so_and_presses_again(
    new_person: NewPerson, product: Product, watch: Watch
) -> None:
    watch.expect("422")
    person = new_person(viewport=PHONE)
    person.begin()
    product.fault("spinwheel", CONNECT, "cut_body")
    person.field("Mobile number").fill("4155550011")
    for part, value in (("Month", "1"), ("Day", "18"), ("Year", "1975")):
        person.field(part).fill(value)
    person.press("Text me a code")
    person.told("We couldn’t tell whether the text was sent. Please try again. Only the newest code works.")
    person.press("Text me a code")
    person.reads("Enter the code we texted you")
    person.give_code()
    person.reads(BANK)

"""Leaving and coming back: by a link from the inbox, with a phone, after a long while; and not coming back."""

import datetime as dt

import pytest
import requests
from playwright.sync_api import Playwright, expect
from sqlalchemy import select

from app.domain.ids import parse_id
from app.models import Job, Onboarding
from tests.e2e.conftest import NewPerson
from tests.e2e.person import CODE, PHONE, Person
from tests.support.browser import Watch
from tests.support.inbox import link_in
from tests.support.rows import event_types, let_pass
from tests.support.served import Product, eventually

pytestmark = pytest.mark.e2e
MAIL = "maria@example.com"


def newest_mail(product: Product) -> dict[str, str] | None:
    mails: list[dict[str, str]] = requests.get(f"{product.emulator_url}/inbox.json", timeout=10).json()["mails"]
    return mails[0] if mails else None


def prove_again(person: Person) -> None:
    """From the page a link opens to the place where it was left."""
    person.reads("Pick up where you left off")
    expect(person.page.get_by_text("Maria")).to_have_count(0)
    person.field("The mobile number you used before").fill(PHONE)
    person.press("Text me a code")
    person.reads("Enter the code we texted you")
    person.field("Six-digit code").fill(CODE)
    person.press("Confirm")


@pytest.mark.parametrize("locale", ["en", "es"])
def test_a_mailed_link_opens_the_same_place_in_another_browser(
    new_person: NewPerson, product: Product, watch: Watch, locale: str
) -> None:
    watch.expect("422")
    maria = new_person(locale=locale)
    maria.apply()
    maria.to_review()
    maria.link("Finish later").click()
    expect(maria.page.get_by_role("heading", level=1)).to_contain_text(
        "Come back any time" if locale == "en" else "Vuelva"
    )
    maria.field("Or your email address").fill("maria@")
    maria.press("Mail me a link")
    maria.told("Enter your whole email address, like name@example.com")
    maria.field("Or your email address").fill(MAIL)
    maria.press("Mail me a link")
    maria.told("We’re mailing you a link")
    mail = eventually(lambda: newest_mail(product))
    assert "Maria" not in mail["text"] + mail["subject"]
    let_pass(product.tenant, 301)
    other = new_person(locale=locale)
    # The inbox of the emulators, as a person would look at it.
    other.page.goto(f"{product.emulator_url}/inbox")
    other.page.get_by_role("link", name=link_in(mail["text"])).click()
    prove_again(other)
    other.reads("Check your details")
    expect(other.field("Last name")).to_have_value("Ortiz Reyes")
    other.share()


def test_a_phone_takes_over_and_the_desk_follows(
    new_person: NewPerson, product: Product, playwright: Playwright
) -> None:
    maria = new_person()
    maria.apply()
    maria.prove_phone()
    maria.press("Go on with your phone")
    maria.reads("Go on with your phone")
    expect(maria.page.get_by_role("img", name="QR code that opens this form on your phone")).to_be_visible()
    address = maria.page.get_by_label("Or open this link on it").input_value()
    let_pass(product.tenant, 301)
    looks = {name: value for name, value in playwright.devices["iPhone 13"].items() if name != "default_browser_type"}
    iphone = new_person(**looks)
    iphone.onboarding_id = maria.onboarding_id
    iphone.page.goto(address)
    prove_again(iphone)
    iphone.reads("Connect your bank and skip the typing")
    maria.told("The form is open there. Confirm your phone on it and go on.")
    iphone.connect_bank()
    maria.reads("May we look at your credit file?")
    iphone.press("Yes, get my credit file")
    iphone.reads("Check your details")
    iphone.share()


def test_a_link_is_copied_by_its_button(new_person: NewPerson) -> None:
    maria = new_person(permissions=["clipboard-read", "clipboard-write"])
    maria.apply()
    maria.prove_phone()
    maria.press("Go on with your phone")
    maria.press("Copy the link")
    expect(maria.button("Copied")).to_be_visible()
    copied = maria.page.evaluate("navigator.clipboard.readText()")
    assert copied == maria.page.get_by_label("Or open this link on it").input_value()


def test_abandoned_and_taken_up_again(maria: Person, product: Product) -> None:
    maria.apply()
    maria.prove_phone()
    wanted = parse_id("onboarding", maria.onboarding_id)
    with product.tenant.services.database.session(product.tenant.scope) as session:
        session.get_one(Onboarding, wanted).last_active_at -= dt.timedelta(minutes=61)
        for job in session.scalars(select(Job).where(Job.kind == "onboarding.abandon", Job.state == "pending")):
            job.due_at -= dt.timedelta(minutes=61)
    eventually(lambda: maria.place == "abandoned bank/intro")
    eventually(lambda: "onboarding.abandoned" in product.callbacks(maria.onboarding_id))
    maria.page.reload()
    maria.reads("Connect your bank and skip the typing")
    maria.fill_by_hand()
    assert "onboarding.resumed" in event_types(product.tenant, wanted)
    maria.share()
    assert maria.place == "completed done/done"


@pytest.mark.parametrize("framed", [False, True])
def test_cancel_is_asked_and_final(new_person: NewPerson, framed: bool, watch: Watch) -> None:
    maria = new_person(framed=framed)
    maria.apply()
    maria.prove_phone()
    maria.link("Cancel").click()
    maria.reads("Do you want to cancel?")
    maria.activate(maria.link("No, go back"))
    maria.reads("Connect your bank and skip the typing")
    maria.link("Cancel").click()
    maria.press("Yes, cancel")
    maria.reads("This form was canceled")


def test_the_language_is_changed_on_the_way_by_a_button(new_person: NewPerson) -> None:
    for framed in (False, True):
        maria = new_person(framed=framed)
        maria.apply()
        maria.give_phone()
        maria.activate(maria.language("Español"))
        spanish = maria.here.get_by_role("heading", level=1, name="Escriba el código")
        expect(spanish).to_be_visible()
        maria.activate(maria.language("English"))
        maria.reads("Enter the code we texted you")

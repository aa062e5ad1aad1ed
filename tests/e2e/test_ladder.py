"""Every rung of the ladder to the end, on a desk, on an iPhone and in a frame."""

from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, expect

from app.domain.ids import parse_id
from tests.e2e.conftest import DESK, NewPerson
from tests.e2e.person import Person
from tests.support.browser import Watch
from tests.support.rows import onboarding_row

pytestmark = pytest.mark.e2e
BY_BIRTH, NOT_KNOWN = "5155550017", "3125550162"
BIRTH, HERS = ("01", "18", "1975"), ("11", "27", "1991")
PLACES = ["desk", "iphone", "frame"]


@pytest.fixture
def arrive(new_person: NewPerson, playwright: Playwright) -> Any:
    """A person at the bank step, in one of the places; and where Plaid stands."""

    def make(where: str, phone: str, birth: tuple[str, str, str]) -> tuple[Person, Page]:
        options = playwright.devices["iPhone 13"] if where == "iphone" else {"viewport": DESK}
        options = {name: value for name, value in options.items() if name != "default_browser_type"}
        person = new_person(framed=where == "frame", **options)
        person.apply()
        person.give_phone(phone, birth)
        person.give_code()
        person.reads("Connect your bank and skip the typing")
        return person, person.open_bank()

    return make


def rung(person: Person) -> str | None:
    return onboarding_row(person.product.tenant, parse_id("onboarding", person.onboarding_id)).rung


def ends(person: Person, bank: Page) -> None:
    """From the bank's window to the end of the form."""
    if person.framed:
        expect(bank.get_by_role("heading", name="Your bank is connected")).to_be_visible()
        bank.close()
    person.here.get_by_role("heading", level=1, name="May we look at your credit file?").or_(
        person.here.get_by_role("heading", level=1, name="Check your details")
    ).wait_for()
    if person.button("Yes, get my credit file").is_visible():
        person.press("Yes, get my credit file")
    person.reads("Check your details")
    person.type_everything()
    person.share()


@pytest.mark.parametrize("where", PLACES)
def test_layer_by_date_of_birth(arrive: Any, where: str) -> None:
    person, bank = arrive(where, BY_BIRTH, BIRTH)
    person.share_at_bank(bank)
    ends(person, bank)
    assert rung(person) == "layer_birth"


@pytest.mark.parametrize("where", PLACES)
def test_ordinary_link_comes_by_itself_where_layer_knows_nobody(arrive: Any, where: str) -> None:
    person, bank = arrive(where, NOT_KNOWN, HERS)
    person.connect_by_link(bank)
    ends(person, bank)
    assert rung(person) == "link"


@pytest.mark.parametrize("where", PLACES)
def test_after_the_window_was_left_the_form_by_hand(arrive: Any, where: str) -> None:
    person, bank = arrive(where, NOT_KNOWN, HERS)
    pane = person.choose_bank(bank)
    pane.get_by_role("button", name="Exit").click()
    pane.get_by_role("button", name="Yes").or_(pane.get_by_role("button", name="Exit")).first.click()
    there: Any = bank if person.framed else person.here
    expect(there.get_by_text("Nothing was shared.").first).to_be_visible()
    there.get_by_role("button", name="Fill in the form yourself").click()
    if person.framed:
        bank.close()
    person.reads("Fill in the form yourself")
    person.type_everything()
    person.press("Save and continue")
    person.share()


def test_a_bank_that_refuses_the_sign_in_is_tried_again(arrive: Any) -> None:
    person, bank = arrive("desk", NOT_KNOWN, HERS)
    pane = person.choose_bank(bank)
    person.sign_in_at_bank(pane, "error_ITEM_LOCKED")
    pane.get_by_role("button", name="Exit").click()
    person.told("Your bank wants to talk to you first")
    person.press("Continue to your bank")
    person.connect_by_link(bank)
    ends(person, bank)


@pytest.mark.parametrize("where", ["desk", "frame"])
def test_a_bank_with_a_page_of_its_own_by_pop_up(arrive: Any, watch: Watch, where: str) -> None:
    watch.expect("favicon.ico")
    person, bank = arrive(where, NOT_KNOWN, HERS)
    pane = person.choose_bank(bank, "Platypus OAuth Bank")
    with bank.expect_popup() as opened:
        pane.get_by_role("button", name="Continue to login").click()
    allow_at_the_bank(opened.value)
    pane.get_by_role("button", name="Finish").click()
    ends(person, bank)


def allow_at_the_bank(page: Page) -> None:
    """The bank's own page: sign in, then allow."""
    page.get_by_label("Username").fill("user_good")
    page.get_by_label("Password").fill("pass_good")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Allow", exact=True).click()


def test_a_bank_with_a_page_of_its_own_by_redirect(arrive: Any, watch: Watch) -> None:
    watch.expect("favicon.ico")
    person, bank = arrive("desk", NOT_KNOWN, HERS)
    person.product.control("/plaid/switches", {"oauth_redirect": True})
    pane = person.choose_bank(bank, "Platypus OAuth Bank")
    pane.get_by_role("button", name="Continue to login").click()
    allow_at_the_bank(bank)
    bank.get_by_title("Plaid Link").content_frame.get_by_role("button", name="Finish").click()
    ends(person, bank)


def test_a_return_nobody_waits_for_leads_back_kindly(maria: Person) -> None:
    maria.page.goto(f"{maria.product.app_url}/bank/return?oauth_state_id=unknown")
    maria.reads("Your bank sent you back here")
    assert not maria.page.get_by_role("link", name="Back to your form").is_visible()


def test_a_second_bank(arrive: Any) -> None:
    person, bank = arrive("desk", NOT_KNOWN, HERS)
    person.connect_by_link(bank)
    person.reads("May we look at your credit file?")
    person.press("Yes, get my credit file")
    person.reads("Check your details")
    person.activate(person.link("Connect another bank"))
    person.reads("Connect another bank")
    person.press("Continue to your bank")
    person.connect_by_link(bank, "Tattersall Federal Credit Union")
    person.reads("Check your details")
    for name in ("First Platypus Bank", "Tattersall Federal Credit Union"):
        expect(person.here.get_by_text(name).first).to_be_visible()


def test_a_reload_in_the_middle_opens_a_new_window_by_itself(arrive: Any) -> None:
    person, bank = arrive("desk", NOT_KNOWN, HERS)
    person.choose_bank(bank)
    bank.reload()
    person.connect_by_link(bank)
    ends(person, bank)


def test_a_window_open_too_long_is_opened_anew_by_itself(arrive: Any) -> None:
    person, bank = arrive("desk", NOT_KNOWN, HERS)
    pane = person.choose_bank(bank)
    person.product.control("/clock", {"advance_seconds": 5 * 3600})
    person.sign_in_at_bank(pane)
    person.connect_by_link(bank)
    ends(person, bank)

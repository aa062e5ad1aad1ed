"""The bank first: Layer's own code proves the phone; where Layer says no, a code of ours does."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from app.domain.tenant_settings import newest_settings, read_settings, save_settings
from tests.e2e.conftest import DESK, PHONE, NewPerson
from tests.e2e.person import CODE, Person
from tests.support.served import Product

pytestmark = pytest.mark.e2e
# Before any script of the page runs, the number it will give to Layer is another one.
OTHER_NUMBER = """new MutationObserver(() => {
  const bank = document.getElementById("bank");
  if (bank) bank.dataset.phone = "+14155550015";
}).observe(document, { childList: true, subtree: true });"""
NOBODY = ("2125550171", ("03", "04", "1985"))


@pytest.fixture(autouse=True)
def bank_first(product: Product) -> Iterator[None]:
    """The demo tenant begins with the bank, until the test ends."""
    tenant = product.tenant
    with tenant.services.database.session(tenant.scope) as session:
        flow, branding = read_settings(newest_settings(session))
        save_settings(session, tenant.scope, flow.model_copy(update={"verification": "plaid_layer"}), branding)
    yield
    with tenant.services.database.session(tenant.scope) as session:
        save_settings(session, tenant.scope, flow, branding)


@pytest.fixture
def iphone(playwright: Any) -> dict[str, Any]:
    """Chromium as an iPhone would show it: size, touch and name."""
    profile = dict(playwright.devices["iPhone 13"])
    profile.pop("default_browser_type")
    return profile


def give_phone(person: Person, *who: Any) -> None:
    """The first form, after which the bank comes."""
    person.give_phone(*who, button="Continue", then="Connect your bank and skip the typing")


def texts(person: Person) -> list[str]:
    """Who sent a text, oldest first."""
    store: Any = person.page.request.get(f"{person.product.emulator_url}/inbox.json").json()["texts"]
    return [text["sender"] for text in reversed(store)]


@pytest.mark.parametrize("locale", ["en", "es"])
@pytest.mark.parametrize(("framed", "viewport"), [(False, DESK), (True, DESK), (True, PHONE)])
def test_layers_code_is_the_only_one(new_person: NewPerson, framed: bool, viewport: Any, locale: str) -> None:
    person = new_person(framed=framed, viewport=viewport, locale=locale)
    person.apply()
    give_phone(person)
    person.connect_bank()
    person.press("Yes, get my credit file")
    person.reads("Check your details")
    expect(person.field("Last name")).to_have_value("Ortiz Reyes")
    person.share()
    assert texts(person) == ["Plaid"]


def test_on_an_iphone(new_person: NewPerson, iphone: dict[str, Any]) -> None:
    person = new_person(**iphone)
    person.apply()
    give_phone(person)
    person.connect_bank()
    person.press("Yes, get my credit file")
    person.reads("Check your details")
    person.share()
    assert texts(person) == ["Plaid"]


def say_no(person: Person, framed: bool) -> None:
    """Layer knows nobody by this phone and date of birth."""
    give_phone(person, *NOBODY)
    bank = person.open_bank()
    if framed:
        expect(bank.get_by_role("heading", name=person.say("Go on where you came from"))).to_be_visible()
        bank.close()
    person.reads("Let’s confirm your phone with a code")
    assert texts(person) == []


@pytest.mark.parametrize("framed", [False, True])
@pytest.mark.parametrize("profile", ["desk", "iphone"])
def test_where_layer_says_no_a_code_takes_over(
    new_person: NewPerson, iphone: dict[str, Any], framed: bool, profile: str
) -> None:
    person = new_person(framed=framed, **(iphone if profile == "iphone" else {}))
    person.apply()
    say_no(person, framed)
    person.press("Text me a code")
    person.reads("Enter the code we texted you")
    person.give_code()
    person.reads("Connect your bank and skip the typing")
    person.fill_by_hand()
    person.share()
    assert texts(person) == ["Spinwheel"]


def test_another_persons_number_in_the_banks_window_proves_nothing(maria: Person) -> None:
    """The page is made to tell Layer Lena's number; her code is right, and nothing of hers appears."""
    maria.apply()
    give_phone(maria)
    maria.page.add_init_script(OTHER_NUMBER)
    bank = maria.open_bank()
    maria.share_at_bank(bank)
    maria.reads("Let’s confirm your phone with a code")
    expect(maria.page.get_by_text("Kowalski")).to_have_count(0)
    assert maria.place == "in_progress code/ask"


def test_passing_layers_code_and_closing_the_window_is_no_proof_of_the_number(maria: Person) -> None:
    maria.apply()
    give_phone(maria)
    pane = maria.open_bank().get_by_title("Plaid Link").content_frame
    pane.get_by_role("button", name="Continue").click()
    pane.get_by_label("Six-digit code").fill(CODE)
    expect(pane.get_by_role("button", name="Share")).to_be_visible()
    pane.get_by_role("button", name="Exit").click()
    pane.get_by_role("button", name="Yes, exit").click()
    maria.reads("Let’s confirm your phone with a code")

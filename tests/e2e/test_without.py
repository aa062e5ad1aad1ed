"""Browsers that lack something: script, cookies, a pointer."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Playwright, expect

from tests.e2e.conftest import DESK, PHONE, NewPerson
from tests.e2e.person import BIRTH, CODE, Person
from tests.e2e.person import PHONE as NUMBER
from tests.support.browser import ARGUMENTS, PATIENCE_MS, Watch, chromium_path
from tests.support.served import Product

pytestmark = pytest.mark.e2e


def test_by_hand_without_script(new_person: NewPerson) -> None:
    person = new_person(java_script_enabled=False, viewport=PHONE)
    person.apply()
    person.prove_phone()
    person.fill_by_hand()
    person.share()
    person.go_back_to_tenant()
    expect(person.page.get_by_text("Return verified")).to_be_visible()


def test_the_bank_page_without_script_offers_the_form(new_person: NewPerson) -> None:
    person = new_person(java_script_enabled=False)
    person.begin()
    person.prove_phone()
    person.press("Continue to your bank")
    person.press("Fill in the form yourself")
    person.reads("Fill in the form yourself")


@pytest.fixture
def cookieless(playwright: Playwright, product: Product, watch: Watch, tmp_path: Path) -> Iterator[Person]:
    """Someone whose browser blocks every cookie and all storage, but for the credit union's own site."""
    product.control("/reset", {})
    ours = {"cookies": {f"{product.tenant_url},*": {"setting": 1}}}
    profile = {"default_content_setting_values": {"cookies": 2}, "content_settings": {"exceptions": ours}}
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_text(json.dumps({"profile": profile}), encoding="utf-8")
    context = playwright.chromium.launch_persistent_context(
        str(tmp_path), executable_path=chromium_path(), args=ARGUMENTS, viewport=DESK, locale="en-US"
    )
    context.set_default_timeout(PATIENCE_MS)
    yield Person(product, watch.over(context), framed=True)
    context.close()


def _frame(person: Person) -> Any:
    return next(frame for frame in person.page.frames if frame.url.startswith(person.product.app_url))


def test_by_hand_in_a_frame_without_cookies(cookieless: Person) -> None:
    person = cookieless
    person.apply()
    person.give_phone()
    assert person.context.cookies(person.product.app_url) == []
    assert (
        _frame(person).evaluate("() => { try { sessionStorage; return 'allowed' } catch { return 'blocked' } }")
        == "blocked"
    )
    person.give_code()
    person.reads("Connect your bank and skip the typing")
    _reload(person)
    person.reads("Connect your bank and skip the typing")
    person.fill_by_hand()
    _reload(person)
    person.reads("Check your details")
    person.share()
    expect(person.page.get_by_text("Welcome to Acme.")).to_be_visible()
    assert person.context.cookies(person.product.app_url) == []


def test_through_layer_in_a_frame_without_cookies(cookieless: Person) -> None:
    person = cookieless
    person.apply()
    person.prove_phone()
    bank = person.open_bank()
    person.share_at_bank(bank)
    # This window has nothing to go on with, so it sends its reader back to the frame, which has.
    expect(bank.get_by_text("You can close this tab.")).to_be_visible()
    bank.close()
    person.reads("May we look at your credit file?")
    person.press("Yes, get my credit file")
    person.reads("Check your details")
    person.share()
    expect(person.page.get_by_text("Welcome to Acme.")).to_be_visible()


def _reload(person: Person) -> None:
    frame = _frame(person)
    with person.page.expect_event("framenavigated", lambda moved: moved == frame):
        frame.evaluate("location.reload()")
    frame.wait_for_load_state()


class Keyboard:
    """Only keys; `typed` counts the characters on our own pages."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.typed = 0

    def to(self, wanted: Locator) -> None:
        """Tab until it has the focus."""
        expect(wanted).to_be_visible()
        for _ in range(120):
            if wanted.evaluate("element => element === document.activeElement && document.hasFocus()"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{wanted} cannot be reached by Tab")

    def press(self, wanted: Locator) -> None:
        self.to(wanted)
        self.page.keyboard.press("Enter")

    def type(self, wanted: Locator, text: str) -> None:
        self.to(wanted)
        self.page.keyboard.type(text)
        self.typed += len(text)


def test_layer_by_keyboard_alone_in_about_24_keystrokes(maria: Person) -> None:
    keys = Keyboard(maria.page)
    maria.begin()
    keys.type(maria.field("Mobile number"), NUMBER)
    for part, value in zip(("Month", "Day", "Year"), BIRTH, strict=True):
        keys.type(maria.field(part), value)
    keys.press(maria.button("Text me a code"))
    maria.reads("Enter the code we texted you")
    keys.type(maria.field("Six-digit code"), CODE)
    maria.page.keyboard.press("Enter")
    maria.reads("Connect your bank and skip the typing")
    keys.press(maria.button("Continue to your bank"))
    pane = maria.page.get_by_title("Plaid Link").content_frame
    keys.press(pane.get_by_role("button", name="Continue"))
    keys.to(pane.get_by_label("Six-digit code"))
    maria.page.keyboard.type(CODE)
    keys.press(pane.get_by_role("button", name="Share"))
    maria.reads("May we look at your credit file?")
    keys.press(maria.button("Yes, get my credit file"))
    maria.reads("Check your details")
    keys.press(maria.button("Share with %(tenant)s", tenant="Acme"))
    maria.reads("All done")
    print(f"\ntyped on our pages, Layer by phone: {keys.typed} characters")
    assert keys.typed <= 24

"""A person at a browser: what they press, type and read, found by role and label alone."""

import re
from typing import Any
from uuid import uuid4

from babel.support import Translations
from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, expect

from app.assets import ROOT
from app.domain.ids import parse_id
from tests.support.rows import place
from tests.support.served import Product

PHONE, BIRTH, CODE = "4155550011", ("01", "18", "1975"), "123456"
FRAME_TITLE = "Join Acme Credit Union: secure form"
# What Maria types where nothing is filled in for her; the labels are the form's own.
BY_HAND = {
    "First and middle name": "Maria Elena",
    "Last name": "Ortiz Reyes",
    "Email": "maria@example.com",
    "Last four digits of your SSN": "0011",
    "Street address": "1427 Larkspur Street",
    "City": "San Leandro",
    "ZIP code": "94577",
    "Employer": "Bayview Pediatrics",
}


class Person:
    """`locale` decides which words are looked for. `here` is where our form is: the page, or the frame in it."""

    def __init__(self, product: Product, context: BrowserContext, *, locale: str = "en", framed: bool = False) -> None:
        self.product = product
        self.context = context
        self.framed = framed
        self.page: Page = context.new_page()
        self._locale = locale
        self._translations = Translations.load(ROOT / "app" / "translations", [locale])
        self.onboarding_id = ""

    # ---------- Finding ----------
    @property
    def here(self) -> Page | FrameLocator:
        return self.page.get_by_title(FRAME_TITLE).content_frame if self.framed else self.page

    def say(self, words: str, **values: str) -> str:
        """Our English words in this person's language."""
        translated: str = self._translations.gettext(words)
        return translated % values if values else translated

    def button(self, words: str, **values: str) -> Locator:
        return self.here.get_by_role("button", name=self.say(words, **values))

    def link(self, words: str, **values: str) -> Locator:
        return self.here.get_by_role("link", name=self.say(words, **values))

    def field(self, label: str) -> Locator:
        return self.here.get_by_label(self.say(label))

    def press(self, words: str, **values: str) -> None:
        self.activate(self.button(words, **values))

    def activate(self, control: Locator) -> None:
        """Press it. In a frame by key: while the frame grows, the browser may send a pointer's press elsewhere."""
        if self.framed:
            control.press("Enter")
        else:
            control.click()

    def reads(self, heading: str, **values: str) -> None:
        """This is the screen now."""
        expect(self.here.get_by_role("heading", level=1, name=self.say(heading, **values))).to_be_visible()
        if self.framed:
            self._wait_for_height()

    def _wait_for_height(self) -> None:
        """The page around a frame gives it the height it asks for; a press in that very moment would miss."""
        frame = self.page.get_by_title(FRAME_TITLE)
        for _ in range(30):
            around, inside = frame.bounding_box(), frame.content_frame.locator("body").bounding_box()
            if around and inside and inside["height"] <= around["height"] + 1:
                return
            self.page.wait_for_timeout(100)

    def told(self, words: str, **values: str) -> None:
        """This sentence stands there."""
        expect(self.here.get_by_text(self.say(words, **values)).first).to_be_visible()

    # ---------- Arriving ----------
    def apply(self) -> None:
        """From the credit union's own page: by redirect, or in a frame on it."""
        self.page.goto(self.product.tenant_url)
        self.page.get_by_role("button", name="Apply here" if self.framed else "Apply now").click()
        self.choose_language()
        self.reads("Start with your phone number")
        self._note_onboarding()

    def begin(self, **wanted: Any) -> str:
        """From a link that the tenant's server asked for; the link."""
        body = {
            "external_user_id": f"member-{uuid4().hex}",
            "return_url": f"{self.product.tenant_url}/return",
            **wanted,
        }
        made = self.product.api("POST", "/onboardings", body)
        self.onboarding_id = made["id"]
        self.page.goto(made["url"])
        return str(made["url"])

    def choose_language(self) -> None:
        """Tenants begin in English here; the way to the other language is on every page."""
        if self._locale == "es":
            self.activate(self.language("Español"))

    def language(self, name: str) -> Locator:
        """On top of a page, at the foot of a frame, which has no top of its own. A link before the first form."""
        place = self.here.get_by_role("contentinfo" if self.framed else "banner")
        return place.get_by_role("link", name=name).or_(place.get_by_role("button", name=name))

    def _note_onboarding(self) -> None:
        found = re.search(r"onb_[0-9a-f]{32}", self.page.url)
        self.onboarding_id = found[0] if found else self.onboarding_id

    # ---------- The steps ----------
    def give_phone(
        self,
        phone: str = PHONE,
        birth: tuple[str, str, str] = BIRTH,
        *,
        button: str = "Text me a code",
        then: str = "Enter the code we texted you",
    ) -> None:
        self.field("Mobile number").fill(phone)
        for part, value in zip(("Month", "Day", "Year"), birth, strict=True):
            self.field(part).fill(value)
        self.press(button)
        self.reads(then)
        self._note_onboarding()

    def give_code(self, code: str = CODE) -> None:
        self.field("Six-digit code").fill(code)
        self.press("Confirm")

    def prove_phone(self) -> None:
        self.give_phone()
        self.give_code()
        self.reads("Connect your bank and skip the typing")

    def open_bank(self) -> Page:
        """Where Plaid stands: this page, or the window a frame opens."""
        if not self.framed:
            self.press("Continue to your bank")
            return self.page
        with self.context.expect_page() as opened:
            self.press("Continue to your bank")
        return opened.value

    def share_at_bank(self, bank: Page) -> None:
        """Plaid's own panes, which speak English."""
        pane = bank.get_by_title("Plaid Link").content_frame
        pane.get_by_role("button", name="Continue").click()
        pane.get_by_label("Six-digit code").fill(CODE)
        pane.get_by_role("button", name="Share").click()

    def choose_bank(self, bank: Page, name: str = "First Platypus Bank") -> FrameLocator:
        """Ordinary Link, past its panes about the phone, to the bank's own pane."""
        pane = bank.get_by_title("Plaid Link").content_frame
        pane.get_by_role("button", name="Continue", exact=True).click()
        pane.get_by_role("button", name="Continue without phone number").click()
        pane.get_by_label("Search banks").fill(name)
        expect(pane.get_by_role("listitem")).to_have_count(1)
        pane.get_by_role("button", name=name, exact=True).click()
        return pane

    def sign_in_at_bank(self, pane: FrameLocator, password: str = "pass_good") -> None:  # noqa: S107 - the sandbox's
        pane.get_by_label("Username").fill("user_good")
        pane.get_by_label("Password").fill(password)
        pane.get_by_role("button", name="Submit").click()

    def share_accounts(self, pane: FrameLocator) -> None:
        """What is ticked, and no account kept at Plaid."""
        pane.get_by_role("button", name="Share").click()
        pane.get_by_role("button", name=re.compile("^Finish")).click()

    def connect_by_link(self, bank: Page, name: str = "First Platypus Bank") -> None:
        """Ordinary Link from its first pane to its last."""
        pane = self.choose_bank(bank, name)
        self.sign_in_at_bank(pane)
        self.share_accounts(pane)

    def connect_bank(self) -> None:
        bank = self.open_bank()
        self.share_at_bank(bank)
        if self.framed:
            expect(bank.get_by_role("heading", name=self.say("Your bank is connected"))).to_be_visible()
            bank.close()
        self.reads("May we look at your credit file?")

    def to_review(self) -> None:
        """From the first form to the review, through Layer."""
        self.prove_phone()
        self.connect_bank()
        self.press("Yes, get my credit file")
        self.reads("Check your details")

    def fill_by_hand(self) -> None:
        """From the bank step: no bank, everything typed."""
        self.press("Fill in the form yourself")
        self.reads("Fill in the form yourself")
        self.type_everything()
        self.press("Save and continue")
        self.reads("Check your details")

    def type_everything(self) -> None:
        """What is asked and still empty."""
        for label, value in BY_HAND.items():
            box = self.here.get_by_role("textbox", name=self.say(label))
            if box.count() and not box.first.input_value():
                box.first.fill(value)
        state = self.here.get_by_role("combobox", name=self.say("State"))
        if state.count() and not state.input_value():
            state.select_option("CA")

    def share(self) -> None:
        self.press("Share with %(tenant)s", tenant="Acme")
        self.reads("All done")

    def go_back_to_tenant(self) -> None:
        self.link("Back to %(tenant)s", tenant="Acme Credit Union").click()

    # ---------- What became of it ----------
    @property
    def place(self) -> str:
        """`status step/stage` in the database."""
        return place(self.product.tenant, parse_id("onboarding", self.onboarding_id))

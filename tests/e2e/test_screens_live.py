"""Every consumer screen as it is really served: axe finds nothing, none is too wide, the first one is small."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.assets import ROOT
from tests.conftest import missing
from tests.e2e.conftest import NewPerson
from tests.e2e.person import Person
from tests.support.browser import Watch
from tests.support.served import Product

pytestmark = pytest.mark.e2e

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# In the dark only colours differ, so there only they are looked at.
COLOURS = ["color-contrast", "link-in-text-block"]
DRESSES: tuple[tuple[Any, int, Any], ...] = (
    ("light", 390, {"type": "tag", "values": RULES}),
    ("light", 1280, {"type": "tag", "values": RULES}),
    ("dark", 1280, {"type": "rule", "values": COLOURS}),
    ("dark", 390, {"type": "rule", "values": COLOURS}),
)
# Colours change within a moment, and axe would measure one in between.
SETTLED = """async () => {
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  await Promise.allSettled(document.getAnimations().map((one) => one.finished));
}"""
COLD_PAGE_BYTES = 60 * 1024


class Audit:
    """axe on the page as it stands, at both widths, light and dark; what it found."""

    def __init__(self) -> None:
        if not AXE.exists():
            missing("axe-core is not installed (npm ci)")
        self.script = AXE.read_text(encoding="utf-8")
        self.found: list[str] = []
        self.screens: list[str] = []

    def __call__(self, person: Person, heading: str, page: Page | None = None) -> None:
        page = page or person.page
        expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()
        self.screens.append(heading)
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        page.evaluate(self.script)
        for scheme, width, rules in DRESSES:
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.evaluate(SETTLED)
            where = f"{heading} at {width} in {scheme}"
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                self.found.append(f"{where}: wider than the window")
            told = page.evaluate("rules => axe.run(document, {runOnly: rules, iframes: false})", rules)
            self.found += [f"{where}: {one['id']} {one['nodes'][0]['html'][:120]}" for one in told["violations"]]


def _phone_and_code(maria: Person, audit: Audit) -> None:
    maria.begin()
    audit(maria, "Start with your phone number")
    maria.press("Text me a code")
    audit(maria, "Start with your phone number")
    maria.give_phone()
    audit(maria, "Enter the code we texted you")
    maria.give_code("000000")
    maria.told("Check the newest text")
    audit(maria, "Enter the code we texted you")
    maria.give_code()
    audit(maria, "Connect your bank and skip the typing")


def _bank(maria: Person, product: Product, audit: Audit) -> None:
    maria.link("Finish later").click()
    audit(maria, "Come back any time until")
    maria.link("Go on now").click()
    maria.reads("Connect your bank and skip the typing")
    maria.link("Cancel").click()
    audit(maria, "Do you want to cancel?")
    maria.link("No, go back").click()
    maria.reads("Connect your bank and skip the typing")
    product.fault("plaid", "/session/token/create", "500", times=3)
    maria.press("Continue to your bank")
    audit(maria, "Your bank isn’t answering right now")
    product.mend()
    maria.press("Try again")
    product.fault("plaid", "/user_account/session/get", "slow", seconds=6, times=1)
    maria.share_at_bank(maria.page)
    audit(maria, "We’re filling in your form")


def _credit_file_to_done(maria: Person, audit: Audit) -> None:
    audit(maria, "May we look at your credit file?")
    maria.press("Yes, get my credit file")
    audit(maria, "Check your details")
    maria.field("Email").fill("no address")
    maria.press("Share with %(tenant)s", tenant="Acme")
    maria.told("Enter your whole email address")
    audit(maria, "Check your details")
    maria.link("This isn’t me").click()
    audit(maria, "Are these details about someone else?")
    maria.link("It’s me. Go back").click()
    maria.reads("Check your details")
    maria.field("Email").fill("maria@example.com")
    maria.share()
    audit(maria, "All done")


def test_axe_finds_nothing_on_the_way_through_layer(maria: Person, product: Product, watch: Watch) -> None:
    watch.expect("422")
    audit = Audit()
    _phone_and_code(maria, audit)
    _bank(maria, product, audit)
    _credit_file_to_done(maria, audit)
    assert audit.found == [], json.dumps(audit.found, indent=1)
    assert len(audit.screens) == 14


def test_axe_finds_nothing_beside_the_way(new_person: NewPerson, product: Product, watch: Watch) -> None:
    watch.expect("410", "422", "404", "401")
    audit = Audit()
    person, stranger = new_person(), new_person()
    link = person.begin()
    person.give_phone()
    stranger.page.goto(link)
    audit(stranger, "This link was used already")
    person.give_code()
    person.reads("Connect your bank and skip the typing")
    stranger.page.goto(person.page.url)
    stranger.page.goto(f"{person.page.url}/resume")
    audit(stranger, "Pick up where you left off")
    stranger.page.goto(f"{product.app_url}/o/no-such-link")
    audit(stranger, "This link doesn’t work")
    stranger.page.goto(f"{product.app_url}/no-such-page")
    audit(stranger, "There is nothing here")
    person.press("Fill in the form yourself")
    audit(person, "Fill in the form yourself")
    person.press("Save and continue")
    audit(person, "Fill in the form yourself")
    for page, heading in (("/", ""), ("/legal/terms", ""), ("/legal/privacy", "")):
        stranger.page.goto(product.app_url + page)
        audit(stranger, heading)
    person.link("Cancel").click()
    person.press("Yes, cancel")
    audit(person, "This form was canceled")
    assert audit.found == [], json.dumps(audit.found, indent=1)


def test_the_bank_page_itself(maria: Person) -> None:
    audit = Audit()
    maria.begin()
    maria.prove_phone()
    maria.context.route("**/link-initialize.js", lambda _route: None)
    maria.press("Continue to your bank")
    maria.told("Opening the secure window")
    audit(maria, "Your bank")
    assert audit.found == [], json.dumps(audit.found, indent=1)


def test_the_cold_first_page_is_small(maria: Person, product: Product) -> None:
    sizes: dict[str, float] = {}
    names: dict[str, tuple[str, str]] = {}
    session = maria.context.new_cdp_session(maria.page)
    session.send("Network.enable")

    def answered(event: Any) -> None:
        response = event["response"]
        headers = {name.lower(): value for name, value in response["headers"].items()}
        names[event["requestId"]] = (response["url"], headers.get("content-encoding", "-"))

    def loaded(event: Any) -> None:
        sizes[event["requestId"]] = event["encodedDataLength"]

    session.on("Network.responseReceived", answered)
    session.on("Network.loadingFinished", loaded)
    maria.begin()
    maria.reads("Start with your phone number")
    maria.page.wait_for_load_state("networkidle")
    lines = [
        f"{int(sizes[key]):7} {names[key][1]:5} {names[key][0].split('?')[0][-60:]}" for key in sizes if key in names
    ]
    total = int(sum(sizes.values()))
    print("\n" + "\n".join(sorted(lines, reverse=True)) + f"\n{total:7} bytes in all")
    assert len(lines) >= 8
    assert total <= COLD_PAGE_BYTES
    packed = {url.split("?")[0].rsplit("/", 1)[-1]: encoding for url, encoding in names.values()}
    for name in ("htmx.min.js", "components.css", "consumer.js"):
        assert packed[name] == "gzip", f"{name} was sent uncompressed (make assets)"

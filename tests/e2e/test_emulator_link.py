"""Link in a real browser: a page of another origin embeds the script, and a person clicks through."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, FrameLocator, Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from app.emulators import create_emulators
from app.emulators.settings import Settings
from tests.conftest import missing

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
ORDINARY = {
    "client_name": "A bank app",
    "country_codes": ["US"],
    "language": "en",
    "products": ["auth"],
    "user": {"client_user_id": "u-1"},
}
LIVE = ["LAYER_READY", "OPEN"]
CDN = "https://cdn.plaid.com/link/v2/stable/link-initialize.js"
PAGE = """<!doctype html>
<html lang="en"><head><title>A bank app</title></head><body>
<h1>A bank app</h1><button>Stays in focus</button>
<script src="{script}"></script>
<script>
  window.told = [];
  const note = (kind) => (...values) => window.told.push([kind, ...values]);
  window.make = (token, more) => {{
    window.link = Plaid.create({{
      token, ...more, onLoad: note("onLoad"), onEvent: note("onEvent"),
      onSuccess: note("onSuccess"), onExit: note("onExit"),
    }});
  }};
</script></body></html>"""


class Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Says nothing."""


@dataclass(frozen=True)
class Stage:
    """`url`: the emulators. `app_url`: the page that embeds Link, on another site."""

    url: str
    app_url: str
    settings: Settings

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        keys = {
            "PLAID-CLIENT-ID": self.settings.plaid_client_id,
            "PLAID-SECRET": self.settings.plaid_secret,
        }
        answer = requests.post(f"{self.url}/plaid{path}", json=body, headers=keys, timeout=10)
        assert answer.ok, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def layer_token(self) -> str:
        body = {"template_id": self.settings.plaid_template_id, "user": {"client_user_id": "u-1"}}
        token: str = self.post("/session/token/create", body)["link"]["link_token"]
        return token

    def control(self, path: str, body: dict[str, Any]) -> None:
        assert requests.post(f"{self.url}/control{path}", json=body, timeout=10).ok


def bank_app(emulator_url: str) -> Any:
    """The tightest policy that Plaid documents for pages with Link; /cdn embeds the script by Plaid's own address."""

    def answer(environ: Any, start: Any) -> list[bytes]:
        script = CDN if environ["PATH_INFO"] == "/cdn" else f"{emulator_url}/link/v2/stable/link-initialize.js"
        policy = (
            f"default-src 'none'; script-src 'unsafe-inline' {script}; "
            f"style-src 'none'; style-src-attr 'unsafe-inline'; frame-src {emulator_url}"
        )
        start("200 OK", [("Content-Type", "text/html"), ("Content-Security-Policy", policy)])
        return [PAGE.format(script=script).encode()]

    return answer


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    servers = [
        make_server("127.0.0.1", 0, app=None, threaded=True, request_handler=Quiet)  # type: ignore[arg-type]
        for _ in range(2)
    ]
    emulators, app = servers
    url = f"http://127.0.0.1:{emulators.server_port}"
    settings = Settings(base_url=url)
    emulators.app, app.app = create_emulators(settings), bank_app(url)
    threads = [threading.Thread(target=server.serve_forever, daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    yield Stage(url, f"http://localhost:{app.server_port}/", settings)
    for server, thread in zip(servers, threads, strict=True):
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def page(stage: Stage, browser: Browser) -> Iterator[Page]:
    """Fails the test when the page or the frame met an error of script or policy."""
    stage.control("/reset", {})
    page = browser.new_page()
    page.set_default_timeout(10_000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.goto(stage.app_url)
    yield page
    page.close()
    assert [text for text in wrong if "favicon" not in text] == []


def frame(page: Page) -> FrameLocator:
    return page.frame_locator('iframe#plaid-link-iframe-1[title="Plaid Link"]')


def wait_for(page: Page, name: str) -> list[Any]:
    """The first call of a callback, or the first event, of this name."""
    for _ in range(200):
        for entry in page.evaluate("window.told"):
            if name in entry[:2]:
                found: list[Any] = entry
                return found
        page.wait_for_timeout(25)
    raise AssertionError(f"{name} never came: {names(page)}")


def names(page: Page) -> list[str]:
    """Callbacks by name, events by theirs."""
    return [entry[1] if entry[0] == "onEvent" else entry[0] for entry in page.evaluate("window.told")]


def start(page: Page, token: str, phone_number: str = "415-555-0011") -> FrameLocator:
    """Up to the consent pane."""
    page.evaluate("token => make(token)", token)
    wait_for(page, "onLoad")
    page.evaluate("phone_number => link.submit({phone_number})", phone_number)
    wait_for(page, "LAYER_READY")
    page.evaluate("link.open()")
    return frame(page)


def test_the_whole_way_through_layer(stage: Stage, page: Page) -> None:
    page.get_by_role("button", name="Stays in focus").focus()
    link = start(page, stage.layer_token())
    assert page.evaluate("document.body.style.overflow") == "hidden"
    expect(page.locator("#plaid-link-iframe-1")).to_be_visible()
    link.get_by_role("button", name="Continue").click()
    field = link.get_by_label("Six-digit code")
    expect(field).to_be_focused()
    assert names(page) == ["onLoad", *LIVE]
    field.press_sequentially("123456")
    expect(link.get_by_role("heading", name="Confirm the details you want to share")).to_be_visible()
    link.get_by_role("checkbox", name="Rainy Day Savings").uncheck()
    link.get_by_role("button", name="Edit address").click()
    link.get_by_label("City").fill("Oakland")
    link.get_by_role("button", name="Save").click()
    expect(link.get_by_text("Oakland")).to_be_visible()
    expect(link.get_by_role("checkbox", name="Rainy Day Savings")).not_to_be_checked()
    link.get_by_role("button", name="Share").click()
    _, public_token, metadata = wait_for(page, "onSuccess")
    assert names(page) == [
        *("onLoad", *LIVE, "TRANSITION_VIEW", "TRANSITION_VIEW", "SUBMIT_OTP", "VERIFY_PHONE"),
        *("TRANSITION_VIEW", "HANDOFF", "onSuccess"),
    ]
    expect(page.locator("#plaid-link-iframe-1")).to_be_hidden()
    assert page.evaluate("document.body.style.overflow") == ""
    expect(page.get_by_role("button", name="Stays in focus")).to_be_focused()
    answer = stage.post("/user_account/session/get", {"public_token": public_token})
    assert answer["link_session_id"] == metadata["link_session_id"]
    assert answer["identity"]["address"]["city"] == "Oakland"
    assert answer["identity_edit_history"]["address"]["edits_current"] == 1
    accounts = stage.post("/accounts/get", {"access_token": answer["items"][0]["access_token"]})["accounts"]
    assert "Rainy Day Savings" not in [account["name"] for account in accounts]


def test_a_phone_that_is_not_eligible(stage: Stage, page: Page) -> None:
    page.evaluate("token => make(token)", stage.layer_token())
    wait_for(page, "onLoad")
    page.evaluate("link.submit({phone_number: '+442079460000'})")
    wait_for(page, "LAYER_NOT_AVAILABLE")
    page.evaluate("link.submit({date_of_birth: '1975-01-18'})")
    wait_for(page, "LAYER_AUTOFILL_NOT_AVAILABLE")
    page.evaluate("link.open()")
    expect(frame(page).get_by_text("not eligible for Plaid Layer")).to_be_visible()
    frame(page).get_by_role("button", name="Exit").click()
    assert wait_for(page, "onExit")[1]["error_code"] == "LAYER_AUTOFILL_NOT_AVAILABLE"
    assert names(page) == [*("onLoad", "LAYER_NOT_AVAILABLE", "LAYER_AUTOFILL_NOT_AVAILABLE", "EXIT", "onExit")]


def test_three_wrong_codes(stage: Stage, page: Page) -> None:
    link = start(page, stage.layer_token())
    link.get_by_role("button", name="Continue").click()
    for left in ("2 tries are left", "One try is left"):
        link.get_by_label("Six-digit code").press_sequentially("000000")
        expect(link.get_by_role("alert")).to_contain_text(left)
    link.get_by_label("Six-digit code").press_sequentially("000000")
    expect(link.get_by_role("alert")).to_contain_text("wrong three times")
    link.get_by_role("button", name="Exit").click()
    assert wait_for(page, "onExit")[1]["error_code"] == "PROFILE_AUTHENTICATION_FAILED"
    assert names(page)[3:] == [
        *("TRANSITION_VIEW", "TRANSITION_VIEW", "SUBMIT_OTP", "ERROR", "SUBMIT_OTP", "ERROR", "SUBMIT_OTP"),
        *("TRANSITION_VIEW", "ERROR", "EXIT", "onExit"),
    ]


def test_leaving_at_the_first_pane(stage: Stage, page: Page) -> None:
    start(page, stage.layer_token()).get_by_role("button", name="Exit").click()
    _, error, metadata = wait_for(page, "onExit")
    assert (error, metadata["status"]) == (None, None)
    assert names(page) == ["onLoad", *LIVE, "TRANSITION_VIEW", "EXIT", "onExit"]


def test_the_app_can_close_link_and_destroy_says_nothing(stage: Stage, page: Page) -> None:
    link = start(page, stage.layer_token())
    link.get_by_role("button", name="Continue").click()
    expect(link.get_by_label("Six-digit code")).to_be_visible()
    page.evaluate("link.exit()")
    link.get_by_role("button", name="No, go back").click()
    expect(link.get_by_label("Six-digit code")).to_be_visible()
    page.evaluate("link.exit({force: true})")
    wait_for(page, "onExit")
    page.evaluate("link.destroy()")
    expect(page.locator("iframe")).to_have_count(0)
    before = names(page)
    page.evaluate("token => { make(token); link.open(); link.destroy(); }", stage.layer_token())
    page.wait_for_timeout(300)
    assert names(page) == before
    assert page.evaluate("document.body.style.overflow") == ""


def test_a_submit_before_the_frame_has_loaded_can_be_lost(stage: Stage, page: Page) -> None:
    stage.control("/plaid/switches", {"drop_early_submit": True})
    early = "token => { make(token); link.submit({phone_number: '4155550011'}); }"
    page.evaluate(early, stage.layer_token())
    wait_for(page, "onLoad")
    page.wait_for_timeout(300)
    assert names(page) == ["onLoad"]
    stage.control("/plaid/switches", {"drop_early_submit": False})
    page.evaluate(early, stage.layer_token())
    wait_for(page, "LAYER_READY")


def test_a_spent_token_ends_with_an_error(stage: Stage, page: Page) -> None:
    token = stage.layer_token()
    start(page, token).get_by_role("button", name="Exit").click()
    wait_for(page, "onExit")
    page.evaluate("token => { link.destroy(); told = []; make(token); link.open(); }", token)
    assert wait_for(page, "onExit")[1]["error_code"] == "INVALID_LINK_TOKEN"


def test_opening_before_the_phone(stage: Stage, page: Page) -> None:
    page.evaluate("token => { make(token); link.open(); }", stage.layer_token())
    expect(frame(page).get_by_text("Please submit Phone Number before opening Link.")).to_be_visible()
    page.evaluate("link.submit({phone_number: '4155550011'})")
    expect(frame(page).get_by_role("button", name="Continue")).to_be_visible()


def open_ordinary(stage: Stage, page: Page, **fields: Any) -> FrameLocator:
    """Up to the list of banks."""
    token = stage.post("/link/token/create", {**ORDINARY, **fields})["link_token"]
    page.evaluate("token => { window.token = token; make(token); link.open(); }", token)
    frame(page).get_by_role("button", name="Continue").click()
    frame(page).get_by_role("button", name="Continue without phone number").click()
    return frame(page)


def allow_at_bank(bank: Page) -> None:
    """On the bank's own page."""
    bank.get_by_label("Username").fill("any")
    bank.get_by_label("Password").fill("thing")
    bank.get_by_role("button", name="Sign in").click()
    bank.get_by_role("button", name="Allow", exact=True).click()


def test_ordinary_link(stage: Stage, page: Page) -> None:
    link = open_ordinary(stage, page)
    search = link.get_by_placeholder("Search for your bank")
    search.press_sequentially("first plat")
    expect(link.get_by_role("button", name="Tartan Bank")).to_have_count(0)
    expect(search).to_be_focused()
    search.press("Enter")
    link.get_by_role("button", name="First Platypus Bank").click()
    link.get_by_label("Username").fill("user_good")
    link.get_by_label("Password").fill("wrong")
    link.get_by_role("button", name="Submit").click()
    expect(link.get_by_role("alert")).to_be_visible()
    link.get_by_label("Username").fill("user_good")
    link.get_by_label("Password").fill("mfa_device")
    link.get_by_role("button", name="Submit").click()
    link.get_by_role("button", name="Send code").click()
    link.get_by_label("Code from your bank").fill("1234")
    link.get_by_role("button", name="Submit").click()
    link.get_by_role("button", name="Share").click()
    link.get_by_role("button", name="Finish without saving").click()
    _, public_token, metadata = wait_for(page, "onSuccess")
    assert metadata["institution"] == {"institution_id": "ins_109508", "name": "First Platypus Bank"}
    assert len(metadata["accounts"]) == 12
    assert stage.post("/item/public_token/exchange", {"public_token": public_token})["item_id"]
    told = names(page)
    assert told[:2] == ["onLoad", "OPEN"]
    assert told[-2:] == ["HANDOFF", "onSuccess"]


def test_an_oauth_bank_opens_a_window_of_its_own(stage: Stage, page: Page) -> None:
    link = open_ordinary(stage, page)
    link.get_by_role("button", name="Platypus OAuth Bank").click()
    with page.expect_popup() as first:
        link.get_by_role("button", name="Continue to login").click()
    first.value.close()
    expect(link.get_by_role("alert")).to_contain_text("was closed")
    with page.expect_popup() as second:
        link.get_by_role("button", name="Continue to login").click()
    allow_at_bank(second.value)
    link.get_by_role("button", name="Finish without saving").click()
    _, public_token, metadata = wait_for(page, "onSuccess")
    assert second.value.is_closed()
    assert metadata["institution"]["institution_id"] == "ins_127287"
    assert stage.post("/item/public_token/exchange", {"public_token": public_token})["item_id"]
    assert [name for name in names(page) if "OAUTH" in name] == ["OPEN_OAUTH", "CLOSE_OAUTH", "OPEN_OAUTH"]


def test_an_oauth_bank_can_take_the_page_away_and_bring_it_back(stage: Stage, page: Page) -> None:
    stage.control("/plaid/switches", {"oauth_redirect": True})
    link = open_ordinary(stage, page, redirect_uri=f"{stage.app_url}back")
    token = page.evaluate("token")
    link.get_by_role("button", name="Platypus OAuth Bank").click()
    link.get_by_role("button", name="Continue to login").click()
    allow_at_bank(page)
    page.wait_for_url("**/back?oauth_state_id=*")
    page.evaluate("token => { make(token, {receivedRedirectUri: window.location.href}); link.open(); }", token)
    frame(page).get_by_role("button", name="Finish without saving").click()
    wait_for(page, "onSuccess")
    assert "OPEN_OAUTH" in names(page)


def test_link_can_stand_inside_a_page_and_covers_it_for_the_bank(stage: Stage, page: Page) -> None:
    token = stage.post("/link/token/create", ORDINARY)["link_token"]
    page.evaluate("token => { window.inside = Plaid.createEmbedded({token}, document.body); }", token)
    expect(frame(page).get_by_role("button", name="First Platypus Bank")).to_be_visible()
    assert page.evaluate("document.body.style.overflow") == ""
    frame(page).get_by_role("button", name="First Platypus Bank").click()
    expect(frame(page).get_by_label("Username")).to_be_visible()
    assert page.evaluate("document.body.style.overflow") == "hidden"
    whole = page.viewport_size
    box = page.locator("iframe").bounding_box()
    assert whole is not None
    assert box is not None
    assert (box["width"], box["height"]) == (whole["width"], whole["height"])
    page.evaluate("inside.destroy()")
    expect(page.locator("iframe")).to_have_count(0)
    assert page.evaluate("document.body.style.overflow") == ""


def test_what_a_react_app_relies_on(stage: Stage, page: Page) -> None:
    """The script answers under Plaid's own address; two handlers of one token, and a forced exit, do no harm."""
    script = f"{stage.url}/link/v2/stable/link-initialize.js"
    page.route(CDN, lambda route: route.fulfill(response=route.fetch(url=script)))
    page.goto(f"{stage.app_url}cdn")
    token = stage.post("/link/token/create", ORDINARY)["link_token"]
    # In StrictMode an effect is made, taken back and made again.
    page.evaluate("token => { make(token); link.destroy(); make(token); }", token)
    wait_for(page, "onLoad")
    expect(page.locator("iframe")).to_have_count(1)
    assert page.evaluate("Object.keys(link).sort()") == ["destroy", "exit", "open", "submit"]
    page.evaluate("link.open()")
    expect(page.frame_locator("iframe").get_by_role("button", name="Continue")).to_be_visible()
    page.evaluate("link.exit({force: true})")
    wait_for(page, "onExit")
    page.evaluate("link.destroy(); link.destroy()")
    expect(page.locator("iframe")).to_have_count(0)
    assert names(page) == ["onLoad", "OPEN", "EXIT", "onExit"]


def test_events_can_come_after_the_callback(stage: Stage, page: Page) -> None:
    stage.control("/plaid/switches", {"late_events": True})
    start(page, stage.layer_token()).get_by_role("button", name="Exit").click()
    wait_for(page, "EXIT")
    assert names(page)[-3:] == ["onExit", "TRANSITION_VIEW", "EXIT"]


def test_a_second_script_warns_and_adds_no_second_plaid(stage: Stage, page: Page) -> None:
    warnings: list[str] = []
    page.on("console", lambda message: warnings.append(message.text) if message.type == "warning" else None)
    before = page.evaluate("Object.keys(window).length")
    page.evaluate("window.first = Plaid")
    page.add_script_tag(url=f"{stage.url}/link/v2/stable/link-initialize.js")
    assert page.evaluate("first === Plaid")
    assert page.evaluate("Object.keys(window).length") == before + 1
    assert "embedded more than once" in "".join(warnings)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_panes(stage: Stage, page: Page, scheme: Any) -> None:
    if not AXE.exists():
        missing("axe-core is not installed (npm ci)")
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 320, "height": 640})
    link = start(page, stage.layer_token())
    audit(page, link.get_by_role("button", name="Continue"))
    link.get_by_role("button", name="Continue").click()
    link.get_by_label("Six-digit code").press_sequentially("000000")
    audit(page, link.get_by_role("alert"))
    link.get_by_label("Six-digit code").press_sequentially("123456")
    audit(page, link.get_by_role("button", name="Share"))
    for field in ("name", "address", "date of birth", "Social Security number"):
        link.get_by_role("button", name=f"Edit {field}").click()
        audit(page, link.get_by_role("button", name="Save"))
        link.get_by_role("button", name="Cancel").click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_panes_of_ordinary_link(stage: Stage, page: Page, scheme: Any) -> None:
    if not AXE.exists():
        missing("axe-core is not installed (npm ci)")
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 320, "height": 640})
    token = stage.post("/link/token/create", ORDINARY)["link_token"]
    page.evaluate("token => { make(token); link.open(); }", token)
    link = frame(page)

    def step(press: str, then: Any) -> None:
        link.get_by_role("button", name=press, exact=True).click()
        audit(page, then)

    audit(page, link.get_by_role("button", name="Continue"))
    step("Continue", link.get_by_label("Phone number"))
    step("Continue without phone number", link.get_by_role("button", name="Tartan Bank"))
    step("Unhealthy Platypus Bank - Institution Down", link.get_by_role("alert"))
    step("Choose another bank", link.get_by_role("button", name="Tartan Bank"))
    step("Platypus OAuth Bank", link.get_by_role("button", name="Continue to login"))
    step("Choose another bank", link.get_by_role("button", name="Tartan Bank"))
    step("Tartan Bank", link.get_by_label("Username"))
    link.get_by_label("Username").fill("user_good")
    link.get_by_label("Password").fill("mfa_device")
    step("Submit", link.get_by_role("radio").first)
    step("Send code", link.get_by_label("Code from your bank"))
    link.get_by_label("Code from your bank").fill("1234")
    step("Submit", link.get_by_role("button", name="Share"))
    step("Share", link.get_by_role("button", name="Finish without saving"))


def audit(page: Page, seen: Any) -> None:
    """axe in the frame, once the pane is there; no sideways scrolling either."""
    expect(seen).to_be_visible()
    inside = next(one for one in page.frames if "/link/frame" in one.url)
    inside.evaluate(AXE.read_text(encoding="utf-8"))
    found = inside.evaluate("axe.run(document, {resultTypes: ['violations']})")
    broken = [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]]
    assert broken == [], json.dumps(broken, indent=1)
    assert inside.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

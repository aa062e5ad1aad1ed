"""The screens in a real Chromium under the product's policy: swaps, focus, polling, dead network, frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.unit.screen_server import Stage, Turn

pytest_plugins = ["tests.unit.screen_browser"]
pytestmark = pytest.mark.e2e
CODE, STEP, REVIEW_URL = "/onboarding/onb_01/code", "/onboarding/onb_01/step", "/onboarding/onb_01/review"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context() as made:
        made.set_default_timeout(20_000)
        yield made


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page whose policy must not be violated."""
    violations: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "hx-csp" in message.text or "Trusted" in message.text:
            violations.append(message.text)

    opened = context.new_page()
    opened.on("console", listen)
    opened.on("pageerror", lambda error: violations.append(str(error)))
    yield opened
    assert violations == []


def focused(page: Page) -> str:
    found: str = page.evaluate("document.activeElement.id || document.activeElement.tagName")
    return found


def test_from_code_to_review(stage: Stage, page: Page) -> None:
    at = {"now": 2, "bearer": "b-1", "step": "code"}
    stage.plan = {
        "/o/link": [Turn("code", page=at)],
        CODE: [Turn("code-wrong", status=422, page={"step": "code"}), Turn("waiting", page={"step": "bank"})],
        STEP: [
            Turn("waiting"),
            Turn("waiting", screen={"filled": 12}),
            Turn("review", page={"step": "review"}),
        ],
    }
    page.goto(stage.origin + "/o/link")
    assert page.url == stage.origin + "/onboarding/onb_01"
    assert page.evaluate("sessionStorage.length") == 1
    page.get_by_label("Six-digit code").fill("111111")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("That code doesn’t match")).to_be_visible()
    assert focused(page) == "code"
    assert page.title() == "Error: Enter your code · Acme Credit Union"
    page.get_by_label("Six-digit code").fill("123456")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="We’re filling in your form")).to_be_visible()
    assert focused(page) == "H1"
    page.evaluate("window.kept = document.querySelector('.spinner')")
    expect(page.get_by_text("12 of 18")).to_be_visible()
    assert page.evaluate("document.querySelector('.spinner') === window.kept"), "the spinner was torn out"
    expect(page.locator("#spoken")).to_have_text("Reading your accounts")
    expect(page.get_by_role("heading", name="Check your details")).to_be_visible()
    assert focused(page) == "H1"
    assert page.evaluate("document.body.classList.contains('page-wide')")
    asked = len(stage.named("GET", STEP))
    page.wait_for_timeout(1500)
    assert len(stage.named("GET", STEP)) == asked, "the polling went on"
    calls = stage.named("POST", CODE) + stage.named("GET", STEP)
    assert {call.headers.get("Authorization") for call in calls} == {"Bearer b-1"}
    assert calls[0].form == {"csrf_token": "csrf-of-this-binding", "code": "111111"}


def test_the_shell_fetches_with_the_kept_bearer(stage: Stage, page: Page) -> None:
    at = {"now": 2, "csrf_token": None}
    stage.plan = {
        "/onboarding/onb_01": [Turn("code", page={**at, "bearer": "b-1"}), Turn("shell", page=at)],
        STEP: [Turn("code", page=at)],
    }
    page.goto(stage.origin + "/onboarding/onb_01")
    page.reload()
    expect(page.get_by_label("Six-digit code")).to_be_visible()
    assert stage.named("GET", STEP)[0].headers["Authorization"] == "Bearer b-1"


def test_with_storage_blocked_a_reload_keeps_the_place(stage: Stage, page: Page) -> None:
    page.add_init_script("Object.defineProperty(window, 'sessionStorage', { get() { throw new Error('blocked'); } })")
    at = {"now": 2, "csrf_token": None}
    stage.plan = {
        "/o/link": [Turn("code", page={**at, "bearer": "b-1"})],
        "/onboarding/onb_01": [Turn("shell", page=at)],
        STEP: [Turn("code", page=at)],
    }
    page.goto(stage.origin + "/o/link")
    assert page.evaluate("history.state.bearer") == "b-1"
    page.reload()
    expect(page.get_by_label("Six-digit code")).to_be_visible()
    assert stage.named("GET", STEP)[0].headers["Authorization"] == "Bearer b-1"


def test_a_double_click_is_one_post(stage: Stage, page: Page) -> None:
    stage.plan = {"/code": [Turn("code", page={"now": 2})], CODE: [Turn("waiting-over", seconds=0.4)]}
    page.goto(stage.origin + "/code")
    page.get_by_label("Six-digit code").fill("123456")
    page.get_by_role("button", name="Confirm").dblclick()
    expect(page.get_by_role("heading", name="We’re filling in your form")).to_be_visible()
    assert len(stage.named("POST", CODE)) == 1


def test_a_native_form_is_sent_once(stage: Stage, page: Page) -> None:
    unbound = {"bound": False, "csrf_token": None, "onboarding_url": None}
    stage.plan = {"/start": [Turn("start", page=unbound)]}
    stage.plan |= {"/o/abc": [Turn("code", page={"now": 2}, seconds=0.4)]}
    page.goto(stage.origin + "/start")
    page.evaluate("""() => {
        const button = document.querySelector("main .button");
        button.click();
        setTimeout(() => button.click(), 150);
    }""")
    expect(page.get_by_label("Six-digit code")).to_be_visible()
    assert len(stage.named("POST", "/o/abc")) == 1


def test_a_dead_network_is_said_and_can_be_retried(stage: Stage, page: Page) -> None:
    stage.plan = {"/code": [Turn("code", page={"now": 2})], CODE: [Turn("waiting-over")]}
    page.goto(stage.origin + "/code")
    page.route("**" + CODE, lambda route: route.abort())
    page.get_by_label("Six-digit code").fill("123456")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert")).to_contain_text("We couldn’t reach our server")
    assert page.get_by_label("Six-digit code").input_value() == "123456"
    page.unroute("**" + CODE)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="We’re filling in your form")).to_be_visible()


def test_a_strange_answer_does_not_eat_the_form(stage: Stage, page: Page) -> None:
    stage.plan = {"/code": [Turn("code", page={"now": 2})], CODE: [Turn(text="<p>Bad gateway</p>")]}
    page.goto(stage.origin + "/code")
    page.get_by_label("Six-digit code").fill("123456")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert")).to_contain_text("We couldn’t reach our server")
    expect(page.get_by_label("Six-digit code")).to_be_visible()


def test_the_review_answers_to_the_hand(stage: Stage, page: Page) -> None:
    stage.plan = {
        "/review": [Turn("review", page={"now": 4, "wide": True, "bearer": "b-1"})],
        REVIEW_URL: [Turn("review", page={"now": 4, "wide": True}), Turn("review-wrong", status=422)],
        "/onboarding/onb_01/reveal/ssn": [Turn(json={"value": "6789"})],
        "/onboarding/onb_01/save": [Turn(status=204)],
    }
    page.goto(stage.origin + "/review")
    with page.expect_request("**/save") as saved:
        page.get_by_role("switch", name="Share Rainy Day Savings").click()
    assert "share=a1" in (saved.value.post_data or "")
    assert "share=a2" not in (saved.value.post_data or "")
    expect(page.locator("[data-total]").first).to_have_text("$3,482.16")
    expect(page.locator(".entry", has_text="Rainy Day").get_by_text("Left out")).to_be_visible()
    page.get_by_role("button", name="Show Last four digits").click()
    expect(page.get_by_label("Last four digits of your SSN", exact=True)).to_have_value("6789")
    page.get_by_role("button", name="Hide Last four digits").click()
    expect(page.get_by_label("Last four digits of your SSN", exact=True)).to_have_value("••••")
    revealed = stage.named("POST", "/onboarding/onb_01/reveal/ssn")
    assert revealed[0].headers["X-Csrf-Token"] == "csrf-of-this-binding"
    page.get_by_role("button", name="Undo change to First and middle name").click()
    expect(page.get_by_label("First and middle name")).to_be_focused()
    assert stage.named("POST", REVIEW_URL)[0].form["undo"] == "first_name"
    page.get_by_label("Last name").press("Enter")
    expect(page.get_by_role("heading", name="6 answers need another look")).to_be_visible()
    sent = stage.named("POST", REVIEW_URL)[1].form
    assert not {"undo", "dispute", "undispute"} & set(sent)
    page.get_by_role("link", name="Enter what you pay for housing").click()
    assert focused(page) == "housing-cost"


def test_another_way_to_answer_shows_its_boxes(stage: Stage, page: Page) -> None:
    stage.plan = {"/review": [Turn("review", page={"now": 4, "wide": True})]}
    page.goto(stage.origin + "/review")
    expect(page.get_by_label("Street address")).to_be_hidden()
    page.get_by_label("Neither. I’ll enter it myself").check()
    expect(page.get_by_label("Street address")).to_be_visible()


def test_the_resend_button_waits(stage: Stage, page: Page) -> None:
    stage.plan = {"/code": [Turn("code", page={"now": 2}, screen={"resend_in": 1})]}
    page.goto(stage.origin + "/code")
    expect(page.get_by_role("button", name="Send a new code")).to_be_hidden()
    expect(page.get_by_role("button", name="Send a new code")).to_be_visible(timeout=3000)


def test_pasting_a_spaced_code_keeps_its_digits(stage: Stage, page: Page) -> None:
    stage.plan = {"/code": [Turn("code", page={"now": 2})]}
    page.goto(stage.origin + "/code")
    page.get_by_label("Six-digit code").focus()
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.setData("text", "123 456");
            const how = { clipboardData: data, bubbles: true, cancelable: true };
            document.activeElement.dispatchEvent(new ClipboardEvent("paste", how));
        }"""
    )
    expect(page.get_by_label("Six-digit code")).to_have_value("123456")


def test_without_script_the_journey_goes_on(stage: Stage, browser: Browser) -> None:
    stage.plan = {
        "/code": [Turn("code", page={"now": 2})],
        CODE: [Turn("code-wrong", status=422), Turn("review", page={"now": 4, "wide": True})],
    }
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(stage.origin + "/code")
        expect(page.get_by_role("button", name="Send a new code")).to_be_visible()
        page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_text("That code doesn’t match")).to_be_visible()
        page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_role("button", name="Share with Acme")).to_be_visible()


def test_the_embedding_page_hears_only_what_it_may(stage: Stage, browser: Browser) -> None:
    other = stage.origin.replace("127.0.0.1", "localhost")
    frame = f'<iframe id="f" src="{stage.origin}/code" width="400" height="600"></iframe>'
    listen = "<script>window.heard=[];addEventListener('message',e=>heard.push([e.origin,e.data]))</script>"
    at: dict[str, Any] = {"now": 2, "framed": True, "embed_origin": other, "step": "code"}
    stage.plan = {
        "/tenant": [Turn(text=f"<!doctype html>{listen}{frame}")],
        "/code": [Turn("code", page=at)],
        CODE: [Turn("done", page={**at, "step": "done", "status": "completed"})],
    }
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(other + "/tenant")
        inside = page.frame_locator("#f")
        inside.get_by_role("button", name="Confirm").click()
        page.wait_for_function("heard.some(([, data]) => data.type === 'completed')")
        heard = page.evaluate("heard")
    assert {origin for origin, _data in heard} == {stage.origin}
    messages = [data for _origin, data in heard]
    assert [one["seq"] for one in messages] == list(range(1, len(messages) + 1))
    kinds = [one["type"] for one in messages if one["type"] != "resize"]
    assert kinds == ["ready", "step", "step", "completed"]
    assert all(set(one) == {"prefill", "type", "onboarding_id", "seq", "data"} for one in messages)
    ends = [one["data"] for one in messages if one["type"] == "completed"]
    assert ends == [{"status": "completed", "return_token": "j.w.s"}]
    assert all(one["data"]["height"] > 100 for one in messages if one["type"] == "resize")

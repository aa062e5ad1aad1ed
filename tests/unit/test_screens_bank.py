"""The page that hosts Plaid's script, with a stand-in for that script: one try, and always a way on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.unit.screen_server import Stage, Turn

pytest_plugins = ["tests.unit.screen_browser"]
pytestmark = pytest.mark.e2e
BASE = "/onboarding/onb_01/bank"
NOT_AVAILABLE, RENEW = BASE + "/not-available", BASE + "/renew"
ORDINARY = {"token": "link-sandbox-2", "mode": "link"}
PLAID = """
window.calls = [];
window.Plaid = { create(config) {
  window.config = config;
  calls.push(["create", config.token]);
  setTimeout(() => config.onLoad(), 10);
  return {
    submit(what) { calls.push(["submit", what]); (window.onsubmitted || (() => {}))(calls.length); %s },
    open() { calls.push(["open"]); config.onEvent("OPEN", {}); },
    exit() {}, destroy() { calls.push(["destroy"]); },
  };
} };
"""
READY = "setTimeout(() => { config.onEvent('LAYER_READY', {}); config.onEvent('LAYER_READY', {}); }, 5);"
NO_LAYER = "setTimeout(() => config.onEvent('LAYER_NOT_AVAILABLE', {link_session_id: 's1'}), 5);"
SUCCESS = "config.onSuccess('profile-sandbox-1', {link_session_id: 's1', accounts: [{name: 'Secret'}]})"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context() as context:
        context.set_default_timeout(20_000)
        yield context.new_page()


def opened(
    stage: Stage,
    page: Page,
    script: str,
    *,
    plan: dict[str, list[Turn]] | None = None,
    bearer: str | None = "b-1",
    **screen: Any,
) -> None:
    """The bank page at its own address, with `script` as Plaid's; the clock is the test's. `plan`: other answers."""
    at = {"now": 3, "bearer": bearer}
    stage.plan |= {
        BASE: [Turn("bank-link", page=at, screen={"script_url": "/plaid.js", **screen})],
        "/plaid.js": [Turn(text=script)],
        BASE + "/finished": [Turn(json={"location": "/next"})],
        NOT_AVAILABLE: [Turn(json={"location": "/other"})],
        BASE + "/exit": [Turn(json={"location": "/closed"})],
        BASE + "/events": [Turn(status=204)],
        "/next": [Turn("waiting-over")],
        "/other": [Turn("bank-intro")],
        "/closed": [Turn("bank-intro-window")],
        **(plan or {}),
    }
    page.clock.install()
    page.goto(stage.origin + BASE)
    page.clock.run_for(50)


def arrives(stage: Stage, page: Page, method: str, path: str) -> None:
    """Wait until the server was asked for it: the address itself moves on at once, because the page rewrites it."""
    for _ in range(400):
        if stage.named(method, path):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never went to {path}")


def lands(stage: Stage, page: Page, method: str, path: str) -> None:
    """Wait until the page it led to stands there: a browser closed in the middle of a navigation may never answer."""
    arrives(stage, page, method, path)
    expect(page.locator("#bank-trouble")).to_have_count(0)
    expect(page.locator("main h1")).to_be_visible()


def calls(page: Page) -> list[Any]:
    made: list[Any] = page.evaluate("calls")
    return made


def test_layer_opens_once_and_the_token_is_posted(stage: Stage, page: Page) -> None:
    opened(stage, page, PLAID % READY)
    page.clock.run_for(50)
    assert calls(page) == [
        ["create", "link-sandbox-1"],
        ["submit", {"phone_number": "+14155550011"}],
        ["open"],
    ]
    expect(page.get_by_text("Go on in the window that opened.")).to_be_visible()
    page.evaluate(SUCCESS)
    lands(stage, page, "GET", "/next")
    (finished,) = stage.named("POST", BASE + "/finished")
    sent = {"public_token": "profile-sandbox-1", "link_session_id": "s1", "link_token": "link-sandbox-1"}
    assert finished.json == sent
    assert finished.headers["Authorization"] == "Bearer b-1"
    assert finished.headers["X-Csrf-Token"] == "csrf-of-this-binding"
    (events,) = stage.named("POST", BASE + "/events")
    assert [event["name"] for event in events.json["events"]] == ["LAYER_READY", "OPEN", "LAYER_READY"]


def names(page: Page) -> list[str]:
    return [call[0] for call in calls(page)]


def test_where_no_rung_is_left_the_page_goes_where_the_server_says(stage: Stage, page: Page) -> None:
    opened(stage, page, PLAID % NO_LAYER)
    page.clock.run_for(50)
    lands(stage, page, "GET", "/other")
    assert [one.json for one in stage.named("POST", NOT_AVAILABLE)] == [
        {"by": "phone", "reason": "not_available", "link_token": "link-sandbox-1"}
    ]


def test_silence_is_asked_once_more_and_then_left(stage: Stage, page: Page) -> None:
    opened(stage, page, PLAID % "")
    assert len(calls(page)) == 2
    page.clock.run_for(6100)
    assert [call[0] for call in calls(page)] == ["create", "submit", "submit"]
    page.clock.run_for(6100)
    lands(stage, page, "GET", "/other")
    (told,) = stage.named("POST", NOT_AVAILABLE)
    assert told.json == {"by": "birth", "reason": "silent", "link_token": "link-sandbox-1"}


def test_ordinary_link_opens_when_it_is_loaded(stage: Stage, page: Page) -> None:
    opened(stage, page, PLAID % "", mode="link", phone_e164=None)
    assert [call[0] for call in calls(page)] == ["create", "open"]
    page.evaluate("config.onExit({error_code: 'INVALID_OTP', error_type: 'X', display_message: 'n'}, {status: null})")
    lands(stage, page, "GET", "/closed")
    (left,) = stage.named("POST", BASE + "/exit")
    assert left.json == {
        "status": None,
        "error_code": "INVALID_OTP",
        "error_type": "X",
        "link_session_id": None,
        "link_token": "link-sandbox-1",
    }


@pytest.mark.parametrize("script", ["throw new Error('broken')", "window.Plaid = {}", "window.Plaid = {create() {}}"])
def test_a_broken_script_leaves_ways_to_go_on(stage: Stage, page: Page, script: str) -> None:
    opened(stage, page, script)
    page.clock.run_for(15100)
    expect(page.get_by_text("The bank window didn’t open")).to_be_visible()
    expect(page.get_by_role("link", name="Try again")).to_have_attribute("href", BASE)
    expect(
        page.get_by_role("link", name="Fill in the form yourself").or_(
            page.get_by_role("button", name="Fill in the form yourself")
        )
    ).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "bank-trouble"


def test_a_script_that_cannot_be_had_says_so_at_once(stage: Stage, page: Page) -> None:
    page.route("**/plaid.js", lambda route: route.abort())
    opened(stage, page, "")
    expect(page.get_by_text("The bank window didn’t open")).to_be_visible()


def test_a_failing_server_leaves_ways_to_go_on(stage: Stage, page: Page) -> None:
    opened(stage, page, PLAID % READY)
    stage.plan[BASE + "/finished"] = [Turn(status=500)]
    page.clock.run_for(50)
    page.evaluate(SUCCESS)
    expect(page.get_by_text("The bank window didn’t open")).to_be_visible()


def test_a_one_time_value_goes_on_by_post(stage: Stage, page: Page) -> None:
    opened(stage, page, PLAID % READY)
    stage.plan[BASE + "/finished"] = [Turn(json={"location": "/next", "handoff": "once"})]
    page.clock.run_for(50)
    page.evaluate(SUCCESS)
    lands(stage, page, "POST", "/next")
    assert stage.named("POST", "/next")[0].form == {"handoff": "once"}


def test_where_nothing_can_be_kept_the_tab_says_it_is_done(stage: Stage, page: Page) -> None:
    page.add_init_script("Object.defineProperty(window, 'sessionStorage', { get() { throw new Error('blocked'); } })")
    opened(stage, page, PLAID % READY)
    page.clock.run_for(50)
    page.evaluate(SUCCESS)
    expect(page.get_by_text("You can close this tab.")).to_be_visible()
    assert stage.named("GET", "/next") == []


def test_where_nothing_can_be_kept_a_tab_that_was_left_says_so(stage: Stage, page: Page) -> None:
    page.add_init_script("Object.defineProperty(window, 'sessionStorage', { get() { throw new Error('blocked'); } })")
    opened(stage, page, PLAID % READY)
    page.clock.run_for(50)
    page.evaluate("config.onExit(null, {status: null})")
    expect(page.get_by_text("Nothing was shared. You can close this tab")).to_be_visible()
    assert stage.named("GET", "/closed") == []


def test_a_way_on_carries_the_bearer(stage: Stage, page: Page) -> None:
    opened(stage, page, "window.Plaid = {}")
    stage.plan |= {"/onboarding/onb_01": [Turn("manual")], "/onboarding/onb_01/manual": [Turn("manual")]}
    page.get_by_role("button", name="Fill in the form yourself").click()
    arrives(stage, page, "GET", "/onboarding/onb_01")
    lands(stage, page, "POST", "/onboarding/onb_01/manual")
    (posted,) = stage.named("POST", "/onboarding/onb_01/manual")
    assert posted.headers["Authorization"] == "Bearer b-1"
    assert posted.form == {"csrf_token": "csrf-of-this-binding"}

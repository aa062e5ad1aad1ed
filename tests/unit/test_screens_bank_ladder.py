"""The page that hosts Plaid's script, rung by rung: the same page goes on, with the same handler or a new one."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.unit.screen_server import Stage, Turn
from tests.unit.test_screens_bank import (
    BASE,
    NO_LAYER,
    NOT_AVAILABLE,
    ORDINARY,
    PLAID,
    READY,
    RENEW,
    calls,
    lands,
    names,
    opened,
    page,  # noqa: F401 - a fixture
)

pytest_plugins = ["tests.unit.screen_browser"]
pytestmark = pytest.mark.e2e

# Refuses a phone; a date of birth is answered with `%s`.
BY_BIRTH = """
setTimeout(() => config.onEvent(
  "phone_number" in what ? "LAYER_NOT_AVAILABLE" : "%s", {link_session_id: "s1"}), 5);
"""
BIRTH = {"date_of_birth": "1975-01-18"}


def refused_by_phone(stage: Stage, page: Page, answer: str) -> None:  # noqa: F811
    plan = {NOT_AVAILABLE: [Turn(json=BIRTH), Turn(json=ORDINARY)]}
    opened(stage, page, PLAID % (BY_BIRTH % answer), plan=plan)
    settle(page)


def settle(page: Page) -> None:  # noqa: F811
    """Let what is asked be answered, and what waits come."""
    for _ in range(4):
        page.wait_for_timeout(60)
        page.clock.run_for(50)


def test_the_date_of_birth_goes_to_the_same_handler_after_the_phone_was_refused(
    stage: Stage,
    page: Page,  # noqa: F811
) -> None:
    refused_by_phone(stage, page, "LAYER_READY")
    assert calls(page) == [
        ["create", "link-sandbox-1"],
        ["submit", {"phone_number": "+14155550011"}],
        ["submit", BIRTH],
        ["open"],
    ]
    assert len(stage.named("POST", NOT_AVAILABLE)) == 1


def test_who_is_not_known_by_date_of_birth_either_gets_ordinary_link_with_a_new_handler(
    stage: Stage,
    page: Page,  # noqa: F811
) -> None:
    refused_by_phone(stage, page, "LAYER_AUTOFILL_NOT_AVAILABLE")
    assert names(page) == ["create", "submit", "submit", "destroy", "create", "open"]
    assert calls(page)[-2] == ["create", "link-sandbox-2"]
    assert [one.json["by"] for one in stage.named("POST", NOT_AVAILABLE)] == ["phone", "birth"]
    page.evaluate("config.onSuccess('public-sandbox-1', {link_session_id: 's2'})")
    lands(stage, page, "GET", "/next")
    (finished,) = stage.named("POST", BASE + "/finished")
    assert finished.json["link_token"] == "link-sandbox-2"


def test_silence_after_the_date_of_birth_leads_on_too(stage: Stage, page: Page) -> None:  # noqa: F811
    refused_by_phone(stage, page, "SOMETHING_ELSE")
    assert names(page) == ["create", "submit", "submit"]
    page.clock.run_for(6100)
    page.clock.run_for(6100)
    settle(page)
    assert names(page) == ["create", "submit", "submit", "submit", "destroy", "create", "open"]


def test_a_refusal_told_twice_is_heard_once(stage: Stage, page: Page) -> None:  # noqa: F811
    opened(stage, page, PLAID % (NO_LAYER + NO_LAYER), plan={NOT_AVAILABLE: [Turn(json=BIRTH)]})
    settle(page)
    assert len(stage.named("POST", NOT_AVAILABLE)) == 1


def test_ready_that_comes_after_a_refusal_still_opens(stage: Stage, page: Page) -> None:  # noqa: F811
    script = PLAID % (NO_LAYER.replace("5)", "4)") + READY)
    opened(stage, page, script, plan={NOT_AVAILABLE: [Turn(json=BIRTH, seconds=0.2)]})
    settle(page)
    assert names(page) == ["create", "submit", "open"]


def test_a_late_word_of_a_handler_that_was_replaced_is_not_heard(stage: Stage, page: Page) -> None:  # noqa: F811
    script = PLAID.replace("window.config = config;", "(window.configs ||= []).push(window.config = config);")
    opened(stage, page, script % NO_LAYER, plan={NOT_AVAILABLE: [Turn(json=ORDINARY)]})
    settle(page)
    assert names(page) == ["create", "submit", "destroy", "create", "open"]
    page.evaluate("configs[0].onEvent('LAYER_READY', {}); configs[0].onExit(null, {status: null})")
    settle(page)
    assert names(page) == ["create", "submit", "destroy", "create", "open"]
    assert stage.named("POST", BASE + "/exit") == []


def test_a_spent_token_is_replaced_here(stage: Stage, page: Page) -> None:  # noqa: F811
    opened(stage, page, PLAID % "", plan={BASE + "/exit": [Turn(json=ORDINARY)]}, mode="link", phone_e164=None)
    page.evaluate("config.onExit({error_code: 'INVALID_LINK_TOKEN', error_type: 'INVALID_INPUT'}, {status: null})")
    settle(page)
    assert names(page) == ["create", "open", "destroy", "create", "open"]


def test_a_page_without_a_good_token_asks_for_one_by_itself(stage: Stage, page: Page) -> None:  # noqa: F811
    stage.plan[RENEW] = [Turn(json=ORDINARY)]
    opened(stage, page, PLAID % "", mode="link", link_token=None)
    settle(page)
    assert calls(page) == [["create", "link-sandbox-2"], ["open"]]


def test_a_reload_after_the_window_was_open_asks_for_a_new_token(stage: Stage, page: Page) -> None:  # noqa: F811
    stage.plan[RENEW] = [Turn(json=ORDINARY)]
    opened(stage, page, PLAID % "", bearer=None, mode="link", phone_e164=None)
    assert calls(page)[0] == ["create", "link-sandbox-1"]
    page.reload()
    page.clock.run_for(50)
    settle(page)
    assert calls(page) == [["create", "link-sandbox-2"], ["open"]]


def test_a_reload_before_it_was_open_keeps_the_token(stage: Stage, page: Page) -> None:  # noqa: F811
    opened(stage, page, PLAID % "", bearer=None)
    page.reload()
    page.clock.run_for(50)
    settle(page)
    assert calls(page)[0] == ["create", "link-sandbox-1"]
    assert stage.named("POST", RENEW) == []


def test_a_renewal_that_fails_leaves_ways_to_go_on(stage: Stage, page: Page) -> None:  # noqa: F811
    stage.plan[RENEW] = [Turn(status=500)]
    opened(stage, page, PLAID % "", mode="link", link_token=None)
    settle(page)
    expect(page.get_by_text("The bank window didn’t open")).to_be_visible()


def test_back_from_a_bank_s_own_page_the_same_token_goes_on(stage: Stage, page: Page) -> None:  # noqa: F811
    script = PLAID.replace("config.token]", "config.token, config.receivedRedirectUri]")
    there = "http://localhost/bank/return?oauth_state_id=1"
    opened(stage, page, script % "", mode="link", phone_e164=None, received=there)
    assert calls(page) == [["create", "link-sandbox-1", there], ["open"]]

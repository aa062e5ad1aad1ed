"""Proof of work in a real Chromium, under the product's policy: nobody presses anything, and the page stays alive."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.unit.screen_server import Stage, Turn

pytest_plugins = ["tests.unit.screen_browser"]
pytestmark = pytest.mark.e2e
PHONE, RESEND = "/onboarding/onb_01/phone", "/onboarding/onb_01/code/resend"
SEAL = "0123456789abcdef0123456789abcdef"
BITS = 14


def challenge(bits: int) -> dict[str, str]:
    """For the screen."""
    return {"challenge": f"1780000000.{bits}.0123456789abcdef.{SEAL}"}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page whose policy must not be violated."""
    complaints: list[str] = []
    with browser.new_context() as context:
        opened = context.new_page()
        opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        yield opened
        assert complaints == []


def is_solved(solution: str, bits: int) -> bool:
    digest = hashlib.sha256(f"{SEAL}:{solution}".encode()).digest()
    return int.from_bytes(digest, "big") >> (256 - bits) == 0


def test_a_page_proves_and_sends_its_form_by_itself(stage: Stage, page: Page) -> None:
    stage.plan = {"/moment": [Turn("moment", page={"now": 1}, screen=challenge(BITS))], PHONE: [Turn("code")]}
    page.goto(stage.origin + "/moment")
    expect(page.get_by_label("Six-digit code")).to_be_visible()
    (sent,) = stage.named("POST", PHONE)
    assert is_solved(sent.form["solution"], BITS)
    assert sent.form["phone_number"] == "(503) 555-0142", "what was typed goes along"
    assert sent.headers["Hx-Request"] == "true"


def test_a_swapped_in_moment_does_so_too(stage: Stage, page: Page) -> None:
    stage.plan = {
        "/code": [Turn("code", page={"now": 2}, screen={"resend_in": 0})],
        RESEND: [
            Turn("moment", screen={**challenge(BITS), "action": RESEND, "fields": ()}),
            Turn("code-resent"),
        ],
    }
    page.goto(stage.origin + "/code")
    page.get_by_role("button", name="Send a new code").click()
    expect(page.get_by_text("We sent a new code at")).to_be_visible()
    assert is_solved(stage.named("POST", RESEND)[1].form["solution"], BITS)


def test_while_it_works_the_page_answers_and_says_so(stage: Stage, page: Page) -> None:
    stage.plan = {"/moment": [Turn("moment", page={"now": 1}, screen=challenge(32))]}
    page.goto(stage.origin + "/moment")
    expect(page.get_by_role("status").filter(has_text="ready")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    frames = page.evaluate(
        """() => new Promise((done) => {
            let count = 0;
            const next = () => (count += 1) < 10 ? requestAnimationFrame(next) : done(count);
            next();
        })"""
    )
    assert frames == 10, "frames are drawn meanwhile"
    assert stage.named("POST", PHONE) == []


def test_without_script_a_sentence_and_a_button_stand_there(stage: Stage, browser: Browser) -> None:
    stage.plan = {"/moment": [Turn("moment", page={"now": 1}, screen=challenge(BITS))], PHONE: [Turn("code")]}
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(stage.origin + "/moment")
        expect(page.get_by_text("Wait 60 seconds, then press the button.")).to_be_visible()
        page.get_by_role("button", name="Text me a code").click()
    (sent,) = stage.named("POST", PHONE)
    assert (sent.form["challenge"], sent.form["solution"]) == (challenge(BITS)["challenge"], "")

"""Chromium for the browser tests, and a watch that lets no error of script or policy go by."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Playwright, expect, sync_playwright

from tests.conftest import missing

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 15_000


def chromium_path() -> str | None:
    """The system's own Chromium; None means Playwright's."""
    return next((found for found in map(shutil.which, NAMES) if found), None)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """One driver for a module: two at once cannot live in one thread."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    try:
        chromium = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
    except Error as error:
        missing(f"no Chromium: {error.message.splitlines()[0]}")
        return
    yield chromium
    chromium.close()


@dataclass
class Watch:
    """What went wrong on any page, frame and pop-up of a context: console errors, faults, policy violations."""

    seen: list[str] = field(default_factory=list)
    awaited: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> BrowserContext:
        """Watch a context, its later pages included."""
        context.on("console", lambda message: self._heard(message.type, message.text, message.location))
        context.on("weberror", lambda fault: self.seen.append(f"uncaught: {fault.error}"))
        return context

    def _heard(self, kind: str, text: str, location: Any) -> None:
        if kind == "error":
            self.seen.append(f"{text} ({(location or {}).get('url', '')})")

    def expect(self, *parts: str) -> None:
        """Errors with one of these in them belong to the test, such as the 422 of a refused form."""
        self.awaited += parts

    @property
    def wrong(self) -> list[str]:
        """What nobody expected."""
        return [text for text in self.seen if not any(part in text for part in self.awaited)]


@contextmanager
def watched(browser: Browser, watch: Watch, **options: Any) -> Iterator[BrowserContext]:
    """A fresh browser context (its own cookies and storage) under a watch."""
    context = watch.over(browser.new_context(**options))
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield context
    finally:
        context.close()

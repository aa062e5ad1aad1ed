"""Fixtures for the browser tests of the screens: Chromium, a page under the policy, a stage."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.unit.screen_server import Stage, playing

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium where there is one, else Playwright's own."""
    path = next((found for found in map(shutil.which, NAMES) if found), None)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A server that plays what the test plans."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with playing() as made:
        yield made

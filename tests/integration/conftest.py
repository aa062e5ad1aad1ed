"""The app pointed at the emulators, and a consumer with a browser."""

from collections.abc import Callable

import pytest
from flask import Flask

from app.worker import Worker
from tests.support.clients import CheckedClient
from tests.support.emulator import Emulator
from tests.support.journeys import Consumer


@pytest.fixture
def more_settings(emulator: Emulator) -> dict[str, str]:
    """Both providers are the emulators."""
    own = emulator.settings
    return {
        "PREFILL_PLAID__BASE_URL": own.plaid_base_url,
        "PREFILL_PLAID__LINK_URL": own.base_url,
        "PREFILL_PLAID__CLIENT_ID": own.plaid_client_id,
        "PREFILL_PLAID__SECRET": own.plaid_secret,
        "PREFILL_PLAID__TEMPLATE_ID": own.plaid_template_id,
        "PREFILL_SPINWHEEL__BASE_URL": own.spinwheel_base_url,
        "PREFILL_SPINWHEEL__SECURE_BASE_URL": own.spinwheel_secure_base_url,
        "PREFILL_SPINWHEEL__API_KEY": own.spinwheel_api_key,
    }


@pytest.fixture
def browser(app: Flask, emulator: Emulator, worker: Worker) -> Callable[[], Consumer]:
    """A new browser each time."""

    def make() -> Consumer:
        client = app.test_client()
        assert isinstance(client, CheckedClient)
        return Consumer(client, emulator, worker)

    return make


@pytest.fixture
def consumer(browser: Callable[[], Consumer]) -> Consumer:
    """One consumer."""
    return browser()

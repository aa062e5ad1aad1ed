"""The app pointed at the emulators, and a consumer with a browser."""

from collections.abc import Callable

import pytest
from flask import Flask

from app.domain import connections
from app.providers.plaid import PlaidClient
from app.providers.spinwheel import SpinwheelClient
from app.providers.transport import Timeouts
from app.worker import Worker
from tests.support.clients import CheckedClient
from tests.support.emulator import Emulator
from tests.support.faults import hurry
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
        "PREFILL_MESSAGES__EMAIL_URL": f"{own.base_url}/inbox/mails",
        "PREFILL_TWILIO__BASE_URL": own.twilio_base_url,
        "PREFILL_TWILIO__MESSAGES_BASE_URL": own.twilio_base_url,
        "PREFILL_TWILIO__ACCOUNT_SID": own.twilio_account_sid,
        "PREFILL_TWILIO__AUTH_TOKEN": own.twilio_auth_token,
        "PREFILL_TWILIO__SERVICE_SID": own.twilio_service_sid,
        "PREFILL_TWILIO__FROM_NUMBER": own.twilio_from_number,
        "PREFILL_MESSAGES__EMAIL_FROM": "no-reply@prefill.example",
        "PREFILL_SPINWHEEL__PREVERIFIED": "on",
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


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Providers are given half a second, so that a test of a hanging one is short."""
    soon = Timeouts(connect=0.5, read=0.3, total=0.5)

    def spinwheel(base_url: str, secure_base_url: str, api_key: str, key: str) -> SpinwheelClient:
        return SpinwheelClient(base_url, secure_base_url, api_key, connection_key=key, timeouts=soon)

    def plaid(base_url: str, client_id: str, secret: str, key: str) -> PlaidClient:
        return PlaidClient(base_url, client_id, secret, connection_key=key, timeouts=soon)

    monkeypatch.setattr(connections, "_spinwheel", spinwheel)
    monkeypatch.setattr(connections, "_plaid", plaid)


@pytest.fixture
def quick_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    """No provider call takes longer than four tenths of a second; see `tests/support/faults.py`."""
    hurry(monkeypatch)

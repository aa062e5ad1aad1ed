"""The browser dies after sharing: Plaid's own signed word is enough to go on."""

import threading
import time
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.serving import BaseWSGIServer, make_server

from app.models import Event, ProviderEvent
from tests.support.emulator import Emulator
from tests.support.journeys import Consumer
from tests.support.rows import place, result_of, rows
from tests.support.tenants import MadeTenant


@pytest.fixture
def server() -> Iterator[BaseWSGIServer]:
    """A port of our own; the app is put behind it once it exists."""
    made = make_server("127.0.0.1", 0, app=lambda _environ, _start: [], threaded=True)
    yield made
    made.server_close()


@pytest.fixture
def more_settings(more_settings: dict[str, str], server: BaseWSGIServer) -> dict[str, str]:
    """Plaid is told an address that answers."""
    return {**more_settings, "PREFILL_APP_URL": f"http://127.0.0.1:{server.server_port}"}


@pytest.fixture
def served(app: Flask, server: BaseWSGIServer) -> Iterator[None]:
    """The app answers there."""
    server.app = app
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield
    server.shutdown()
    thread.join()


def _wait_for_webhook(tenant: MadeTenant, kind: str) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if kind in {event.kind for event in rows(tenant, ProviderEvent)}:
            return
        time.sleep(0.05)
    raise AssertionError(f"{kind} did not come; there are {[event.kind for event in rows(tenant, ProviderEvent)]}")


@pytest.mark.usefixtures("served")
def test_a_browser_that_dies_after_sharing_finds_the_form_filled(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    consumer.share_at_bank(consumer.open_bank())
    _wait_for_webhook(tenant, "LINK/SESSION_FINISHED")
    consumer.work()
    assert consumer.heading == "May we look at your credit file?"
    consumer.answer_credit_file("no")
    consumer.share()
    assert place(tenant, onboarding_id) == "completed done/done"
    assert result_of(tenant, onboarding_id)["prefill"]["financial_info"]["bank_accounts"]


@pytest.mark.usefixtures("served")
def test_browser_and_webhook_together_fetch_once(consumer: Consumer, tenant: MadeTenant, emulator: Emulator) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    consumer.tell_bank_finished()
    _wait_for_webhook(tenant, "LINK/SESSION_FINISHED")
    consumer.work()
    reads = [call for call in emulator.control("GET", "/calls")["calls"] if "session/get" in call["path"]]  # type: ignore[attr-defined]
    assert len(reads) == 1
    assert [event.type for event in rows(tenant, Event)].count("onboarding.bank_linked") == 1


@pytest.mark.usefixtures("served")
def test_word_of_an_earlier_attempt_is_not_taken_for_the_one_under_way(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    first = consumer.open_bank()
    consumer.post_json(consumer.url("bank", "exit"), {"status": "requires_code"})
    consumer.get(consumer.url())
    consumer.open_bank()
    consumer.share_at_bank(first)
    _wait_for_webhook(tenant, "LINK/SESSION_FINISHED")
    consumer.worker.run_due()
    assert place(tenant, onboarding_id) == "in_progress bank/link"

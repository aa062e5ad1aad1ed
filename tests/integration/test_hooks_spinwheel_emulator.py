"""Spinwheel's webhooks, as the emulator sends them over HTTP to our own address."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from werkzeug.serving import make_server

from app.domain.connections import default_connection_id
from app.domain.ids import wire_id
from app.models import ProviderEvent
from tests.contract.spinwheel_calls import Spinwheel, data
from tests.support.emulator import Emulator
from tests.support.rows import rows
from tests.support.tenants import MadeTenant

SECRET = "spinwheel-hook-secret"


@pytest.fixture
def more_settings(more_settings: dict[str, str]) -> dict[str, str]:
    return {**more_settings, "PREFILL_SPINWHEEL__WEBHOOK_SECRET": SECRET}


@pytest.fixture
def address(app: Flask, tenant: MadeTenant) -> Iterator[str]:
    """Where the app takes the tenant's webhooks."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    wire = wire_id("connection", default_connection_id(tenant.scope, "spinwheel"))
    yield f"http://127.0.0.1:{server.server_port}/hooks/spinwheel/{wire}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def fire(emulator: Emulator, address: str) -> Callable[[str, int], list[list[int]]]:
    """Sends an event with a secret, so many times over; what each copy was answered."""

    def send(secret: str, copies: int) -> list[list[int]]:
        body = {"eventName": "*", "url": address, "headers": {"X-Webhook-Secret": secret}}
        data(Spinwheel(emulator.url).call("POST", "/v1/webhooks", body))
        event = {"event_type": "NEW_LIABILITIES_REPORTED", "copies": copies}
        emulator.control("POST", "/spinwheel/events", event)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            sent: list[dict[str, list[int]]] = emulator.control("GET", "/spinwheel/webhooks")["webhooks"]  # type: ignore[assignment]
            if all(one["done"] for one in sent):
                return [one["answers"] for one in sent]
            time.sleep(0.05)
        raise AssertionError("the webhooks were not taken")

    return send


def test_what_comes_twice_is_kept_once(fire: Callable[[str, int], list[list[int]]], tenant: MadeTenant) -> None:
    assert fire(SECRET, 2) == [[202], [202]]
    (event,) = rows(tenant, ProviderEvent)
    assert (event.provider, event.kind) == ("spinwheel", "NEW_LIABILITIES_REPORTED")


def test_another_secret_keeps_nothing(fire: Callable[[str, int], list[list[int]]], tenant: MadeTenant) -> None:
    assert fire("somebody else's", 1) == [[401] * 5]
    assert rows(tenant, ProviderEvent) == []

"""Refreshing liabilities, webhooks with the subscriber's own headers, unmasking on the secure base."""

import json
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from app.emulators.spinwheel.hooks import EVENTS
from tests.contract.spinwheel_calls import Spinwheel, code_of, data
from tests.support.emulator import Emulator


@dataclass
class Receiver:
    """What came, and what it was answered."""

    url: str = ""
    status: int = 202
    came: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)

    def wait(self, count: int) -> None:
        until = time.monotonic() + 5
        while len(self.came) < count and time.monotonic() < until:
            time.sleep(0.02)
        assert len(self.came) == count


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made.came.append((dict(self.headers), body))
            self.send_response(made.status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def api(emulator: Emulator) -> Spinwheel:
    return Spinwheel(emulator.url)


def subscribe(api: Spinwheel, receiver: Receiver, event: str = "*") -> str:
    body = {"eventName": event, "url": receiver.url, "headers": {"X-Webhook-Secret": "ours"}}
    return str(data(api.call("POST", "/v1/webhooks", body))["webhookId"])


def with_report(api: Spinwheel) -> tuple[str, str]:
    """A user, and one of their cards."""
    user_id = api.connected()
    return user_id, data(api.report(user_id))["creditCards"][0]["creditCardId"]


# ---------- Webhooks ----------
@pytest.mark.parametrize("event", sorted(EVENTS))
def test_every_documented_event_can_be_fired(
    emulator: Emulator, api: Spinwheel, receiver: Receiver, event: str
) -> None:
    user_id = api.connected()
    subscribe(api, receiver)
    emulator.control("POST", "/spinwheel/events", {"event_type": event, "phone_number": "+14155550011"})
    receiver.wait(1)
    headers, body = receiver.came[0]
    assert headers["X-Webhook-Secret"] == "ours"
    assert (set(body), body["eventType"], body["userId"]) == (
        {"webhookId", "subscriptionId", "eventType", "userId", "data"},
        event,
        user_id,
    )


def test_it_comes_twice_late_or_not_at_all_as_asked(emulator: Emulator, api: Spinwheel, receiver: Receiver) -> None:
    subscribe(api, receiver, "SUBSCRIPTION_FAILED")
    for event in ("SUBSCRIPTION_ACTIVATED", "SUBSCRIPTION_FAILED"):
        emulator.control("POST", "/spinwheel/events", {"event_type": event, "copies": 2})
    receiver.wait(2)
    assert receiver.came[0][1] == receiver.came[1][1]
    emulator.control("POST", "/spinwheel/events", {"event_type": "SUBSCRIPTION_FAILED", "late_seconds": 60})
    time.sleep(0.3)
    assert len(receiver.came) == 2
    emulator.control("POST", "/clock", {"advance_seconds": 61})
    receiver.wait(3)


def test_what_is_not_taken_is_sent_again_until_it_is_given_up(
    emulator: Emulator, api: Spinwheel, receiver: Receiver
) -> None:
    receiver.status = 500
    subscribe(api, receiver)
    emulator.control("POST", "/spinwheel/events", {"event_type": "SUBSCRIPTION_FAILED"})
    receiver.wait(5)
    (listed,) = emulator.control("GET", "/spinwheel/webhooks")["webhooks"]  # type: ignore[misc]
    assert listed["answers"] in ([500] * 4, [500] * 5)  # type: ignore[index]


def test_webhooks_are_read_changed_and_deleted_without_their_secrets(api: Spinwheel, receiver: Receiver) -> None:
    webhook_id = subscribe(api, receiver)
    path = f"/v1/webhooks/{webhook_id}"
    assert "ours" not in api.call("GET", "/v1/webhooks").text + api.call("GET", path).text
    assert data(api.call("PATCH", path, {"url": "http://127.0.0.1:9/x"}))["url"] == "http://127.0.0.1:9/x"
    assert data(api.call("DELETE", path))["webhookId"] == webhook_id
    assert code_of(api.call("GET", path)) == (404, "NOT_FOUND")
    body = {"eventName": "NO_SUCH_EVENT", "url": receiver.url}
    assert code_of(api.call("POST", "/v1/webhooks", body)) == (400, "BAD_REQUEST")


# ---------- Refresh ----------
def refresh(api: Spinwheel, user_id: str, card: object, ext: str) -> Any:
    body = {"extRequestId": ext, "creditCards": [{"id": card, "capabilities": ["REALTIME_BALANCE"]}]}
    return api.call("POST", f"/v1/users/{user_id}/liabilities/refresh", body)


@pytest.mark.parametrize(("fails", "end"), [(False, "COMPLETED"), (True, "FAILED")])
def test_a_refresh_is_polled_and_told(
    emulator: Emulator, api: Spinwheel, receiver: Receiver, fails: bool, end: str
) -> None:
    user_id, card = with_report(api)
    subscribe(api, receiver, "REFRESH_TRANSACTION_STATUS")
    emulator.control("POST", "/spinwheel/switches", {"refresh_seconds": 30, "refresh_fails": fails})
    ext = str(uuid.uuid4())
    (begun,) = data(refresh(api, user_id, card, ext))  # type: ignore[misc]
    assert (begun["refreshTransactionStatus"], begun["creditCardId"]) == ("IN_PROGRESS", card)  # type: ignore[index]
    path = f"/v1/users/{user_id}/liabilities/refresh/{ext}"
    assert data(api.call("GET", path))[0]["refreshTransactionStatus"] == "IN_PROGRESS"  # type: ignore[index]
    emulator.control("POST", "/clock", {"advance_seconds": 31})
    assert data(api.call("GET", path))[0]["refreshTransactionStatus"] == end  # type: ignore[index]
    receiver.wait(1)
    assert receiver.came[0][1]["data"] == {"extRequestId": ext, "refreshTransactionStatus": end}


def test_refreshes_that_cannot_be(api: Spinwheel) -> None:
    user_id, card = with_report(api)
    ext = str(uuid.uuid4())
    assert refresh(api, user_id, [card], ext).status_code == 201
    assert code_of(refresh(api, user_id, card, ext)) == (400, "BAD_REQUEST")
    assert code_of(refresh(api, user_id, "no-such-card", str(uuid.uuid4()))) == (400, "BAD_REQUEST")
    assert code_of(refresh(api, user_id, card, "no-uuid")) == (400, "BAD_REQUEST")
    nobody = f"/v1/users/{uuid.uuid4()}/liabilities/refresh/{ext}"
    assert code_of(api.call("GET", nobody)) == (404, "USER_NOT_FOUND")


# ---------- Unmask ----------
def test_numbers_are_whole_on_the_secure_base_alone(emulator: Emulator, api: Spinwheel) -> None:
    user_id, _ = with_report(api)
    secure = Spinwheel(emulator.url, base="spinwheel-secure")
    path = f"/v1/users?userId={user_id}"
    shown = data(secure.call("GET", f"{path}&unmask=ssn&unmask=accountNumber"))
    assert len(shown["profile"]["ssn"]) == 9
    assert len(shown["creditCards"][0]["cardProfile"]["creditCardNumber"]) > 4
    assert "creditCardNumber" not in data(secure.call("GET", path))["creditCards"][0]["cardProfile"]
    assert code_of(api.call("GET", f"{path}&unmask=ssn")) == (403, "SECURE_HOST_REQUIRED")

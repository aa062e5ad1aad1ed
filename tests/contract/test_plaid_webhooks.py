"""Webhooks of the Plaid emulator: real requests, signed as Plaid signs, repeated as Plaid repeats."""

import hashlib
import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from app.emulators.plaid.webhooks import Sender, encode, outbox
from app.emulators.store import Store
from tests.contract.plaid_drive import Link, add_template, layer_token, link_token, post, sandbox_item

VECTORS = json.loads((Path(__file__).parent / "data" / "webhook-vectors.json").read_text(encoding="utf-8"))
FIVE_MINUTES = 300


@dataclass
class Receiver:
    """Takes webhooks; answers with `statuses` one after the other, then 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    got: list[tuple[str, bytes]] = field(default_factory=list)

    def wait_for(self, count: int) -> list[tuple[str, bytes]]:
        until = time.monotonic() + 10
        while len(self.got) < count and time.monotonic() < until:
            time.sleep(0.02)
        assert len(self.got) >= count, f"{len(self.got)} of {count} webhooks came"
        return self.got


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    held = Receiver()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            held.got.append((self.headers["Plaid-Verification"], body))
            self.send_response(held.statuses.pop(0) if held.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        held.url = f"http://127.0.0.1:{server.server_port}/hook"
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield held
        server.shutdown()
        thread.join()


def decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def verify(token: str, body: bytes, key: dict[str, Any], now: float) -> None:
    """Plaid's documented steps, on bare cryptography. Raises AssertionError or InvalidSignature."""
    head, claims, signature = token.split(".")
    header, told = json.loads(decoded(head)), json.loads(decoded(claims))
    assert (header["alg"], header["kid"]) == ("ES256", key["kid"])
    assert key["expired_at"] is None, "the key has expired"
    x, y = (int.from_bytes(decoded(key[name])) for name in ("x", "y"))
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    raw = decoded(signature)
    assert len(raw) == 64
    pair = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    public.verify(pair, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    assert now - told["iat"] <= FIVE_MINUTES, "too old"
    assert hashlib.sha256(body).hexdigest() == told["request_body_sha256"], "another body"


def key_of(emulator: Any, token: str) -> dict[str, Any]:
    kid = json.loads(decoded(token.split(".")[0]))["kid"]
    key: dict[str, Any] = post(emulator, "/webhook_verification_key/get", {"key_id": kid}).json()["key"]
    return key


def now_of(emulator: Any) -> float:
    now: float = emulator.app.extensions["emulators"].store.now().timestamp()
    return now


def test_the_verifier_of_these_tests_accepts_what_plaid_signed() -> None:
    signed = VECTORS["signed"]
    body = signed["body"].encode()
    verify(signed["plaid_verification"], body, VECTORS["jwk"], signed["iat"] + 10)
    with pytest.raises(AssertionError, match="too old"):
        verify(signed["plaid_verification"], body, VECTORS["jwk"], signed["iat"] + 301)
    with pytest.raises(AssertionError, match="another body"):
        verify(signed["plaid_verification"], body + b"\n", VECTORS["jwk"], signed["iat"])
    head, claims, signature = signed["plaid_verification"].split(".")
    with pytest.raises(InvalidSignature):
        verify(f"{head}.{claims}.{signature[::-1][1:]}A", body, VECTORS["jwk"], signed["iat"])


def test_bodies_are_written_as_plaid_writes_them() -> None:
    for vector in (VECTORS["signed"], VECTORS["hash_only"]):
        written = encode(json.loads(vector["body"]))
        assert hashlib.sha256(written).hexdigest() == vector["request_body_sha256"]


def test_layer_tells_of_the_phone_and_of_the_end(emulator: Any, receiver: Receiver) -> None:
    token = layer_token(emulator, webhook=receiver.url)
    link = Link(emulator, token).through_code()
    receiver.wait_for(1)
    link.act("share", account=["0-0"])
    got = receiver.wait_for(2)
    for signature, body in got:
        verify(signature, body, key_of(emulator, signature), now_of(emulator))
    assert [json.loads(body) for _, body in got] == [
        {
            "environment": "sandbox",
            "link_session_id": link.session_id,
            "link_token": token,
            "webhook_code": "LAYER_AUTHENTICATION_PASSED",
            "webhook_type": "LAYER",
        },
        {
            "environment": "sandbox",
            "link_session_id": link.session_id,
            "link_token": token,
            "public_tokens": [link.public_token],
            "status": "SUCCESS",
            "webhook_code": "SESSION_FINISHED",
            "webhook_type": "LINK",
        },
    ]


def test_leaving_is_told_too_and_a_wrong_code_proves_nothing(emulator: Any, receiver: Receiver) -> None:
    template = add_template(emulator, webhook=receiver.url)
    link = Link(emulator, layer_token(emulator, template)).act("submit", phone_number="4155550011")
    link.act("open").act("continue").act("code", code="000000").act("exit", force=True)
    body = json.loads(receiver.wait_for(1)[0][1])
    assert (body["webhook_code"], body["status"], body["public_tokens"]) == ("SESSION_FINISHED", "EXITED", [])


def test_a_refused_webhook_comes_again_with_a_fresh_signature(emulator: Any, receiver: Receiver) -> None:
    receiver.statuses = [500, 302]
    Link(emulator, layer_token(emulator, webhook=receiver.url)).through_code()
    got = receiver.wait_for(3)
    assert len({body for _, body in got}) == 1
    listed = emulator.control("GET", "/plaid/webhooks")["webhooks"]
    until = time.monotonic() + 5
    while not listed[0]["done"] and time.monotonic() < until:
        time.sleep(0.05)
        listed = emulator.control("GET", "/plaid/webhooks")["webhooks"]
    assert listed[0]["answers"] == [500, 302, 200]


def test_the_schedule_is_plaids_and_ends_after_a_day(emulator: Any) -> None:
    store = Store("key", "id", "secret")
    sender = Sender(store, timeout_seconds=1, retry_seconds=30)
    sender.send("http://127.0.0.1:1/nobody", {"webhook_code": "X"})
    waits: list[float] = []
    delivery = outbox(store).deliveries[0]
    until = time.monotonic() + 20
    while not delivery.done and time.monotonic() < until:
        if len(delivery.answers) > len(waits):
            wait = (delivery.due_at - store.now()).total_seconds()
            waits.append(round(wait))
            store.clock.advance(wait + 0.01)
        time.sleep(0.01)
    assert waits[:5] == [30, 120, 480, 1920, 7680]
    assert delivery.done
    assert delivery.due_at - delivery.created_at > timedelta(hours=24)
    assert set(delivery.answers) == {0}


def test_what_can_be_made_wrong(emulator: Any, receiver: Receiver) -> None:
    def next_webhook(**wrongs: Any) -> tuple[str, bytes]:
        emulator.control("POST", "/plaid/switches", {f"webhook_{name}": value for name, value in wrongs.items()})
        before = len(receiver.got)
        Link(emulator, layer_token(emulator, webhook=receiver.url)).through_code()
        return receiver.wait_for(before + 1)[-1]

    signature, body = next_webhook(wrong_hash=True)
    with pytest.raises(AssertionError, match="another body"):
        verify(signature, body, key_of(emulator, signature), now_of(emulator))
    signature, body = next_webhook(wrong_hash=False, stale_iat=True)
    with pytest.raises(AssertionError, match="too old"):
        verify(signature, body, key_of(emulator, signature), now_of(emulator))
    emulator.control("POST", "/plaid/webhook-key/expire")
    signature, body = next_webhook(stale_iat=False)
    with pytest.raises(AssertionError, match="expired"):
        verify(signature, body, key_of(emulator, signature), now_of(emulator))
    new = emulator.control("POST", "/plaid/webhook-key/rotate")["kid"]
    signature, body = next_webhook()
    assert key_of(emulator, signature)["kid"] == new
    verify(signature, body, key_of(emulator, signature), now_of(emulator))
    count = len(receiver.got)
    next_webhook(duplicate=True)
    assert len(receiver.wait_for(count + 2)) == count + 2
    assert receiver.got[-1][1] == receiver.got[-2][1]


@pytest.mark.parametrize("algorithm", ["HS256", "none"])
def test_a_forged_algorithm_can_be_sent(emulator: Any, receiver: Receiver, algorithm: str) -> None:
    emulator.control("POST", "/plaid/switches", {"webhook_algorithm": algorithm})
    Link(emulator, layer_token(emulator, webhook=receiver.url)).through_code()
    signature, _ = receiver.wait_for(1)[0]
    head, _, signed = signature.split(".")
    assert json.loads(decoded(head))["alg"] == algorithm
    assert bool(signed) == (algorithm == "HS256")


def test_the_end_can_be_told_before_the_phone(emulator: Any, receiver: Receiver) -> None:
    emulator.control("POST", "/plaid/switches", {"webhook_out_of_order": True})
    Link(emulator, layer_token(emulator, webhook=receiver.url)).through_code().act("share", account=["0-0"])
    codes = [json.loads(body)["webhook_code"] for _, body in receiver.wait_for(2)]
    assert codes == ["SESSION_FINISHED", "LAYER_AUTHENTICATION_PASSED"]


def test_a_webhook_can_come_late(emulator: Any, receiver: Receiver) -> None:
    emulator.control("POST", "/plaid/switches", {"webhook_delay_seconds": 3600})
    Link(emulator, layer_token(emulator, webhook=receiver.url)).through_code()
    time.sleep(0.3)
    assert receiver.got == []
    emulator.control("POST", "/clock", {"advance_seconds": 3601})
    signature, body = receiver.wait_for(1)[0]
    verify(signature, body, key_of(emulator, signature), now_of(emulator))


def test_a_session_with_several_banks_is_told_bank_by_bank(emulator: Any, receiver: Receiver) -> None:
    token = link_token(emulator, enable_multi_item_link=True, webhook=receiver.url)
    link = Link(emulator, token).to_banks()
    link.sign_in("ins_109508").act("share", account=["0"]).act("another")
    link.sign_in("ins_109511").act("share", account=["1"]).act("finish")
    bodies = [json.loads(body) for _, body in receiver.wait_for(3)]
    assert [body["webhook_code"] for body in bodies] == ["ITEM_ADD_RESULT", "ITEM_ADD_RESULT", "SESSION_FINISHED"]
    assert bodies[2]["public_tokens"] == [body["public_token"] for body in bodies[:2]]


def test_an_ordinary_session_is_not_told(emulator: Any, receiver: Receiver) -> None:
    link = Link(emulator, link_token(emulator, webhook=receiver.url)).to_banks().sign_in("ins_109508")
    link.act("share", account=["0"]).act("finish")
    assert emulator.control("GET", "/plaid/webhooks")["webhooks"] == []


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        ("NEW_ACCOUNTS_AVAILABLE", "ITEM", {"error": None}),
        ("PENDING_DISCONNECT", "ITEM", {"reason": "INSTITUTION_TOKEN_EXPIRATION"}),
        ("LOGIN_REPAIRED", "ITEM", {}),
        (
            "SYNC_UPDATES_AVAILABLE",
            "TRANSACTIONS",
            {"historical_update_complete": True, "initial_update_complete": True},
        ),
    ],
)
def test_an_items_webhook_can_be_fired(
    emulator: Any, receiver: Receiver, code: str, kind: str, told: dict[str, Any]
) -> None:
    token = sandbox_item(emulator, webhook=receiver.url)
    post(emulator, "/transactions/sync", {"access_token": token})
    assert post(emulator, "/sandbox/item/fire_webhook", {"access_token": token, "webhook_code": code}).ok
    signature, body = receiver.wait_for(1)[0]
    verify(signature, body, key_of(emulator, signature), now_of(emulator))
    item_id = post(emulator, "/item/get", {"access_token": token}).json()["item"]["item_id"]
    facts = {"environment": "sandbox", "item_id": item_id, "webhook_code": code, "webhook_type": kind, **told}
    assert json.loads(body) == facts


def test_an_error_inside_a_webhook_has_a_status_and_no_request_id(emulator: Any, receiver: Receiver) -> None:
    token = sandbox_item(emulator, webhook=receiver.url)
    post(emulator, "/sandbox/item/reset_login", {"access_token": token})
    error = json.loads(receiver.wait_for(1)[0][1])["error"]
    assert (error["error_code"], error["status"]) == ("ITEM_LOGIN_REQUIRED", 400)
    assert "request_id" not in error


def test_a_new_address_is_told_that_it_is_one(emulator: Any, receiver: Receiver) -> None:
    token = sandbox_item(emulator)
    post(emulator, "/item/webhook/update", {"access_token": token, "webhook": receiver.url})
    body = json.loads(receiver.wait_for(1)[0][1])
    assert (body["webhook_code"], body["new_webhook_url"]) == ("WEBHOOK_UPDATE_ACKNOWLEDGED", receiver.url)

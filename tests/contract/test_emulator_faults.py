"""Faults that happen to a real answer: the provider did its work, then dripped, cut or lied."""

import json
import re
import time
from typing import Any

import pytest
import requests

from app.emulators.mangling import UNKNOWN_WORD, mangle
from tests.contract.plaid_drive import sandbox_item
from tests.contract.spinwheel_calls import MARIA, Spinwheel, raw_answer
from tests.support.emulator import Emulator

CONNECT = "/v1/users/connect/sms"
BROKEN = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


@pytest.fixture
def api(emulator: Emulator) -> Spinwheel:
    return Spinwheel(emulator.url)


def force(emulator: Emulator, fault: str, operation: str = CONNECT, **more: object) -> None:
    body: dict[str, object] = {"provider": "spinwheel", "operation": operation, "fault": fault, "times": 1, **more}
    emulator.control("POST", "/faults", body)


def connect(api: Spinwheel) -> requests.Response:
    return api.connect(**MARIA, extUserId="acme-42")


def texts(emulator: Emulator) -> int:
    return len(requests.get(f"{emulator.url}/inbox.json", timeout=5).json()["texts"])


def test_an_answer_is_cut_inside_its_head_after_the_work_was_done(emulator: Emulator, api: Spinwheel) -> None:
    force(emulator, "cut_headers")
    received = raw_answer(emulator.url, {**MARIA, "extUserId": "acme-42"})
    assert received.startswith(b"HTTP/1.1 201 ")
    assert b"\r\n\r\n" not in received
    assert texts(emulator) == 1
    assert connect(api).status_code == 201


def test_an_answer_is_cut_in_the_middle_of_its_body(emulator: Emulator, api: Spinwheel) -> None:
    force(emulator, "cut_body")
    head, _, body = raw_answer(emulator.url, {**MARIA, "extUserId": "acme-42"}).partition(b"\r\n\r\n")
    (announced,) = re.findall(rb"Content-Length: (\d+)", head)
    assert len(body) == int(announced) // 2
    assert b'"status"' in body or b'"data"' in body
    assert texts(emulator) == 1
    assert connect(api).status_code == 201


def test_a_drip_gives_the_whole_answer_byte_by_byte(emulator: Emulator, api: Spinwheel) -> None:
    force(emulator, "drip", seconds=0.002)
    started = time.monotonic()
    answer = connect(api)
    assert time.monotonic() - started > 0.002 * len(answer.content)
    assert answer.json()["data"]["userId"]


def test_a_drip_waits_a_second_unless_told_and_ends_when_cleared(emulator: Emulator, api: Spinwheel) -> None:
    force(emulator, "drip")
    assert emulator.control("GET", "/faults")["faults"][0]["seconds"] == 1.0  # type: ignore[index]
    with pytest.raises(BROKEN):
        requests.post(
            f"{emulator.url}/spinwheel{CONNECT}",
            json={**MARIA, "extUserId": "acme-42"},
            headers=api.headers,
            timeout=0.3,
        )
    emulator.control("DELETE", "/faults")


def test_empty_and_huge_bodies(emulator: Emulator, api: Spinwheel) -> None:
    force(emulator, "empty_body")
    assert connect(api).content == b""
    force(emulator, "huge_body")
    answer = connect(api)
    assert len(answer.content) > 16_000_000
    assert json.loads(answer.content)["data"]["userId"]


@pytest.mark.parametrize(
    ("fault", "changed"), [("missing_field", "none"), ("null_value", None), ("wrong_type", {"unexpected": True})]
)
def test_the_usual_field_of_an_operation_lies(emulator: Emulator, api: Spinwheel, fault: str, changed: object) -> None:
    force(emulator, fault)
    data = connect(api).json()["data"]
    assert data.get("userId", "none") == changed
    assert data["connectionId"]


def test_a_word_nobody_documented(emulator: Emulator, api: Spinwheel) -> None:
    force(emulator, "unknown_enum")
    assert connect(api).json()["data"]["connectionStatus"] == UNKNOWN_WORD


def test_a_pointer_names_every_member_of_a_list(emulator: Emulator) -> None:
    token = sandbox_item(emulator)
    body = {"provider": "plaid", "operation": "/accounts/get", "fault": "null_value"}
    emulator.control("POST", "/faults", {**body, "pointer": "/accounts/*/balances/current"})
    own = emulator.settings
    answer = requests.post(
        f"{emulator.url}/plaid/accounts/get",
        json={"client_id": own.plaid_client_id, "secret": own.plaid_secret, "access_token": token},
        timeout=5,
    ).json()
    assert {account["balances"]["current"] for account in answer["accounts"]} == {None}


def test_a_refusal_stays_a_refusal(emulator: Emulator, api: Spinwheel) -> None:
    force(emulator, "missing_field", "*")
    answer = api.connect(phoneNumber="+14155550011", dateOfBirth="never", extUserId="acme-42")
    assert (answer.status_code, answer.json()["status"]["desc"]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("pointer", "left"),
    [
        ("/a/*", {"a": [], "b~c": {"d/e": 1}}),
        ("/a/0", {"a": [2], "b~c": {"d/e": 1}}),
        ("/b~0c/d~1e", {"a": [1, 2], "b~c": {}}),
        ("/nothing/here", {"a": [1, 2], "b~c": {"d/e": 1}}),
    ],
)
def test_pointers(pointer: str, left: dict[str, Any]) -> None:
    body: dict[str, Any] = {"a": [1, 2], "b~c": {"d/e": 1}}
    mangle(body, "missing_field", "plaid", "/x", pointer)
    assert body == left

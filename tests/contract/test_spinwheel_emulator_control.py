"""Faults, the log of calls, the control endpoint, and the pages."""

import threading
import time
from pathlib import Path

import html5lib
import pytest
import requests

from app.emulators import create_emulators
from app.emulators.settings import Settings
from tests.contract.spinwheel_calls import KEY, MARIA, Spinwheel, code_of, data
from tests.support.emulator import Emulator

CONNECT = "/v1/users/connect/sms"
PAGES = ["/", "/inbox", "/inbox?phone_number=%2B14155550011", "/help"]
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@pytest.fixture
def api(emulator: Emulator) -> Spinwheel:
    return Spinwheel(emulator.url)


def force(emulator: Emulator, fault: str, operation: str = CONNECT, **more: object) -> None:
    body: dict[str, object] = {"provider": "spinwheel", "operation": operation, "fault": fault, **more}
    emulator.control("POST", "/faults", body)


def connect(api: Spinwheel) -> requests.Response:
    return api.connect(**MARIA, extUserId="acme-42")


def test_slow(emulator: Emulator, api: Spinwheel) -> None:
    force(emulator, "slow", seconds=0.4, times=1)
    start = time.monotonic()
    assert connect(api).status_code == 201
    assert time.monotonic() - start >= 0.4
    assert emulator.control("GET", "/faults")["faults"][0]["hits"] == 1  # type: ignore[index]


@pytest.mark.parametrize(("fault", "status"), [("429", 429), ("500", 500)])
def test_json_faults_end_after_their_times(emulator: Emulator, api: Spinwheel, fault: str, status: int) -> None:
    force(emulator, fault, times=2)
    assert [connect(api).status_code for _ in range(3)] == [status, status, 201]


def test_503_is_html(emulator: Emulator, api: Spinwheel) -> None:
    force(emulator, "503_html", "*", times=1)
    answer = connect(api)
    assert answer.status_code == 503 and answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<!doctype html>")
    html5lib.HTMLParser(strict=True).parse(answer.text)


def test_drop_breaks_the_connection(emulator: Emulator, api: Spinwheel) -> None:
    force(emulator, "drop", times=1)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        connect(api)
    assert connect(api).status_code == 201


def test_hang_until_the_fault_is_cleared(emulator: Emulator, api: Spinwheel) -> None:
    force(emulator, "hang")
    url = f"{api.base}{CONNECT}"
    with pytest.raises(requests.ReadTimeout):
        requests.post(url, json=MARIA, headers=api.headers, timeout=0.3)
    broken: list[Exception] = []

    def wait() -> None:
        try:
            connect(api)
        except requests.RequestException as error:
            broken.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.2)
    assert waiting.is_alive()
    emulator.control("DELETE", "/faults")
    waiting.join(5)
    assert not waiting.is_alive() and broken
    assert connect(api).status_code == 201


def test_a_fault_for_one_operation_and_one_person(emulator: Emulator, api: Spinwheel) -> None:
    user_id = data(connect(api))["userId"]
    force(emulator, "500", "/v1/users/{userId}/debtProfile", phone_number="+14155550011")
    other = api.connected("other", phoneNumber="+14155550015", dateOfBirth="1975-01-18")
    assert api.verify(user_id).status_code == 200
    assert api.report(user_id).status_code == 500
    assert api.report(other).status_code == 200
    assert api.report(user_id).status_code == 500, "without times it stays until it is cleared"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"provider": "stripe"}, "/provider"),
        ({"fault": "418"}, "/fault"),
        ({"operation": "identity"}, "/operation"),
        ({"seconds": -1}, "/seconds"),
        ({"times": 0}, "/times"),
        ({"phone_number": "415"}, "/phone_number"),
        ({"extra": 1}, "/extra"),
    ],
)
def test_a_wrong_fault_is_refused(emulator: Emulator, change: dict[str, object], field: str) -> None:
    body = {"provider": "spinwheel", "operation": CONNECT, "fault": "500", **change}
    answer = requests.post(f"{emulator.url}/control/faults", json=body, timeout=10)
    assert answer.status_code == 400 and answer.json()["error"].startswith(f"{field} is wrong: ")


def test_calls_are_noted_without_bodies(emulator: Emulator, api: Spinwheel) -> None:
    connect(api)
    requests.get(f"{api.base}/v1/users?userId=x", headers={"Authorization": "Bearer no"}, timeout=10)
    calls = emulator.control("GET", "/calls")["calls"]
    assert isinstance(calls, list)
    seen = [(call["method"], call["path"], call["credential"], call["status"]) for call in calls]
    assert seen == [
        ("POST", f"/spinwheel{CONNECT}", KEY, 201),
        ("GET", "/spinwheel/v1/users", None, 401),
    ]
    assert "1975-01-18" not in str(calls)


def test_reset_forgets_all_but_credentials(emulator: Emulator, api: Spinwheel) -> None:
    emulator.control("POST", "/credentials", {"provider": "spinwheel", "api_key": "kept"})
    user_id = data(connect(api))["userId"]
    force(emulator, "500", "/other")
    emulator.control("POST", "/clock", {"advance_seconds": 86400})
    emulator.control("POST", "/reset")
    assert emulator.control("GET", "/faults") == {"faults": []}
    assert emulator.control("GET", "/calls") == {"calls": []}
    assert requests.get(f"{emulator.url}/inbox.json", timeout=10).json() == {"texts": [], "mails": []}
    assert code_of(api.verify(user_id)) == (404, "USER_NOT_FOUND")
    assert Spinwheel(emulator.url, "kept").connected()


def test_control_is_for_this_machine_only(emulator: Emulator) -> None:
    client = emulator.app.test_client()
    assert client.get("/control/calls").status_code == 200
    outside = {"REMOTE_ADDR": "203.0.113.9"}
    for method, path in (
        ("GET", "/control/calls"),
        ("POST", "/control/reset"),
        ("DELETE", "/control/faults"),
    ):
        assert client.open(path, method=method, environ_overrides=outside).status_code == 403
    other_site = {"Sec-Fetch-Site": "cross-site"}
    assert client.post("/control/reset", headers=other_site).status_code == 403


def test_a_wrong_persona_file_ends_the_start_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "people.json"
    path.write_text('{"personas": [{"name": "Ann"}]}', encoding="utf-8")
    with pytest.raises(SystemExit, match="/personas/0/ladder is wrong: Field required"):
        create_emulators(Settings(personas=path))


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_valid_and_closed(emulator: Emulator, api: Spinwheel, path: str) -> None:
    connect(api)
    answer = requests.get(emulator.url + path, timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"] == POLICY
    html5lib.HTMLParser(strict=True).parse(answer.text)
    assert answer.text.count("<h1") == 1
    for forbidden in (" style=", "<style", "onclick=", "data:"):
        assert forbidden not in answer.text


def test_index_lists_everybody(emulator: Emulator) -> None:
    page = requests.get(emulator.url, timeout=10).text
    people = requests.get(f"{emulator.url}/personas.json", timeout=10).json()["personas"]
    assert people[0]["phone_number"] == "+14155550011" and people[0]["code"] == "123456"
    for person in people:
        assert person["name"] in page and person["phone_number"][-4:] in page
    assert "1/18/1975" in page and "Frozen" in page


def test_inbox_shows_the_text(emulator: Emulator, api: Spinwheel) -> None:
    assert "No texts yet" in requests.get(f"{emulator.url}/inbox", timeout=10).text
    connect(api)
    page = requests.get(f"{emulator.url}/inbox", timeout=10).text
    assert "Your Spinwheel verification code is 123456." in page
    assert "Maria Elena Ortiz Reyes" in page and "just now" in page


def test_schema_is_served(emulator: Emulator) -> None:
    answer = requests.get(f"{emulator.url}/personas.schema.json", timeout=10).json()
    assert answer["title"] == "Personas of the emulators"

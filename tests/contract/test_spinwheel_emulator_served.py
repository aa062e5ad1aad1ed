"""The emulators as they are really served: one granian process with many threads."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.contract.spinwheel_calls import MARIA, Spinwheel, raw_answer

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(port: int, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "app.emulators.wsgi:app"]
    command += ["--workers", "1", "--blocking-threads", "16", "--port", str(port)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EMULATOR_")}
    pipe, both = subprocess.PIPE, subprocess.STDOUT
    return subprocess.Popen(command, cwd=ROOT, env={**kept, **environment}, stdout=pipe, stderr=both, text=True)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    process = start(port, EMULATOR_BASE_URL=address)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            requests.get(f"{address}/inbox.json", timeout=1)
            break
        except requests.ConnectionError:
            time.sleep(0.1)
    yield address
    process.terminate()
    assert process.stdout is not None
    output = process.stdout.read()
    process.wait(10)
    process.stdout.close()
    assert process.returncode == 0, output


def force(url: str, **fault: object) -> None:
    body = {"provider": "spinwheel", "operation": "*", **fault}
    assert requests.post(f"{url}/control/faults", json=body, timeout=5).status_code == 201


def test_a_dropped_connection_is_one(url: str) -> None:
    force(url, fault="drop", times=1)
    api = Spinwheel(url)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        api.connect(**MARIA, extUserId="drop")
    assert api.connect(**MARIA, extUserId="drop").status_code == 201


def test_slow_calls_run_side_by_side(url: str) -> None:
    force(url, fault="slow", seconds=0.5, times=8)
    api = Spinwheel(url)
    begun = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: api.call("GET", f"/v1/users/{n}").status_code, range(8)))
    assert answers == [404] * 8
    assert time.monotonic() - begun < 2


def test_a_wrong_persona_file_is_told_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "people.json"
    path.write_text('{"personas": []}', encoding="utf-8")
    process = start(free_port(), EMULATOR_PERSONAS=str(path))
    output, _ = process.communicate(timeout=30)
    assert process.returncode != 0
    assert f"Personas: {path}: /personas is wrong: List should have at least 1 item" in output


@pytest.mark.parametrize("fault", ["cut_headers", "cut_body"])
def test_an_answer_is_cut_for_the_one_who_asked(url: str, fault: str) -> None:
    with requests.Session() as idle:
        idle.get(f"{url}/inbox.json", timeout=5).raise_for_status()
        force(url, fault=fault, times=1)
        received = raw_answer(url, {**MARIA, "extUserId": fault})
        idle.get(f"{url}/inbox.json", timeout=5).raise_for_status()
    head, end, _ = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 20")
    assert bool(end) == (fault == "cut_body")


def test_a_drip_comes_byte_by_byte(url: str) -> None:
    force(url, fault="drip", seconds=0.001, times=1)
    begun = time.monotonic()
    answer = Spinwheel(url).connect(**MARIA, extUserId="drip")
    assert answer.json()["data"]["userId"]
    assert time.monotonic() - begun > 0.001 * len(answer.content)

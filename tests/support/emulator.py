"""The emulators, served over real HTTP on a free port."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from flask import Flask
from werkzeug.serving import make_server

from app.emulators import create_emulators
from app.emulators.settings import Settings


@dataclass(frozen=True)
class Emulator:
    """`url` has no trailing slash; `app.extensions["emulators"]` holds store, faults and personas."""

    url: str
    settings: Settings
    app: Flask

    def control(self, method: str, path: str, body: dict[str, object] | None = None) -> dict[str, object]:
        answer = requests.request(method, f"{self.url}/control{path}", json=body, timeout=10)
        assert answer.ok, answer.text
        result: dict[str, object] = answer.json()
        return result


@contextmanager
def serve(**more: Any) -> Iterator[Emulator]:
    """Emulators on a free port until the block ends, with these settings."""
    server = make_server("127.0.0.1", 0, app=lambda _environ, _start: [], threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    settings = Settings(base_url=url, webhook_retry_seconds=0.1, **more)
    server.app = create_emulators(settings)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Emulator(url, settings, server.app)
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def served_emulator() -> Iterator[Emulator]:
    with serve() as served:
        yield served


@pytest.fixture
def emulator(served_emulator: Emulator) -> Emulator:
    """As if just started: no users, no texts, no faults, the clock right."""
    served_emulator.control("POST", "/reset", {})
    return served_emulator

"""A process works a few requests at a time, and a request that waits for a provider is not one of them."""

import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from flask import Flask

from app import turns
from app.providers.base import set_pause


class Stage:
    """An app whose requests wait where a test wants them to."""

    def __init__(self, at_once: int) -> None:
        self.inside = self.most = 0
        self.lock = threading.Lock()
        self.arrived = threading.Semaphore(0)
        self.go = threading.Event()
        self.app = Flask("turns")
        self.app.extensions["settings"] = SimpleNamespace(database_pool_size=at_once)
        turns.init_app(self.app)
        self.app.add_url_rule("/works", "works", self.works)
        self.app.add_url_rule("/waits", "waits", self.waits)
        self.app.add_url_rule("/breaks", "breaks", self.breaks)
        self.app.add_url_rule("/healthz", "well_known.healthz", lambda: "")

    def works(self) -> str:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.arrived.release()
        self.go.wait(5)
        with self.lock:
            self.inside -= 1
        return ""

    def waits(self) -> str:
        with turns.pause():
            self.arrived.release()
            self.go.wait(5)
        return ""

    def breaks(self) -> str:
        raise ValueError

    def ask(self, path: str, times: int = 1) -> list[threading.Thread]:
        made = [threading.Thread(target=self.app.test_client().get, args=(path,)) for _ in range(times)]
        for thread in made:
            thread.start()
        return made


@pytest.fixture(autouse=True)
def pause_of_the_product() -> Iterator[None]:
    yield
    set_pause(turns.pause)


def end(stage: Stage, asked: list[threading.Thread]) -> None:
    stage.go.set()
    for thread in asked:
        thread.join(5)
        assert not thread.is_alive()


def test_no_more_than_the_turns_work_at_once() -> None:
    stage = Stage(2)
    asked = stage.ask("/works", 6)
    assert stage.arrived.acquire(timeout=5)
    assert stage.arrived.acquire(timeout=5)
    assert not stage.arrived.acquire(timeout=0.1)
    end(stage, asked)
    assert stage.most == 2


def test_who_waits_for_a_provider_keeps_nobody() -> None:
    stage = Stage(1)
    asked = stage.ask("/waits", 5)
    for _ in range(5):
        assert stage.arrived.acquire(timeout=5)
    asked += stage.ask("/works")
    assert stage.arrived.acquire(timeout=5)
    end(stage, asked)


def test_health_is_told_while_all_turns_are_taken() -> None:
    stage = Stage(1)
    asked = stage.ask("/works")
    assert stage.arrived.acquire(timeout=5)
    assert stage.app.test_client().get("/healthz").status_code == 200
    end(stage, asked)


def test_a_request_that_breaks_gives_its_turn_back() -> None:
    stage = Stage(1)
    stage.go.set()
    for _ in range(3):
        assert stage.app.test_client().get("/breaks").status_code == 500
    assert stage.app.test_client().get("/works").status_code == 200
    assert stage.app.test_client().get("/missing").status_code == 404
    assert stage.app.test_client().get("/works").status_code == 200

"""How many requests of a process are worked at the same time.

Hundreds of threads may wait on slow providers, yet a process computes with one at a time, and its database has a
handful of connections. So a request takes a turn, gives it back while it waits for a provider, and takes another one
for the rest.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from flask import Flask, request

from app.providers.base import set_pause
from config.settings import Settings

# What tells whether the process is alive must not stand in its queue.
EXEMPT = frozenset({"well_known.healthz"})

_held: ContextVar[threading.Semaphore | None] = ContextVar("turn", default=None)


def init_app(app: Flask) -> None:
    """As many turns as the pool has connections: who has one never waits for the other."""
    settings: Settings = app.extensions["settings"]
    turns = threading.Semaphore(settings.database_pool_size)

    def take() -> None:
        if request.endpoint not in EXEMPT:
            turns.acquire()
            _held.set(turns)

    def give_back(_error: Any = None) -> None:
        if _held.get() is not None:
            _held.set(None)
            turns.release()

    app.before_request(take)
    app.teardown_request(give_back)
    set_pause(pause)


@contextmanager
def pause() -> Iterator[None]:
    """Somebody else's turn while this thread waits for a provider."""
    turns = _held.get()
    if turns is None:
        yield
        return
    turns.release()
    try:
        yield
    finally:
        turns.acquire()

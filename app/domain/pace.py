"""How long a provider took lately, so that what is answered without asking it takes as long."""

import random
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

KEPT = 64
LONGEST = 5.0
# Before anything was measured, in seconds.
FIRST_GUESS = 0.2

_lock = threading.Lock()
_taken: dict[str, deque[float]] = {}


@contextmanager
def measured(name: str) -> Iterator[None]:
    """Remember how long the block takes, however it ends."""
    begun = time.monotonic()
    try:
        yield
    finally:
        remember(name, begun)


def remember(name: str, begun: float) -> None:
    """What began at that moment, by the monotonic clock, is done."""
    with _lock:
        _taken.setdefault(name, deque(maxlen=KEPT)).append(min(time.monotonic() - begun, LONGEST))


def take_as_long(name: str, begun: float | None = None) -> None:
    """Wait until it took as long, since it began, as one of the latest such did. Never inside a transaction."""
    with _lock:
        known = list(_taken.get(name, ())) or [FIRST_GUESS]
    spent = 0.0 if begun is None else time.monotonic() - begun
    time.sleep(max(0.0, random.choice(known) - spent))  # noqa: S311 - a sample, not a secret

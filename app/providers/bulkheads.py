"""Bulkheads: what waits on one provider never takes the places of what waits on another.

Every provider call of a web process holds one of its threads. So calls take places, and where none is left the call
fails at once: an answer that says "busy" is worth more than a page that never comes.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction

THREADS = 512


@dataclass(frozen=True)
class Shares:
    """Which part of a process's threads may wait: on one connection's group, on one group, on all providers together.

    What is left over serves pages, and codes while banks are slow.
    """

    connection: Fraction = Fraction(5, 8)
    group: Fraction = Fraction(3, 4)
    everything: Fraction = Fraction(7, 8)


SHARES = Shares()

# Operations that wait together; those of a provider that are not named here are its `data`.
GROUPS: dict[str, dict[str, tuple[str, ...]]] = {
    "spinwheel": {"code": ("connect_sms", "verify_sms", "connect_preverified")},
    "twilio": {"code": ("send_code", "call_code", "check_code", "cancel_code")},
    "plaid": {
        "window": ("session/token/create", "link/token/create", "link/token/get", "item/public_token/exchange"),
        "webhooks": ("webhook_verification_key/get",),
    },
}
REST = "data"


class FullError(Exception):
    """No place is left."""


def group_of(provider: str, operation: str) -> str:
    """The group an operation waits in."""
    groups = GROUPS.get(provider, {})
    return next((name for name, operations in groups.items() if operation in operations), REST)


class Bulkheads:
    """Places of one process. Nobody waits for one; the lock guards the counts alone."""

    def __init__(self, threads: int = THREADS, shares: Shares = SHARES) -> None:
        self._shares = shares
        self._lock = threading.Lock()
        self._taken: Counter[tuple[str, ...]] = Counter()
        self.resize(threads)

    def resize(self, threads: int) -> None:
        """How many threads this process serves with; one place of each kind at least."""
        shares = (self._shares.everything, self._shares.group, self._shares.connection)
        self.limits = tuple(max(1, int(threads * share)) for share in shares)

    @contextmanager
    def place(self, provider: str, connection: str, operation: str) -> Iterator[None]:
        """One place for the length of the block.

        Raises:
            FullError: none is left.
        """
        group = (provider, group_of(provider, operation))
        rooms: tuple[tuple[str, ...], ...] = ((), group, (*group, connection))
        with self._lock:
            if any(self._taken[room] >= limit for room, limit in zip(rooms, self.limits, strict=True)):
                raise FullError
            self._taken.update(rooms)
        try:
            yield
        finally:
            with self._lock:
                self._taken.subtract(rooms)
                for room in rooms:
                    if not self._taken[room]:
                        del self._taken[room]

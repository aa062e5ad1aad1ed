"""A circuit breaker: opens on a rate of outages, lets one probe through when it has cooled down.

State is per process here; `shared_breaker` keeps it in Redis. The lock guards the counters only and is never held
around a call.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

Clock = Callable[[], float]
LOCAL = "local"


@dataclass(frozen=True)
class BreakerRules:
    """Open when at least `minimum` calls in `window` seconds had a share of failures of `rate` or more."""

    window: float = 60.0
    minimum: int = 10
    rate: float = 0.5
    open_seconds: float = 30.0
    probe_seconds: float = 60.0


class Ticket(NamedTuple):
    """Permission for one call: 0 in ordinary times, else the number of the probe, and who gave it."""

    number: int
    issuer: str


class Breaker:
    """`allow()` before a call, then exactly one of `record(failed)` and `release()` with its ticket."""

    def __init__(self, rules: BreakerRules | None = None, clock: Clock = time.monotonic) -> None:
        self._rules = rules or BreakerRules()
        self._clock = clock
        self._lock = threading.Lock()
        self._outcomes: deque[tuple[float, bool]] = deque()
        self._opened_at: float | None = None
        self._probe_ticket = 0
        self._probe_since: float | None = None

    @property
    def state(self) -> str:
        """`closed`, `open` or `half_open`."""
        with self._lock:
            if self._opened_at is None:
                return "closed"
            return "half_open" if self._cooled_down(self._opened_at) else "open"

    def retry_after(self) -> float:
        """Seconds until a probe may be tried; 0 when calls pass."""
        with self._lock:
            if self._opened_at is None:
                return 0.0
            return max(0.0, self._opened_at + self._rules.open_seconds - self._clock())

    def allow(self) -> Ticket | None:
        """A ticket for one call, or None: do not call."""
        with self._lock:
            if self._opened_at is None:
                return Ticket(0, LOCAL)
            if not self._cooled_down(self._opened_at) or self._probe_runs():
                return None
            self._probe_ticket += 1
            self._probe_since = self._clock()
            return Ticket(self._probe_ticket, LOCAL)

    def record(self, ticket: Ticket, failed: bool) -> None:
        """The outcome of an allowed call. While open, only the running probe decides."""
        with self._lock:
            if self._opened_at is not None:
                if ticket.number and ticket.number == self._probe_ticket and self._probe_since is not None:
                    self._end_probe(failed)
                return
            if ticket.number:
                return
            now = self._clock()
            self._outcomes.append((now, failed))
            while self._outcomes and self._outcomes[0][0] <= now - self._rules.window:
                self._outcomes.popleft()
            failures = sum(1 for _, bad in self._outcomes if bad)
            total = len(self._outcomes)
            if total >= self._rules.minimum and failures >= self._rules.rate * total:
                self._opened_at = now
                self._outcomes.clear()

    def release(self, ticket: Ticket) -> None:
        """The call said nothing about the provider's health: give a probe back."""
        with self._lock:
            if ticket.number and ticket.number == self._probe_ticket:
                self._probe_since = None

    def _end_probe(self, failed: bool) -> None:
        self._probe_since = None
        self._opened_at = self._clock() if failed else None

    def _cooled_down(self, opened_at: float) -> bool:
        return self._clock() >= opened_at + self._rules.open_seconds

    def _probe_runs(self) -> bool:
        # A probe whose thread died must not keep the breaker open for ever.
        return self._probe_since is not None and self._clock() < self._probe_since + self._rules.probe_seconds


# Makes the breaker of a key: `provider:connection:operation`.
Maker = Callable[[str, BreakerRules | None, Clock], Breaker]


class Breakers:
    """One breaker per (provider, connection, operation)."""

    def __init__(
        self, rules: BreakerRules | None = None, clock: Clock = time.monotonic, make: Maker | None = None
    ) -> None:
        self._rules = rules
        self._clock = clock
        self._lock = threading.Lock()
        self._all: dict[tuple[str, str, str], Breaker] = {}
        self._make = make

    def made_by(self, make: Maker | None) -> None:
        """From now on breakers are of another make; None: of this process alone."""
        with self._lock:
            self._make = make
            self._all.clear()

    def of(self, provider: str, connection: str, operation: str) -> Breaker:
        with self._lock:
            key = (provider, connection, operation)
            if key not in self._all:
                if self._make is None:
                    self._all[key] = Breaker(self._rules, self._clock)
                else:
                    self._all[key] = self._make(":".join(key), self._rules, self._clock)
            return self._all[key]

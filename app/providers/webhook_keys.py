"""A bounded cache of webhook keys: strangers can invent key ids, and keys rotate."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from app.providers.plaid_records import Jwk

Fetch = Callable[[str], Jwk | None]


class KeyFetchRefusedError(Exception):
    """Too many look-ups lately; the sender may try again."""


@dataclass(frozen=True)
class KeyCacheRules:
    """Seconds a key and a "no such key" are kept, entries at most, look-ups per minute at most."""

    keep: float = 3600.0
    keep_unknown: float = 60.0
    entries: int = 256
    fetches_per_minute: int = 30


class KeyCache:
    """Keys by (connection, key id). One look-up at a time per key; failures of the look-up are not kept."""

    def __init__(self, rules: KeyCacheRules | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._rules = rules or KeyCacheRules()
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], tuple[float, Jwk | None]] = OrderedDict()
        self._running: dict[tuple[str, str], Future[Jwk | None]] = {}
        self._fetched: dict[str, list[float]] = {}

    def get(self, connection_key: str, kid: str, fetch: Fetch) -> Jwk | None:
        """The key, from the cache or by `fetch(kid)`; None when the provider knows none."""
        name = (connection_key, kid)
        with self._lock:
            kept = self._kept.get(name)
            if kept and self._clock() < kept[0]:
                return kept[1]
            running = self._running.get(name)
            if running is None:
                self._count_fetch(connection_key)
                mine = self._running[name] = Future()
        if running is not None:
            return running.result()
        return self._fetch(name, fetch, mine)

    def _fetch(self, name: tuple[str, str], fetch: Fetch, mine: "Future[Jwk | None]") -> Jwk | None:
        try:
            key = fetch(name[1])
        except BaseException as error:
            with self._lock:
                del self._running[name]
            mine.set_exception(error)
            raise
        with self._lock:
            del self._running[name]
            kept_for = self._rules.keep_unknown if key is None else self._rules.keep
            self._kept[name] = (self._clock() + kept_for, key)
            self._kept.move_to_end(name)
            while len(self._kept) > self._rules.entries:
                self._kept.popitem(last=False)
        mine.set_result(key)
        return key

    def _count_fetch(self, connection_key: str) -> None:
        now = self._clock()
        recent = [moment for moment in self._fetched.get(connection_key, []) if moment > now - 60]
        if len(recent) >= self._rules.fetches_per_minute:
            raise KeyFetchRefusedError("too many key look-ups")
        self._fetched[connection_key] = [*recent, now]

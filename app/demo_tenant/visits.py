"""Which browser started which onboarding, so that a return can be tied to the visitor who left."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime

KEPT = 1000


@dataclass(frozen=True)
class Visit:
    """One onboarding one browser started here."""

    onboarding_id: str
    state: str
    url: str
    link_expires_at: str

    @property
    def link_expired(self) -> bool:
        return datetime.fromisoformat(self.link_expires_at) <= datetime.now(UTC)


class Visits:
    """Kept in memory; a real tenant would use its database."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Visit] = OrderedDict()
        self._lock = threading.Lock()

    def remember(self, session_id: str, visit: Visit) -> None:
        with self._lock:
            self._kept[session_id, visit.onboarding_id] = visit
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)

    def find(self, session_id: str, onboarding_id: str) -> Visit | None:
        """None when this browser did not start it."""
        with self._lock:
            return self._kept.get((session_id, onboarding_id))

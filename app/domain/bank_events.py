"""What the browser tells of Plaid's window. A hint for the timeline, nothing is decided by it."""

import re
from typing import Any

from sqlalchemy.orm import Session

from app.domain.events import record
from app.models import Onboarding

MOST = 50
_WORD = re.compile(r"[A-Z][A-Z_0-9]{1,47}")
KEPT = ("name", "view_name", "exit_status", "error_code")


def note_events(session: Session, onboarding: Onboarding, events: Any) -> None:
    """Keep the names of panes and events in one row; everything that is not a known shape is dropped."""
    if not isinstance(events, list) or onboarding.rung is None:
        return
    clean = [words for words in (_words(event) for event in events[:MOST]) if "name" in words]
    if clean:
        record(session, onboarding, "bank.events_seen", {"events": clean})


def _words(event: Any) -> dict[str, str]:
    if not isinstance(event, dict):
        return {}
    return {
        name: event[name] for name in KEPT if isinstance(event.get(name), str) and _WORD.fullmatch(event[name].upper())
    }

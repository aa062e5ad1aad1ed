"""How often a person edited each field of the saved profile: now, and over a day, a month, a year."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app.emulators.plaid.sessions import Context
from app.emulators.plaid.state import state_of

_SPANS = {"edits_1d": 1, "edits_30d": 30, "edits_365d": 365}


def note_edit(context: Context, field: str) -> None:
    edits = state_of(context.shared, context.session.token.client_id).edits
    edits.setdefault(context.session.phone_number or "", []).append((field, context.now()))


def counts(context: Context) -> dict[str, Any]:
    """The `identity_edit_history` object."""
    history = {name: _of(context, name) for name in ("name", "address", "email", "date_of_birth")}
    return {**history, "official_document": {"ssn": _of(context, "ssn")}}


def _of(context: Context, field: str) -> dict[str, int]:
    state = state_of(context.shared, context.session.token.client_id)
    times = [when for name, when in state.edits.get(context.session.phone_number or "", []) if name == field]
    ages = [context.now() - when for when in times]
    recent = {key: sum(age <= timedelta(days=days) for age in ages) for key, days in _SPANS.items()}
    return {"edits_all_time": len(times), "edits_current": context.session.edited[field], **recent}

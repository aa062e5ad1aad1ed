"""Link sessions: what happened in one opened handler, and how it is told to the page that embeds Link."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from app.emulators.context import Emulators
from app.emulators.persona_bank import Bank
from app.emulators.persona_models import LayerProfile, Persona
from app.emulators.plaid import ids
from app.emulators.plaid.errors import PlaidError
from app.emulators.plaid.state import LinkToken, switches
from app.emulators.plaid.webhooks import Sender

ENVIRONMENT = "sandbox"
LIVE_EVENTS = ("OPEN", "LAYER_READY", "LAYER_NOT_AVAILABLE", "LAYER_AUTOFILL_NOT_AVAILABLE")
METADATA_KEYS = (
    "account_number_mask",
    "error_code",
    "error_message",
    "error_type",
    "exit_status",
    "institution_id",
    "institution_name",
    "institution_search_query",
    "is_update_mode",
    "link_session_id",
    "match_reason",
    "mfa_type",
    "request_id",
    "routing_number",
    "selection",
    "timestamp",
    "view_name",
)

Event = tuple[str, dict[str, Any]]
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass
class LinkSession:
    """`live` are events to tell at once, `queued` those that wait for the end."""

    token: LinkToken
    session_id: str = field(default_factory=ids.session_id)
    pane: str = "waiting"
    problem: str | None = None
    live: list[Event] = field(default_factory=list)
    queued: list[Event] = field(default_factory=list)
    result: dict[str, Any] | None = None
    asked_to_open: bool = False
    opened: bool = False
    told_at: datetime = _LONG_AGO
    pane_before_leaving: str | None = None
    # Layer
    phone_number: str | None = None
    persona: Persona | None = None
    profile: LayerProfile | None = None
    refusal: str | None = None
    wrong_codes: int = 0
    identity: dict[str, Any] = field(default_factory=dict)
    edited: Counter[str] = field(default_factory=Counter)
    editing: str | None = None
    selected: list[str] | None = None
    # Ordinary Link
    institution: dict[str, str] | None = None
    bank: Bank | None = None


@dataclass
class Context:
    """What a step of a session needs."""

    shared: Emulators
    sender: Sender
    session: LinkSession

    def now(self) -> datetime:
        return self.shared.store.now()


Sessions = dict[str, LinkSession]


def sessions(shared: Emulators) -> Sessions:
    return shared.store.state("plaid-sessions", "all", dict)


def tell(context: Context, name: str, **metadata: str | None) -> None:
    """Notes an event with every documented metadata key, later than the one before by at least 1 ms."""
    session = context.session
    session.told_at = max(context.now(), session.told_at + timedelta(milliseconds=1))
    institution = session.institution or {}
    whole: dict[str, Any] = dict.fromkeys(METADATA_KEYS)
    whole |= {
        "institution_id": institution.get("institution_id"),
        "institution_name": institution.get("name"),
        "link_session_id": session.session_id,
        "request_id": ids.request_id(),
        "timestamp": session.told_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    (session.live if name in LIVE_EVENTS else session.queued).append((name, whole | metadata))


def show(context: Context, pane: str, view_name: str) -> None:
    """Goes on to a pane and notes the transition."""
    context.session.pane, context.session.problem = pane, None
    tell(context, "TRANSITION_VIEW", view_name=view_name)


def fail(context: Context, error: PlaidError) -> None:
    told = error.link_error()
    del told["display_message"]
    tell(context, "ERROR", **told)


def leave(context: Context, error: PlaidError | None = None, status: str | None = None) -> None:
    """Ends the session by onExit. No public source shows a status of Layer's own panes: null there."""
    told = error.link_error() if error else None
    codes = {key: value for key, value in (told or {}).items() if key != "display_message"}
    tell(context, "EXIT", exit_status=status, **codes)
    metadata = {
        "institution": context.session.institution,
        "link_session_id": context.session.session_id,
        "request_id": ids.request_id(),
        "status": status,
    }
    _finish(context, {"exit": [told, metadata]}, "EXITED", [])


def succeed(context: Context, public_token: str, accounts: list[dict[str, Any]]) -> None:
    """Ends the session by onSuccess."""
    tell(context, "HANDOFF")
    metadata = {
        "account": accounts[0] if accounts else None,
        "accounts": accounts,
        "institution": context.session.institution,
        "link_session_id": context.session.session_id,
        "transfer_status": None,
    }
    _finish(context, {"success": [public_token, metadata]}, "SUCCESS", [public_token])


def _finish(context: Context, outcome: dict[str, Any], status: str, public_tokens: list[str]) -> None:
    session = context.session
    events = sorted(session.queued, key=lambda event: event[1]["timestamp"])
    if switches(context.shared).shuffle_events:
        events.reverse()
    session.token.spent = True
    session.pane = "finished"
    session.result = {"events": events, **outcome}
    if session.token.template is None:
        return
    body = {
        "environment": ENVIRONMENT,
        "link_session_id": session.session_id,
        "link_token": session.token.token,
        "public_tokens": public_tokens,
        "status": status,
        "webhook_code": "SESSION_FINISHED",
        "webhook_type": "LINK",
    }
    context.sender.send(session.token.webhook, body)

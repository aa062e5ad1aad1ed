"""Link sessions: what happened in one opened handler, and how it is told to the page that embeds Link."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from app.emulators.context import Emulators
from app.emulators.persona_bank import Account, Bank
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


@dataclass(frozen=True)
class Challenge:
    """One thing a bank asks after the password; `options` are given for devices and selections.

    `answer` None takes any of the options.
    """

    kind: str
    prompt: str
    answer: str | None = None
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Added:
    """A bank that was connected in a session, as onSuccess and /link/token/get tell of it."""

    public_token: str
    institution: dict[str, str]
    accounts: list[dict[str, Any]]


@dataclass
class LinkSession:
    """`live` are events to tell at once, `queued` those that wait for the end, `told` all of them."""

    token: LinkToken
    started_at: datetime
    session_id: str = field(default_factory=ids.session_id)
    embedded: bool = False
    webview: bool = False
    pane: str = "waiting"
    problem: str | None = None
    live: list[Event] = field(default_factory=list)
    queued: list[Event] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)
    result: dict[str, Any] | None = None
    opened_at: datetime | None = None
    finished_at: datetime | None = None
    asked_to_open: bool = False
    opened: bool = False
    told_at: datetime = _LONG_AGO
    pane_before_leaving: str | None = None
    # What this session can only answer with, whatever is done.
    refused: PlaidError | None = None
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
    # Banks that were signed in to at the review, beside those of the profile.
    more_banks: list[tuple[Bank, list[Account]]] = field(default_factory=list)
    # What was ticked at the review, while a bank is added; None: everything.
    kept: list[str] | None = None
    # Ordinary Link
    query: str = ""
    saved: list[Bank] = field(default_factory=list)
    remembered: bool = False
    institution: dict[str, str] | None = None
    bank: Bank | None = None
    error: PlaidError | None = None
    failed_status: str | None = None
    wrong_logins: Counter[str] = field(default_factory=Counter)
    challenges: list[list[Challenge]] = field(default_factory=list)
    oauth_state: str | None = None
    added: list[Added] = field(default_factory=list)


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
    event = (name, whole | metadata)
    session.told.append(event)
    (session.live if name in LIVE_EVENTS else session.queued).append(event)


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
    _finish(context, _exit(context, error, status), "EXITED", [])


def refuse(context: Context, error: PlaidError) -> None:
    """Ends the session by onExit, and leaves the token as it is."""
    outcome = _exit(context, error, None)
    context.session.result = {"events": _events(context), "late": False, **outcome}


def _exit(context: Context, error: PlaidError | None, status: str | None) -> dict[str, Any]:
    told = error.link_error() if error else None
    codes = {key: value for key, value in (told or {}).items() if key != "display_message"}
    tell(context, "EXIT", exit_status=status, **codes)
    metadata = {
        "institution": context.session.institution,
        "link_session_id": context.session.session_id,
        "request_id": ids.request_id(),
        "status": status,
    }
    return {"exit": [told, metadata]}


def _events(context: Context) -> list[Event]:
    """Those that waited for the end."""
    events = sorted(context.session.queued, key=lambda event: event[1]["timestamp"])
    if switches(context.shared).shuffle_events:
        events.reverse()
    return events


def succeed(context: Context, public_token: str, accounts: list[dict[str, Any]]) -> None:
    """Ends the session by onSuccess."""
    tell(context, "HANDOFF")
    session = context.session
    metadata = {
        "account": accounts[0] if accounts else None,
        "accounts": accounts,
        "institution": session.institution,
        "link_session_id": session.session_id,
        "transfer_status": None,
    }
    tokens = [one.public_token for one in session.added] or [public_token]
    _finish(context, {"success": [public_token, metadata]}, "SUCCESS", tokens)


def _finish(context: Context, outcome: dict[str, Any], status: str, public_tokens: list[str]) -> None:
    session, late = context.session, switches(context.shared).late_events
    session.token.spent = True
    session.pane, session.finished_at = "finished", context.now()
    session.result = {"events": _events(context), "late": late, **outcome}
    # By default no such webhook tells of an ordinary session with one bank.
    if session.token.template is None and not session.token.multi_item:
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

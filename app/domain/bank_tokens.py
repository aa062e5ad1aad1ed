"""The tokens of the bank step: the link token that opens Plaid's window and the public tokens it hands over.

A public token works once and whoever brings it first is heard: the browser or Plaid's webhook. One that nobody waits
for any more is still read, so that the bank behind it can be disconnected.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.domain.flow import allowed, make_move
from app.domain.jobs import enqueue
from app.domain.rungs import LAYER, UPDATE
from app.models import Onboarding, PlaidItem, ProviderLink, utcnow
from app.models.session import Scope
from app.models.vault import vault
from app.providers.plaid_records import LinkToken

# The webhook of a window that was replaced may come before its own browser speaks, which has the better word.
PATIENCE = dt.timedelta(seconds=30)
# A token this near its end would end in the consumer's hands.
FRESH = dt.timedelta(minutes=2)


@dataclass(frozen=True)
class Waiting:
    """A public token nobody has read yet. `layer`: of a Layer session. `wanted`: the consumer waits for it."""

    token: str = field(repr=False)
    layer: bool
    wanted: bool


def waiting_tokens(session: Session, onboarding: Onboarding, *, lock: bool = False) -> list[Waiting]:
    """The public tokens still to be read, oldest first. `lock`: they will be written, so nobody else may meanwhile."""
    if lock:
        session.refresh(onboarding, with_for_update=True)
    return [Waiting(**one) for one in vault(session).open(onboarding, "public_token") or []]


def keep_waiting(session: Session, onboarding: Onboarding, tokens: Sequence[Waiting]) -> None:
    """Put these in the place of all that waited."""
    vault(session).seal(onboarding, "public_token", [asdict(one) for one in tokens] or None)


def note_link_token(session: Session, onboarding: Onboarding, token: LinkToken, *, layer: bool) -> None:
    """Plaid's webhooks carry the link token and nothing else of ours."""
    for kind in ("link_token", "layer_token") if layer else ("link_token",):
        _note(session, onboarding, kind, token.token)


def link_token_is_good(session: Session, onboarding: Onboarding) -> bool:
    """Whether the window can still be opened with the token there is."""
    end = onboarding.link_expires_at
    sealed = vault(session).open(onboarding, "link_token") is not None
    return sealed and (end is None or end > utcnow() + FRESH)


def is_current(session: Session, onboarding: Onboarding, link_token: str | None) -> bool:
    """Whether this token opened the window that is open now; a page that says none means its own."""
    return link_token is None or vault(session).open(onboarding, "link_token") == link_token


def take_public_tokens(
    session: Session,
    onboarding: Onboarding,
    tokens: Sequence[str],
    link_token: str | None = None,
    *,
    from_browser: bool = False,
) -> bool:
    """The consumer shared: fetch in the background. False when it was taken already, or comes too late.

    `link_token` is the one the window was opened with. Without the browser's word only the window that is open now
    counts.
    """
    held = {one.token: one for one in waiting_tokens(session, onboarding, lock=True)}
    current = is_current(session, onboarding, link_token)
    wanted = (current or from_browser) and allowed(onboarding, "link_bank")
    joins = current and (onboarding.step, onboarding.stage) == ("bank", "fetching")
    fresh = [token for token in tokens if _first_seen(session, onboarding, token)]
    if current and onboarding.rung == UPDATE:
        return bool(fresh) and wanted and _take_update(session, onboarding)
    taken = [*fresh, *(one for one in tokens if wanted and one in held and one not in fresh)]
    if not taken:
        return False
    layer = _is_layer(session, onboarding, link_token)
    held |= {one: Waiting(one, layer, wanted or joins) for one in taken}
    keep_waiting(session, onboarding, list(held.values()))
    if wanted:
        _link(session, onboarding)
    elif not joins:
        _enqueue_fetch(session, onboarding, due_at=utcnow() + PATIENCE)
    return wanted


def _take_update(session: Session, onboarding: Onboarding) -> bool:
    """Signed in again: the Item and its access token stay, and it is read once more."""
    item = onboarding.progress.get("item")
    if item:
        session.execute(
            update(PlaidItem)
            .where(PlaidItem.onboarding_id == onboarding.id, PlaidItem.id == uuid.UUID(item))
            .values(fetched_at=None)
            .execution_options(synchronize_session=False)
        )
    _link(session, onboarding, session_read=True)
    return True


def _link(session: Session, onboarding: Onboarding, **marks: Any) -> None:
    progress = {name: mark for name, mark in onboarding.progress.items() if name not in DONE_WITH}
    progress |= {"linked_by": onboarding.rung, **marks}
    make_move(session, onboarding, "link_bank", {"rung": onboarding.rung}, progress=progress)
    fetch_later(session, onboarding)


# Words about windows and failures before this one.
DONE_WITH = ("problem", "item", "closed", "renewed", "session_read", "accounts", "bank_read")


def put_aside_waiting(session: Session, onboarding: Onboarding) -> None:
    """What was shared and not read is not wanted any more: its banks are disconnected."""
    tokens = waiting_tokens(session, onboarding, lock=True)
    if tokens:
        keep_waiting(session, onboarding, [Waiting(one.token, one.layer, False) for one in tokens])
        _enqueue_fetch(session, onboarding)


def fetch_later(session: Session, onboarding: Onboarding) -> None:
    """Have the worker fetch what the bank knows. One job for each try the consumer asks for."""
    _enqueue_fetch(session, onboarding, dedupe_key=f"bank.fetch:{onboarding.id}:{onboarding.version}")


def _enqueue_fetch(
    session: Session, onboarding: Onboarding, *, due_at: dt.datetime | None = None, dedupe_key: str | None = None
) -> None:
    scope = Scope(onboarding.tenant_id, onboarding.mode)
    payload = {"onboarding_id": str(onboarding.id)}
    enqueue(session, "bank.fetch", scope, payload, due_at=due_at, dedupe_key=dedupe_key)


def _is_layer(session: Session, onboarding: Onboarding, link_token: str | None) -> bool:
    if link_token is None:
        return onboarding.rung in LAYER
    digest = vault(session).digest(f"layer_token:{link_token}")
    known = select(ProviderLink.id).where(
        ProviderLink.kind == "layer_token", ProviderLink.digest == digest, ProviderLink.target_id == onboarding.id
    )
    return session.scalar(known) is not None


def _first_seen(session: Session, onboarding: Onboarding, public_token: str) -> bool:
    digest = vault(session).digest(f"public_token:{public_token}")
    known = select(ProviderLink.id).where(ProviderLink.kind == "public_token", ProviderLink.digest == digest)
    if session.scalar(known) is not None:
        return False
    try:
        with session.begin_nested():
            _note(session, onboarding, "public_token", public_token)
    except IntegrityError:
        return False
    return True


def _note(session: Session, onboarding: Onboarding, kind: str, token: str) -> None:
    session.add(
        ProviderLink(
            tenant_id=onboarding.tenant_id,
            mode=onboarding.mode,
            kind=kind,
            digest=vault(session).digest(f"{kind}:{token}"),
            target_id=onboarding.id,
        )
    )
    session.flush()

"""The bank step: what becomes of the window that is open, and the ways around it."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.bank_exits import Exit, why_left
from app.domain.bank_state import carried, give_up_unread, has_bank_data
from app.domain.bank_tokens import fetch_later, put_aside_waiting, waiting_tokens
from app.domain.events import record
from app.domain.flow import allowed, make_move
from app.domain.layer_proof import needs_code_instead
from app.domain.rungs import LAYER, LAYER_BIRTH, LAYER_PHONE, MANUAL
from app.models import Onboarding, PlaidItem
from app.models.vault import vault


def ask_by_birth(session: Session, onboarding: Onboarding) -> str | None:
    """Layer refused the phone: the date of birth the consumer gave at the start, for the same handler.

    None where Layer is not open or the date is not known. Asking twice gives the same answer, in case one was lost.
    """
    birth: str | None = vault(session).open(onboarding, "date_of_birth")
    if birth is None or onboarding.rung not in LAYER or not allowed(onboarding, "ask_by_birth"):
        return None
    if onboarding.rung == LAYER_PHONE:
        make_move(session, onboarding, "ask_by_birth", {"rung": LAYER_PHONE}, rung=LAYER_BIRTH)
    return birth


def refuse_layer(session: Session, onboarding: Onboarding) -> bool:
    """Layer does not know this person: ordinary Link is next. False where it is not: Layer is not open, or the phone
    must be proven by a code first."""
    if onboarding.rung not in LAYER or not allowed(onboarding, "refuse_layer"):
        return False
    if needs_code_instead(session, onboarding, "layer_refused", layer="refused"):
        return False
    progress = {**carried(onboarding), "layer": "refused"}
    make_move(session, onboarding, "refuse_layer", {"rung": onboarding.rung}, progress=progress)
    return True


def leave_bank(session: Session, onboarding: Onboarding, left: Exit) -> None:
    """The consumer closed the bank's window: back to where they came from, with a word about why."""
    if not allowed(onboarding, "leave_bank"):
        return
    why = why_left(left)
    if needs_code_instead(session, onboarding, why, layer="left"):
        return
    told = {"rung": onboarding.rung, "why": why, "exit_status": left.status, "error_code": left.error_code}
    progress = {**carried(onboarding), "closed": why}
    if "from_review" in progress:
        record(session, onboarding, "bank.closed", told)
        _return_to_review(session, onboarding, progress)
    else:
        make_move(session, onboarding, "leave_bank", told, progress=progress)


def go_without(session: Session, onboarding: Onboarding) -> None:
    """Go on with what other banks have filled in."""
    if not allowed(onboarding, "skip_bank"):
        return
    put_aside_waiting(session, onboarding)
    give_up_unread(session, onboarding)
    if "from_review" in onboarding.progress:
        _return_to_review(session, onboarding, carried(onboarding))
    elif has_bank_data(session, onboarding):
        progress = {**carried(onboarding), "session_read": True}
        progress.pop("item", None)
        make_move(session, onboarding, "skip_bank", rung=_linked_by(onboarding), progress=progress)
        fetch_later(session, onboarding)


def _return_to_review(session: Session, onboarding: Onboarding, progress: dict[str, Any]) -> None:
    kept = {name: mark for name, mark in progress.items() if name not in ("from_review", "item")}
    make_move(session, onboarding, "return_to_review", rung=_linked_by(onboarding), progress=kept)


def _linked_by(onboarding: Onboarding) -> str:
    """The rung by which the bank came that is there."""
    return str(onboarding.progress.get("linked_by") or MANUAL)


def retry_fetch(session: Session, onboarding: Onboarding) -> bool:
    """Try the fetch again after it failed; False where there is nothing to fetch with."""
    if not can_fetch_again(session, onboarding):
        return False
    # The session was read, or was not: that must be remembered, because it can be read only once.
    progress = {name: mark for name, mark in onboarding.progress.items() if name not in ("problem", "item")}
    make_move(session, onboarding, "retry_bank", progress=progress)
    fetch_later(session, onboarding)
    return True


def can_fetch_again(session: Session, onboarding: Onboarding) -> bool:
    """Whether something was shared that has not been read to the end."""
    if not allowed(onboarding, "retry_bank"):
        return False
    unread = select(PlaidItem.id).where(
        PlaidItem.onboarding_id == onboarding.id, PlaidItem.fetched_at.is_(None), PlaidItem.removed_at.is_(None)
    )
    return any(one.wanted for one in waiting_tokens(session, onboarding)) or session.scalar(unread) is not None


def go_by_hand(session: Session, onboarding: Onboarding) -> None:
    """Enter everything by hand; what a bank filled in already stays."""
    if onboarding.step == "review" and onboarding.stage == "manual":
        return
    put_aside_waiting(session, onboarding)
    progress = {name: mark for name, mark in carried(onboarding).items() if name not in ("from_review", "item")}
    rung = _linked_by(onboarding) if has_bank_data(session, onboarding) else MANUAL
    make_move(session, onboarding, "go_by_hand", rung=rung, progress=progress)

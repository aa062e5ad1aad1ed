"""The journey as one table: every allowed move of status, step and stage. What is not here is refused.

A move is one conditional UPDATE on the row's version, so of two that race exactly one wins, and it writes one event.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.domain.events import record
from app.domain.jobs import enqueue
from app.domain.tenant_settings import settings_of
from app.models import Onboarding, utcnow
from app.models.session import Scope


class Status(StrEnum):
    """Where an onboarding stands as a whole."""

    CREATED = "created"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELED = "canceled"
    ABANDONED = "abandoned"
    EXPIRED = "expired"
    FAILED = "failed"
    REDACTED = "redacted"


STEPS = ("phone", "code", "bank", "review", "done")
OPEN = frozenset({Status.CREATED, Status.IN_PROGRESS, Status.ABANDONED})


class MoveError(Exception):
    """A move the table does not allow from here, or one that came too late."""

    def __init__(self, move: str, onboarding: Onboarding) -> None:
        super().__init__(f"{move} is not allowed from {onboarding.status} {onboarding.step}/{onboarding.stage}")
        self.move = move


@dataclass(frozen=True)
class Move:
    """From any of `start` (`step/stage`, `*` = anywhere) to `end` (None: stays there), told as `event`."""

    start: str
    end: str | None
    event: str
    status: Status = Status.IN_PROGRESS


SENDS = "phone/form code/ask code/enter code/stuck"
WINDOW = "bank/intro bank/link bank/unavailable bank/failed"
OPENS_BANK = "bank/intro bank/link bank/unavailable bank/failed review/manual review/check"
ANY_BANK = "bank/intro bank/link bank/unavailable bank/failed bank/credit_file"

MOVES: dict[str, Move] = {
    "start": Move("phone/form", "phone/form", "onboarding.started"),
    "begin_with_bank": Move("phone/form bank/intro", "bank/intro", "phone.given"),
    "ask_code": Move(f"{WINDOW} bank/fetching", "code/ask", "bank.proof_missing"),
    "send_code": Move(SENDS, "code/enter", "code.sent"),
    "hold_code": Move(SENDS, "code/enter", "code.refused"),
    "run_out_of_codes": Move(SENDS, "code/stuck", "code.refused"),
    "restart": Move("*", "phone/form", "onboarding.restarted"),
    "prove_by_layer": Move("bank/fetching", None, "onboarding.phone_verified"),
    "prove_phone": Move("code/enter code/stuck", "bank/intro", "onboarding.phone_verified"),
    "open_bank": Move(OPENS_BANK, "bank/link", "bank.opened"),
    "leave_bank": Move("bank/link bank/unavailable bank/failed", "bank/intro", "bank.closed"),
    "ask_by_birth": Move("bank/link", "bank/link", "bank.not_available"),
    "refuse_layer": Move("bank/link", "bank/unavailable", "bank.not_available"),
    "skip_bank": Move("bank/intro bank/link bank/unavailable bank/failed", "bank/fetching", "bank.skipped"),
    "return_to_review": Move("bank/intro bank/link bank/unavailable bank/failed", "review/check", "bank.skipped"),
    "link_bank": Move("bank/intro bank/link bank/unavailable bank/failed", "bank/fetching", "onboarding.bank_linked"),
    "fail_bank": Move(f"{OPENS_BANK} bank/fetching", "bank/failed", "bank.failed"),
    "retry_bank": Move("bank/failed", "bank/fetching", "bank.retried"),
    "ask_credit_file": Move("bank/fetching", "bank/credit_file", "credit_file.asked"),
    "allow_credit_file": Move("bank/credit_file", "bank/credit_fetching", "credit_file.allowed"),
    "decline_credit_file": Move("bank/credit_file", "review/check", "credit_file.declined"),
    "show_review": Move("bank/fetching bank/credit_fetching", "review/check", "review.shown"),
    "go_by_hand": Move(f"{SENDS} {ANY_BANK}", "review/manual", "manual.chosen"),
    "save_by_hand": Move("review/manual", "review/check", "manual.saved"),
    "not_me": Move("review/check review/manual", "review/manual", "identity.rejected"),
    "complete": Move("review/check", "done/done", "onboarding.completed", Status.COMPLETED),
    "cancel": Move("*", None, "onboarding.canceled", Status.CANCELED),
    "abandon": Move("*", None, "onboarding.abandoned", Status.ABANDONED),
    "resume": Move("*", None, "onboarding.resumed"),
    "expire": Move("*", None, "onboarding.expired", Status.EXPIRED),
    "fail": Move("*", None, "onboarding.failed", Status.FAILED),
}


def allowed(onboarding: Onboarding, name: str) -> bool:
    """Whether this move may be made from where the onboarding stands. Past its time it can only expire."""
    move = MOVES[name]
    here = f"{onboarding.step}/{onboarding.stage}"
    in_time = name == "expire" or onboarding.expires_at > utcnow()
    return onboarding.status in OPEN and in_time and (move.start == "*" or here in move.start.split())


def make_move(
    session: Session, onboarding: Onboarding, name: str, data: dict[str, Any] | None = None, **columns: Any
) -> None:
    """Make a move, set further columns with it, and record its event (and `onboarding.step_completed`).

    Raises:
        MoveError: the table refuses it, or another request moved the onboarding first.
    """
    if not allowed(onboarding, name):
        raise MoveError(name, onboarding)
    move, left, was = MOVES[name], onboarding.step, onboarding.status
    step, stage = (move.end or f"{onboarding.step}/{onboarding.stage}").split("/")
    values = {"status": move.status.value, "step": step, "stage": stage, "last_active_at": utcnow(), **columns}
    session.flush()
    statement = (
        update(Onboarding)
        .where(Onboarding.id == onboarding.id, Onboarding.version == onboarding.version)
        .values(version=Onboarding.version + 1, **values)
        .returning(Onboarding.version)
        .execution_options(synchronize_session=False)
    )
    version = session.execute(statement).scalar_one_or_none()
    if version is None:
        raise MoveError(name, onboarding)
    session.refresh(onboarding)
    if was != move.status and move.status == Status.IN_PROGRESS:
        _watch(session, onboarding)
    if was == Status.ABANDONED and move.status in (Status.IN_PROGRESS, Status.COMPLETED) and name != "resume":
        record(session, onboarding, MOVES["resume"].event)
    record(session, onboarding, move.event, data)
    if move.end and STEPS.index(step) > STEPS.index(left):
        record(session, onboarding, "onboarding.step_completed", {"completed_step": left})


def _watch(session: Session, onboarding: Onboarding) -> None:
    """Look again once the tenant's limit has passed: whoever went away by then abandoned it."""
    flow, _ = settings_of(session, onboarding.settings_version)
    enqueue(
        session,
        "onboarding.abandon",
        Scope(onboarding.tenant_id, onboarding.mode),
        {"onboarding_id": str(onboarding.id)},
        due_at=onboarding.last_active_at + dt.timedelta(minutes=flow.abandoned_after_minutes),
        dedupe_key=f"onboarding.abandon:{onboarding.id}:{onboarding.version}",
    )

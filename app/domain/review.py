"""The form, by hand or prefilled: keep what was typed, undo, dispute, leave out, start over by hand."""

import datetime as dt
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.domain.flow import make_move
from app.domain.numbers import age_on
from app.domain.observations import forget_answers, forget_everything, keep_answer
from app.domain.onboardings import disconnect_bank_later, end_onboarding
from app.domain.prefill.answers import Answers, answers_of
from app.domain.prefill.fields import FIELDS, LISTS
from app.domain.prefill.validation import AnswerError, read_answer
from app.domain.rungs import MANUAL
from app.domain.tenant_settings import settings_of
from app.models import Onboarding, PlaidAccount, User, utcnow
from app.models.vault import vault


def editable(answers: Answers) -> list[str]:
    """The asked fields a consumer may type into: neither lists nor locked ones."""
    return [
        key
        for key in FIELDS
        if key in answers.asked and key not in LISTS and not (key in answers.chosen and answers.chosen[key].locked)
    ]


def save_answers(
    session: Session, onboarding: Onboarding, form: dict[str, str], *, only_posted: bool = False
) -> dict[str, str]:
    """Keep each good answer that differs from what stands; the errors of the others, by box.

    A masked field that was not opened is posted empty and stays as it is. With `only_posted` (saving while typing)
    an empty box is no error.
    """
    answers = answers_of(session, onboarding)
    errors: dict[str, str] = {}
    for key in editable(answers):
        if not _posted(key, form):
            if not only_posted and answers.asked[key] == "required" and key not in answers.chosen:
                errors[key] = "missing"
            continue
        errors |= _save_answer(session, onboarding, answers, key, form, only_posted)
    session.flush()
    return errors


def _posted(key: str, form: dict[str, str]) -> bool:
    return any(name == key or name.startswith(f"{key}_") for name in form)


def _save_answer(
    session: Session, onboarding: Onboarding, answers: Answers, key: str, form: dict[str, str], lenient: bool
) -> dict[str, str]:
    current = answers.chosen.get(key)
    if FIELDS[key].kind == "digits" and current is not None and not form.get(key, "").strip():
        return {}
    required = answers.asked[key] == "required" and not lenient
    try:
        value = read_answer(key, form, required=required)
    except AnswerError as error:
        return {} if lenient else error.errors
    if value is None:
        forget_answers(session, onboarding, key)
    elif current is None or not _same(value, current.value):
        if current is not None and current.original is not None and _same(value, current.original.value):
            forget_answers(session, onboarding, key)
        else:
            keep_answer(session, onboarding, key, value)
        _mark(session, onboarding, "retype", key, on=False)
    return {}


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, dict) and isinstance(right, dict):
        return all((left.get(part) or None) == (right.get(part) or None) for part in {*left, *right} - {"country"})
    return bool(left == right)


def refuse_too_young(session: Session, onboarding: Onboarding) -> bool:
    """End it where the birth date typed by hand is too recent; the phone step checks the one it asks for."""
    birth = answers_of(session, onboarding).chosen.get("date_of_birth")
    flow, _ = settings_of(session, onboarding.settings_version)
    if birth is None or age_on(dt.date.fromisoformat(birth.value), utcnow().date()) >= flow.minimum_age:
        return False
    end_onboarding(session, onboarding, "fail", "too_young")
    return True


def set_shared(session: Session, onboarding: Onboarding, kept: set[str]) -> None:
    """Which accounts and debts are shared: those whose key was posted, or all where the tenant allows no choice."""
    answers = answers_of(session, onboarding)
    flow, _ = settings_of(session, onboarding.settings_version)
    everything = [holding.key for holding in (*answers.bank_accounts, *answers.debts)]
    left_out = [key for key in everything if key not in kept] if flow.leave_out else []
    onboarding.progress = {**onboarding.progress, "left_out": left_out}
    session.flush()


def press(session: Session, onboarding: Onboarding, button: str, key: str) -> None:
    """One of the small buttons under a field: `undo`, `dispute` or `undispute`."""
    answers = answers_of(session, onboarding)
    chosen = answers.chosen.get(key)
    if button == "undo":
        forget_answers(session, onboarding, key)
    if chosen is None:
        return
    if chosen.locked:
        _mark(session, onboarding, "disputed", key, on=button == "dispute")
    elif FIELDS[key].kind == "digits":
        # Masked digits cannot be edited where they stand: "Not right?" opens an empty box instead.
        _mark(session, onboarding, "retype", key, on=button == "dispute")


def _mark(session: Session, onboarding: Onboarding, name: str, key: str, *, on: bool) -> None:
    marks = set(onboarding.progress.get(name, ()))
    marks = marks | {key} if on else marks - {key}
    onboarding.progress = {**onboarding.progress, name: sorted(marks)}
    session.flush()


def not_me(session: Session, onboarding: Onboarding) -> None:
    """This is about somebody else: erase what was filled in, disconnect the bank, go on by hand."""
    forget_everything(session, onboarding)
    session.execute(
        delete(PlaidAccount)
        .where(PlaidAccount.onboarding_id == onboarding.id)
        .execution_options(synchronize_session=False)
    )
    keep = vault(session)
    given = (keep.open(onboarding, "given") or {"values": {}})["values"]
    if given.get("date_of_birth"):
        keep.seal(onboarding, "date_of_birth", None)
    # What was shared and not read yet stays until it is read, so that it can be disconnected.
    for name in ("given", "link_token"):
        keep.seal(onboarding, name, None)
    user = session.get_one(User, onboarding.user_id)
    keep.seal(user, "spinwheel_user_id", None)
    user.phone_digest, user.generation = None, user.generation + 1
    make_move(session, onboarding, "not_me", rung=MANUAL, progress={})
    disconnect_bank_later(session, onboarding)

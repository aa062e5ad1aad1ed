"""What a bank asks after the password: a device and its code, questions, or selections.

Documented sandbox passwords of user_good: mfa_device (code 1234), mfa_questions_<rounds>_<questions> (answer_<i>_<j>
counted from 0), mfa_selections (Yes), mfa_selections_<rounds>_<questions>_<answers> (answer_<i>_<j>_0 counted from 1).
"""

from __future__ import annotations

import re

from app.emulators.persona_bank import Bank
from app.emulators.plaid.sessions import Challenge

DEVICE_CODE = "1234"
DEVICES = ("Text to the phone ending in 1234", "Email to a•••@example.com")
STATUSES = {
    "device": "choose_device",
    "code": "requires_code",
    "questions": "requires_questions",
    "selections": "requires_selections",
}

Rounds = list[list[Challenge]]


def of_password(password: str) -> Rounds | None:
    """The rounds that one of the documented passwords asks for; None for every other password."""
    if password == "mfa_device":  # noqa: S105 - a documented sandbox password
        return _device(DEVICE_CODE)
    if password == "mfa_selections":  # noqa: S105 - the same
        return [[Challenge("selections", "Is this your account?", "Yes", ("Yes", "No"))]]
    if found := re.fullmatch(r"mfa_questions_([1-9])_([1-9])", password):
        rounds, questions = (int(number) for number in found.groups())
        return [[_question(one, two) for two in range(questions)] for one in range(rounds)]
    if found := re.fullmatch(r"mfa_selections_([1-9])_([1-9])_([2-9])", password):
        rounds, questions, answers = (int(number) for number in found.groups())
        return [[_selection(one, two, answers) for two in range(1, questions + 1)] for one in range(1, rounds + 1)]
    return None


def of_bank(bank: Bank) -> Rounds:
    """What the persona's bank asks; nothing when it asks for the password alone."""
    if bank.mfa is None:
        return []
    if bank.mfa.kind == "device":
        return _device(bank.mfa.answer)
    return [[Challenge("questions", bank.mfa.question, bank.mfa.answer)]]


def _device(code: str) -> Rounds:
    choice = Challenge("device", "Where should your bank send a code?", None, DEVICES)
    return [[choice], [Challenge("code", "Code from your bank", code)]]


def _question(one: int, two: int) -> Challenge:
    return Challenge("questions", f"Question {two + 1} of round {one + 1}", f"answer_{one}_{two}")


def _selection(one: int, two: int, answers: int) -> Challenge:
    options = tuple(f"answer_{one}_{two}_{place}" for place in range(answers))
    return Challenge("selections", f"Question {two} of round {one}", options[0], options)


def right(asked: list[Challenge], answers: list[str]) -> bool:
    """Whether every question of a round got its answer."""
    if len(answers) != len(asked):
        return False
    return all(
        answer in one.options if one.answer is None else answer == one.answer
        for one, answer in zip(asked, answers, strict=True)
    )

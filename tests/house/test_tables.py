"""The tables that hold the product together name nothing that is not there, and leave nothing out."""

import ast
import re
from collections.abc import Iterator

import pytest
from flask import Flask

from app.consumer.sentences import bank_heading, code_sentence, trouble_sentence
from app.domain.events import ANALYTICS_NAMES, CALLBACK_TYPES
from app.domain.flow import MOVES, STEPS
from app.domain.handlers import HANDLERS
from app.domain.outcomes import Outcome
from app.providers.errors import Reason
from app.providers.plaid_errors import CODES as PLAID_CODES
from app.providers.spinwheel_errors import CODES as SPINWHEEL_CODES
from app.providers.twilio_errors import CODES as TWILIO_CODES
from tests.house.files import python_files
from tests.unit.screen_app import make_app

# Said of a service as a whole; the sentence for "it does not answer" is the right one.
OUTAGES = {Reason.PROVIDER_DOWN, Reason.UNEXPECTED}
TRANSPORT = {Reason.PROVIDER_DOWN, Reason.PROVIDER_SLOW, Reason.PROVIDER_BUSY, Reason.UNEXPECTED, Reason.NOT_CONFIGURED}
# The consumer goes on to the review whatever becomes of the credit file; the result tells the tenant.
REPORT = {reason for reason in Reason if reason.value.startswith("report_")}
# A user who is gone at the text service is made anew with the next text, so trying again is the right advice.
TEXT = {meaning.reason for meaning in (*SPINWHEEL_CODES.values(), *TWILIO_CODES.values())} - REPORT
TEXT -= {Reason.ACCESS_REVOKED}
CALL = {meaning.reason for meaning in TWILIO_CODES.values()}
# What Plaid answers inside its own window never reaches our server's calls.
IN_THE_WINDOW = {
    "PROFILE_AUTHENTICATION_FAILED",
    "INVALID_OTP",
    "INVALID_PHONE_NUMBER",
    "TOO_MANY_VERIFICATION_ATTEMPTS",
}
BANK = {meaning.reason for code, meaning in PLAID_CODES.items() if code not in IN_THE_WINDOW}
WAITING = {Reason.PROVIDER_SLOW, Reason.PROVIDER_BUSY, Reason.BANK_UNAVAILABLE, Reason.DATA_NOT_READY}


@pytest.fixture(autouse=True)
def speaking() -> Iterator[None]:
    app: Flask = make_app()
    with app.test_request_context("/"):
        yield


def test_every_reason_belongs_to_a_service() -> None:
    assert set(Reason) == TEXT | BANK | REPORT | TRANSPORT


@pytest.mark.parametrize("reason", sorted((TEXT | TRANSPORT) - OUTAGES))
def test_the_text_service_has_a_sentence_for_each_reason(reason: Reason) -> None:
    silence = trouble_sentence("no such word")
    assert silence == trouble_sentence(Reason.PROVIDER_DOWN)
    assert code_sentence(Outcome(reason.value)) != silence, f"{reason} falls through"


@pytest.mark.parametrize("reason", sorted((CALL | TRANSPORT) - {Reason.TOO_MANY_CODES, Reason.NUMBER_INVALID}))
def test_of_a_call_nobody_speaks_as_of_a_text(reason: Reason) -> None:
    said = code_sentence(Outcome(reason.value, by_call=True))
    assert "text" not in said.lower(), reason
    assert said != code_sentence(Outcome(reason.value)), reason


@pytest.mark.parametrize("reason", sorted((BANK | TRANSPORT) - OUTAGES - WAITING))
def test_the_bank_has_a_sentence_for_each_reason(reason: Reason) -> None:
    silence = bank_heading("no such word")
    assert silence == bank_heading(Reason.PROVIDER_DOWN) == bank_heading(Reason.BANK_UNAVAILABLE)
    assert bank_heading(reason.value) != silence, f"{reason} falls through"


def test_every_move_goes_from_known_places_to_known_places() -> None:
    places = {place for move in MOVES.values() for place in (*move.start.split(), move.end) if place and place != "*"}
    for place in places:
        step, _, stage = place.partition("/")
        assert step in STEPS, place
        assert re.fullmatch(r"[a-z_]+", stage), place
    ends = {move.end for move in MOVES.values() if move.end} | {"phone/form"}
    starts = {place for move in MOVES.values() for place in move.start.split()} - {"*"}
    assert starts <= ends, f"nothing leads to {starts - ends}"
    assert ends - starts == {"done/done"}, f"nothing leads away from {ends - starts - {'done/done'}}"


def _named_calls(name: str, position: int) -> set[str]:
    """The constant that calls of a function take at a position, anywhere in the app."""
    found = set()
    for path in python_files("app"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name and len(node.args) > position:
                argument = node.args[position]
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    found.add(argument.value)
    return found


def test_every_move_is_made_somewhere_and_none_is_unknown() -> None:
    made = _named_calls("make_move", 2) | _named_calls("end_onboarding", 2) | _named_calls("allowed", 1)
    assert made - MOVES.keys() == set()
    assert MOVES.keys() == made


def test_every_kind_of_job_has_a_handler_and_every_handler_a_job() -> None:
    assert _named_calls("enqueue", 1) == HANDLERS.keys()


def test_every_event_is_a_known_word() -> None:
    recorded = _named_calls("record", 2) | {move.event for move in MOVES.values()}
    assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+", name) for name in recorded)
    assert ANALYTICS_NAMES.keys() <= recorded
    assert {name for name in recorded if name.startswith("onboarding.")} & CALLBACK_TYPES

"""The table of moves: what it allows, and that nothing else is."""

import datetime as dt
import re
from collections import Counter, deque

import pytest

from app.domain.events import ANALYTICS_NAMES, CALLBACK_TYPES
from app.domain.flow import MOVES, OPEN, STEPS, Status, allowed
from app.models import Onboarding, utcnow

PLACES = sorted(
    {place for move in MOVES.values() for place in (*move.start.split(), move.end) if place and place != "*"}
)


def onboarding(place: str, status: str = "in_progress", *, minutes_left: float = 60) -> Onboarding:
    """One that stands there."""
    step, stage = place.split("/")
    expires_at = utcnow() + dt.timedelta(minutes=minutes_left)
    return Onboarding(status=status, step=step, stage=stage, expires_at=expires_at)


def test_every_place_belongs_to_a_step() -> None:
    assert {place.split("/")[0] for place in PLACES} == set(STEPS)


def test_every_move_is_told_in_the_past_tense() -> None:
    for name, move in MOVES.items():
        assert re.fullmatch(r"[a-z_]+\.([a-z]+_)*[a-z]+", move.event), name
    told = Counter(move.event for move in MOVES.values())
    # The same fact, come to in two ways.
    shared = {"code.refused", "onboarding.phone_verified", "bank.not_available", "bank.skipped"}
    assert {event for event, moves in told.items() if moves > 1} == shared


@pytest.mark.parametrize("name", MOVES)
def test_a_move_is_allowed_from_its_own_places_and_no_others(name: str) -> None:
    move = MOVES[name]
    for place in PLACES:
        assert allowed(onboarding(place), name) == (move.start == "*" or place in move.start.split())


@pytest.mark.parametrize("status", [status.value for status in Status if status not in OPEN])
def test_nothing_moves_what_has_ended(status: str) -> None:
    for name in MOVES:
        assert not any(allowed(onboarding(place, status), name) for place in PLACES), name


@pytest.mark.parametrize("status", ["created", "in_progress", "abandoned"])
def test_past_its_time_an_onboarding_can_only_expire(status: str) -> None:
    possible = {name for name in MOVES for place in PLACES if allowed(onboarding(place, status, minutes_left=-1), name)}
    assert possible == {"expire"}


def test_every_place_can_be_reached_and_leads_to_the_end() -> None:
    reached, todo = {"phone/form"}, deque(["phone/form"])
    while todo:
        here = todo.popleft()
        for move in MOVES.values():
            if move.end and move.end not in reached and (move.start == "*" or here in move.start.split()):
                reached.add(move.end)
                todo.append(move.end)
    assert reached == set(PLACES)
    for place in PLACES:
        if place != "done/done":
            assert any(place in move.start.split() for move in MOVES.values()), f"{place} is a dead end"


def test_the_only_ways_back_are_the_ones_a_consumer_asks_for() -> None:
    back = {
        name
        for name, move in MOVES.items()
        for start in move.start.split()
        if move.end and start != "*" and STEPS.index(move.end.split("/")[0]) < STEPS.index(start.split("/")[0])
    }
    # From the form by hand one may still connect a bank, which may fail; a bank that came first may prove no phone.
    assert back == {"open_bank", "fail_bank", "ask_code"}


def test_the_review_is_reached_only_through_the_bank_or_by_hand() -> None:
    ways = {name for name, move in MOVES.items() if move.end == "review/check"}
    assert ways == {"show_review", "decline_credit_file", "save_by_hand", "return_to_review"}
    assert [name for name, move in MOVES.items() if move.end == "done/done"] == ["complete"]
    assert MOVES["prove_phone"].start == "code/enter code/stuck"


def test_the_seed_s_names_are_those_of_moves() -> None:
    assert set(ANALYTICS_NAMES.values()) == {
        "phone_verification_started",
        "phone_verification_completed",
        "plaid_link_opened",
        "plaid_link_completed",
        "prefill_completed",
    }
    assert set(ANALYTICS_NAMES) <= {move.event for move in MOVES.values()}


def test_the_callbacks_of_the_contract_are_there() -> None:
    told = {move.event for move in MOVES.values()} & CALLBACK_TYPES
    assert told == {
        "onboarding.started",
        "onboarding.phone_verified",
        "onboarding.bank_linked",
        "onboarding.completed",
        "onboarding.canceled",
        "onboarding.abandoned",
        "onboarding.expired",
        "onboarding.failed",
    }

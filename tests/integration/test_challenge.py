"""Proof of work: bound to one browser of one onboarding, good for a short while, once."""

import uuid
from collections.abc import Callable

import pytest

from app.domain.challenge import BITS, BITS_UNDER_SUSPICION, new_challenge, pass_challenge
from app.domain.services import Services
from app.models import new_id
from tests.support.challenges import solve
from tests.support.clocks import Clock

ONBOARDING, BROWSER = new_id(), new_id()
Try = Callable[..., bool]


@pytest.fixture
def challenge(services: Services, clock: Clock) -> str:
    """One for this browser."""
    with services.database.session(read_only=True) as session:
        return new_challenge(session, ONBOARDING, BROWSER, suspected=False)


@pytest.fixture
def attempt(services: Services, challenge: str) -> Try:
    """Answer it, or another one."""

    def answer(
        solution: str, shown: str = challenge, onboarding: uuid.UUID = ONBOARDING, browser: uuid.UUID = BROWSER
    ) -> bool:
        with services.database.session() as session:
            return pass_challenge(session, onboarding, browser, shown, solution)

    return answer


def test_a_solution_opens_the_way_once(attempt: Try, challenge: str) -> None:
    solution = solve(challenge)
    assert attempt(solution)
    assert not attempt(solution)


def test_another_browser_or_onboarding_cannot_use_it(attempt: Try, challenge: str) -> None:
    solution = solve(challenge)
    assert not attempt(solution, browser=new_id())
    assert not attempt(solution, onboarding=new_id())
    assert attempt(solution), "and their tries do not use it up"


def test_a_solution_is_good_for_two_minutes_then_only_the_wait_counts(
    attempt: Try,
    challenge: str,
    clock: Clock,
) -> None:
    clock.advance(seconds=59)
    assert not attempt("")
    clock.advance(seconds=1)
    assert attempt(""), "a minute's wait does instead of a script"
    assert not attempt(solve(challenge)), "once in all"


def test_an_old_page_opens_nothing(attempt: Try, challenge: str, clock: Clock) -> None:
    clock.advance(minutes=31)
    assert not attempt(solve(challenge))
    assert not attempt("")


@pytest.mark.parametrize("solution", ["", "0", "-1", "1e9", "１", "9" * 16, "abc"])
def test_what_is_no_solution_is_none(attempt: Try, challenge: str, solution: str) -> None:
    assert solve(challenge) != solution
    assert not attempt(solution)


def test_nobody_makes_a_challenge_easier_or_younger(attempt: Try, challenge: str) -> None:
    issued, bits, salt, seal = challenge.split(".")
    assert int(bits) == BITS
    for forged in (
        f"{issued}.1.{salt}.{seal}",
        f"{int(issued) - 100}.{bits}.{salt}.{seal}",
        f"{issued}.{bits}.{'0' * 16}.{seal}",
        f"{issued}.{bits}.{salt}.{'0' * 32}",
        f"{challenge}0",
        "",
        "....",
    ):
        easy = solve(f"0.1.0.{seal}")
        assert not attempt(easy, shown=forged)


def test_suspicion_asks_for_four_times_the_work(services: Services) -> None:
    with services.database.session(read_only=True) as session:
        hard = new_challenge(session, ONBOARDING, BROWSER, suspected=True)
    assert int(hard.split(".")[1]) == BITS_UNDER_SUSPICION == BITS + 2

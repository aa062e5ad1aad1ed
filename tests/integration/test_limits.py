"""Budgets in the database: windows at their borders, refusals that cost nothing, many at once."""

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.domain import limits
from app.domain.limits import Budget, Tally, spend_one
from app.domain.services import Services
from app.models import SendCounter
from tests.support.clocks import Clock

THREE = Budget("send:phone", 3, limits.HOUR)
Spend = Callable[[], bool]


@pytest.fixture
def spend(services: Services) -> Spend:
    """Spend one of three."""

    def one() -> bool:
        with services.database.session() as session:
            return spend_one(session, THREE, "+14155550011")

    return one


@pytest.mark.parametrize("minute", [0, 1, 5, 9, 9.99])
def test_never_more_than_the_budget_in_any_hour_wherever_a_window_begins(
    spend: Spend,
    clock: Clock,
    minute: float,
) -> None:
    clock.advance(minutes=minute)
    given: list[dt.datetime] = []
    for _ in range(200):
        if spend():
            given.append(clock.now)
        clock.advance(minutes=1)
    for moment in given:
        assert sum(moment <= other < moment + limits.HOUR for other in given) <= 3
    assert len(given) >= 9, "and it opens again at most one window late"


def test_a_budget_opens_again_once_its_window_has_passed(spend: Spend, clock: Clock) -> None:
    clock.advance(minutes=9, seconds=59)
    assert [spend() for _ in range(4)] == [True, True, True, False]
    clock.advance(minutes=59, seconds=59)
    assert not spend(), "an hour has not passed"
    clock.advance(seconds=2)
    assert spend()


def test_a_refused_try_costs_nothing(spend: Spend, services: Services, clock: Clock) -> None:
    for _ in range(3):
        spend()
    for _ in range(20):
        clock.advance(minutes=2)
        spend()
    clock.advance(minutes=31)
    assert spend(), "asking in vain keeps nobody out"
    with services.database.session(read_only=True) as session:
        assert sum(row.count for row in session.query(SendCounter)) == 4


def test_fifty_at_once_spend_no_more_than_there_is(spend: Spend) -> None:
    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(lambda _: spend(), range(50))) == 3


def test_every_confirmed_code_makes_room_for_three_more_texts(services: Services) -> None:
    budget = next(budget for budget in limits.SENDS if budget.scope == "send:ip")
    keys = {"ip": "live:203.0.113.7"}
    with services.database.session() as session:
        for _ in range(budget.count):
            limits.add(session, keys, ["send:ip"])
        assert Tally(session, keys, ["send:ip", "ok:ip"]).spent(budget)
        limits.add(session, keys, ["ok:ip"])
        for _ in range(3):
            assert not Tally(session, keys, ["send:ip", "ok:ip"]).spent(budget)
            limits.add(session, keys, ["send:ip"])
        assert Tally(session, keys, ["send:ip", "ok:ip"]).spent(budget)


@pytest.mark.parametrize(
    ("sent", "confirmed", "suspected", "held_back"),
    [(19, 0, False, False), (20, 0, True, False), (20, 2, False, False), (39, 3, True, False), (40, 3, True, True)],
)
def test_a_prefix_whose_codes_are_never_entered_is_suspected_then_held_back(
    services: Services,
    clock: Clock,
    sent: int,
    confirmed: int,
    suspected: bool,
    held_back: bool,
) -> None:
    keys = {"prefix": "live:+1415555"}
    scopes = ["send:prefix", "ok:prefix"]
    with services.database.session() as session:
        limits.add(session, keys, ["send:prefix"], sent)
        limits.add(session, keys, ["ok:prefix"], confirmed)
        tally = Tally(session, keys, scopes)
        assert (tally.suspected(), tally.held_back()) == (suspected, held_back)
        clock.advance(minutes=71)
        assert not Tally(session, keys, scopes).held_back(), "for a while only"


def test_what_did_not_happen_is_taken_back(services: Services) -> None:
    keys = {"phone": "live:+14155550011"}
    with services.database.session() as session:
        limits.add(session, keys, ["send:phone"])
        limits.add(session, keys, ["send:phone"], -1)
        assert limits.used(session, limits.SENDS[0], keys["phone"]) == 0

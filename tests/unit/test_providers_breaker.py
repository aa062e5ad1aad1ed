"""The circuit breaker: a rate over a window, one probe, no lock around calls."""

import threading

import pytest

from app.providers.breaker import Breaker, BreakerRules, Breakers

RULES = BreakerRules(window=60, minimum=4, rate=0.5, open_seconds=30, probe_seconds=20)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def call(breaker: Breaker, failed: bool) -> bool:
    ticket = breaker.allow()
    if ticket is None:
        return False
    breaker.record(ticket, failed)
    return True


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(RULES, clock)
    for _ in range(4):
        call(breaker, failed=True)
    assert breaker.state == "open"
    return breaker


def test_it_needs_a_minimum_of_calls(clock: Clock) -> None:
    breaker = Breaker(RULES, clock)
    for _ in range(3):
        call(breaker, failed=True)
    assert breaker.state == "closed"
    call(breaker, failed=True)
    assert breaker.state == "open"
    assert breaker.allow() is None
    assert breaker.retry_after() == 30


def test_it_opens_at_the_rate_and_not_below(clock: Clock) -> None:
    breaker = Breaker(RULES, clock)
    for failed in (False, False, False, True, True):
        call(breaker, failed)
    assert breaker.state == "closed"
    call(breaker, failed=True)
    assert breaker.state == "open"


def test_old_failures_are_forgotten(clock: Clock) -> None:
    breaker = Breaker(RULES, clock)
    for _ in range(3):
        call(breaker, failed=True)
    clock.now += 61
    call(breaker, failed=True)
    assert breaker.state == "closed"


def test_one_probe_at_a_time_and_its_success_closes(clock: Clock) -> None:
    breaker = opened(clock)
    clock.now += 29.9
    assert breaker.allow() is None
    clock.now += 0.1
    assert breaker.state == "half_open"
    assert breaker.retry_after() == 0
    probe = breaker.allow()
    assert probe
    assert breaker.allow() is None
    breaker.record(probe, failed=False)
    assert breaker.state == "closed"
    assert call(breaker, failed=True)
    assert breaker.state == "closed"


def test_a_failed_probe_opens_for_another_round(clock: Clock) -> None:
    breaker = opened(clock)
    clock.now += 30
    probe = breaker.allow()
    assert probe
    clock.now += 5
    breaker.record(probe, failed=True)
    assert breaker.retry_after() == 30
    assert breaker.allow() is None


def test_a_released_or_lost_probe_gives_way_to_the_next(clock: Clock) -> None:
    breaker = opened(clock)
    clock.now += 30
    first = breaker.allow()
    assert first
    breaker.release(first)
    second = breaker.allow()
    assert second
    clock.now += 20
    third = breaker.allow()
    assert third
    breaker.record(second, failed=False)
    assert breaker.state == "half_open"
    breaker.record(third, failed=False)
    assert breaker.state == "closed"


def test_a_late_outcome_from_before_changes_nothing(clock: Clock) -> None:
    breaker = Breaker(RULES, clock)
    slow = breaker.allow()
    assert slow is not None
    for _ in range(4):
        call(breaker, failed=True)
    breaker.record(slow, failed=False)
    assert breaker.state == "open"


def test_of_many_threads_one_probes(clock: Clock) -> None:
    breaker = opened(clock)
    clock.now += 30
    start, tickets = threading.Barrier(10), []

    def ask() -> None:
        start.wait()
        tickets.append(breaker.allow())

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(ticket is not None for ticket in tickets) == 1


def test_calls_run_side_by_side(clock: Clock) -> None:
    breaker = Breaker(RULES, clock)
    together = threading.Barrier(5)

    def ask() -> None:
        ticket = breaker.allow()
        together.wait(timeout=5)
        assert ticket is not None
        breaker.record(ticket, failed=False)

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not together.broken


def test_each_connection_and_operation_has_its_own(clock: Clock) -> None:
    all_of_them = Breakers(RULES, clock)
    for _ in range(4):
        call(all_of_them.of("plaid", "con_1", "accounts/get"), failed=True)
    assert all_of_them.of("plaid", "con_1", "accounts/get").state == "open"
    assert all_of_them.of("plaid", "con_2", "accounts/get").state == "closed"
    assert all_of_them.of("plaid", "con_1", "auth/get").state == "closed"
    assert all_of_them.of("spinwheel", "con_1", "accounts/get").state == "closed"

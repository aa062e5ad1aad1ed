"""Circuit breakers of several processes meet in Redis; without it each process judges alone."""

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator

import pytest
import redis

from app.providers.breaker import BreakerRules, Breakers
from app.providers.shared_breaker import AWAY_SECONDS, RedisLink, shared_by
from tests.conftest import missing
from tests.unit.test_providers_breaker import Clock, call

REDIS = os.environ.get("TEST_REDIS_URL", "")
# Redis keeps its own time, so what a test waits for is short.
RULES = BreakerRules(window=0.6, minimum=4, rate=0.5, open_seconds=0.15, probe_seconds=0.2)
Make = Callable[..., Breakers]


@pytest.fixture
def connection() -> str:
    """A connection no other test has."""
    return f"con_{uuid.uuid4().hex}"


@pytest.fixture
def process() -> Iterator[Make]:
    """What one process has; as many as a test asks for."""
    if not REDIS:
        missing("TEST_REDIS_URL names no Redis server")
    links: list[RedisLink] = []

    def make(rules: BreakerRules = RULES) -> Breakers:
        links.append(RedisLink(REDIS))
        return Breakers(rules, make=shared_by(links[-1]))

    yield make
    for link in links:
        link.close()


def opened(breakers: Breakers, connection: str) -> None:
    for _ in range(RULES.minimum):
        assert call(breakers.of("plaid", connection, "accounts/get"), failed=True)


@pytest.mark.redis
def test_what_one_process_saw_the_other_knows(process: Make, connection: str) -> None:
    rules = BreakerRules(minimum=4)
    one, two = process(rules), process(rules)
    for breakers in (one, two, one):
        assert call(breakers.of("plaid", connection, "accounts/get"), failed=True)
    assert two.of("plaid", connection, "accounts/get").state == "closed"
    assert call(two.of("plaid", connection, "accounts/get"), failed=True)
    for breakers in (one, two):
        breaker = breakers.of("plaid", connection, "accounts/get")
        assert breaker.state == "open"
        assert breaker.allow() is None
        assert 29 < breaker.retry_after() <= 30
        assert breakers.of("plaid", connection, "auth/get").state == "closed"


@pytest.mark.redis
def test_a_rate_below_the_limit_keeps_it_closed(process: Make, connection: str) -> None:
    one, two = process(BreakerRules(minimum=4)), process(BreakerRules(minimum=4))
    for failed in (False, True, False, False, True, False):
        call(one.of("plaid", connection, "accounts/get"), failed)
    assert two.of("plaid", connection, "accounts/get").state == "closed"


@pytest.mark.redis
def test_old_failures_are_forgotten_and_keys_expire(process: Make, connection: str) -> None:
    breaker = process().of("plaid", connection, "accounts/get")
    for _ in range(RULES.minimum - 1):
        call(breaker, failed=True)
    server = redis.Redis.from_url(REDIS)
    (key,) = server.keys(f"prefill:breaker:*{connection}*")
    assert 0 < server.pttl(key) <= 950
    time.sleep(RULES.window + 0.12)
    call(breaker, failed=True)
    assert breaker.state == "closed"
    server.close()


@pytest.mark.redis
def test_of_many_threads_in_two_processes_one_probes(process: Make, connection: str) -> None:
    one, two = process(), process()
    opened(one, connection)
    time.sleep(RULES.open_seconds + 0.02)
    assert two.of("plaid", connection, "accounts/get").state == "half_open"
    start, tickets = threading.Barrier(16), []

    def ask(breakers: Breakers) -> None:
        breaker = breakers.of("plaid", connection, "accounts/get")
        start.wait()
        tickets.append((breaker, breaker.allow()))

    threads = [threading.Thread(target=ask, args=(breakers,)) for breakers in (one, two) * 8]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ((breaker, ticket),) = [(breaker, ticket) for breaker, ticket in tickets if ticket is not None]
    breaker.record(ticket, False)
    assert {breakers.of("plaid", connection, "accounts/get").state for breakers in (one, two)} == {"closed"}


@pytest.mark.redis
def test_a_failed_probe_opens_again_for_everybody(process: Make, connection: str) -> None:
    one, two = process(), process()
    opened(one, connection)
    time.sleep(RULES.open_seconds + 0.02)
    assert call(two.of("plaid", connection, "accounts/get"), failed=True)
    assert one.of("plaid", connection, "accounts/get").allow() is None


@pytest.mark.redis
def test_a_released_or_lost_probe_gives_way_to_the_next(process: Make, connection: str) -> None:
    one, two = (breakers.of("plaid", connection, "accounts/get") for breakers in (process(), process()))
    for _ in range(RULES.minimum):
        call(one, failed=True)
    time.sleep(RULES.open_seconds + 0.02)
    first = one.allow()
    assert first
    one.release(first)
    second = two.allow()
    assert second
    assert one.allow() is None
    time.sleep(RULES.probe_seconds + 0.02)
    third = one.allow()
    assert third
    two.record(second, failed=False)
    assert one.state == "half_open"
    one.record(third, failed=False)
    assert two.state == "closed"


class SilentServer:
    """Whoever connects is heard and never answered."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        self.heard: list[socket.socket] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                self.heard.append(self._listener.accept()[0])
            except OSError:
                return

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for each in self.heard:
            each.close()


@pytest.mark.parametrize("silent", [True, False])
def test_redis_away_costs_a_moment_once_and_each_process_judges_alone(connection: str, silent: bool) -> None:
    server = SilentServer()
    if not silent:
        server.close()
    clock = Clock()
    link = RedisLink(server.url, clock)
    breakers = Breakers(BreakerRules(minimum=4), clock, make=shared_by(link))
    breaker = breakers.of("plaid", connection, "accounts/get")
    begun = time.monotonic()
    for _ in range(4):
        assert call(breaker, failed=True)
    assert breaker.state == "open"
    assert breaker.allow() is None
    assert time.monotonic() - begun < 0.5
    heard = len(server.heard)
    clock.now += AWAY_SECONDS
    assert breaker.allow() is None
    assert (len(server.heard) > heard) == silent
    clock.now += 30
    assert call(breaker, failed=False)
    assert breaker.state == "closed"
    link.close()
    if silent:
        server.close()


def died(**_arguments: object) -> None:
    raise redis.ConnectionError


@pytest.mark.redis
def test_redis_dying_in_the_middle_loses_nothing_this_process_saw(process: Make, connection: str) -> None:
    clock = Clock()
    link = RedisLink(REDIS, clock)
    breaker = Breakers(BreakerRules(minimum=4), clock, make=shared_by(link)).of("plaid", connection, "accounts/get")
    for _ in range(3):
        assert call(breaker, failed=True)
    ticket = breaker.allow()
    assert ticket is not None
    for script in link._scripts:
        link._scripts[script] = died
    breaker.record(ticket, failed=True)
    assert breaker.allow() is None
    assert breaker.retry_after() == 30
    link.close()

"""Hundreds of consumers wait on providers that take two seconds, and nobody should wait longer than that.

They arrive within the two seconds of one provider call, so that all of them wait at the same time; two processes serve
them. Each step is measured by itself: sending the code, judging it, opening the bank. What holds on any machine is
asserted: the few are all served, they wait at once, and no database connection is held meanwhile. How soon the many are
served once the answers are there is a matter of processor time, so a miss of the goal is told and is no failure.
"""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode

import pytest
import requests
from sqlalchemy import Engine, create_engine, text

from app.domain.ids import wire_id
from app.emulators.settings import Settings
from tests.bench.load import exchange, request
from tests.bench.served import Served, served
from tests.support.tenants import MadeTenant

FEW, MANY = 64, 512
PROVIDER_SECONDS = 2.0
ARRIVE_WITHIN = 1.9
PROCESSES, THREADS = 2, 512
P95_GOAL_MS = 2300.0
# Transactions as old as a call, at half of the moments looked at: on a busy machine one may be slow by itself.
HELD_LIMIT = 4
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

pytestmark = pytest.mark.timeout(300)


@dataclass
class Person:
    """One consumer with a browser, an address and a number of their own."""

    number: int
    onboarding: str
    token: str
    cookie: str = ""
    csrf: str = ""
    headers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.headers = {"X-Forwarded-For": f"10.7.{self.number // 250}.{self.number % 250 + 1}", **FORM}

    @property
    def phone_number(self) -> str:
        """Valid ones, spread over many prefixes."""
        return f"({212 + self.number % 7}) {234 + self.number // 7 % 90}-{1000 + self.number}"

    def sent(self, path: str, **form: object) -> bytes:
        own = {"Cookie": self.cookie} if self.cookie else {}
        body = urlencode({**form, "csrf_token": self.csrf} if self.csrf else form)
        return request("POST", path, {**self.headers, **own}, body.encode())

    def took(self, answer: bytes) -> None:
        """Keep what the browser would."""
        if cookie := re.search(rb"(?i)set-cookie: ([^;]+);", answer):
            self.cookie = cookie[1].decode()

    def look(self, port: int) -> None:
        """The page that is due, and the token of its form."""
        with socket.create_connection(("127.0.0.1", port), 20) as sock:
            headers = {"Cookie": self.cookie, **self.headers}
            _, page = exchange(sock, request("GET", f"/onboarding/{self.onboarding}", headers))
        found = re.search(rb'name="csrf_token" value="([^"]+)"', page)
        assert found, page
        self.csrf = found[1].decode()


def start(person: Person) -> bytes:
    form = {"country": "US", "phone_number": person.phone_number}
    return person.sent(f"/o/{person.token}", **form, birth_month=1, birth_day=18, birth_year=1975)


def confirm(person: Person) -> bytes:
    return person.sent(f"/onboarding/{person.onboarding}/code", code="123456")


def open_bank(person: Person) -> bytes:
    return person.sent(f"/onboarding/{person.onboarding}/bank", go="bank")


@dataclass
class Wave:
    """What came of one step of everybody: when each request began and ended, and who may go on."""

    spans: list[tuple[float, float]] = field(default_factory=list)
    served: list[Person] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """Milliseconds."""
        took = sorted((ended - begun) * 1000 for begun, ended in self.spans)
        return took[min(len(took) - 1, int(len(took) * share))]

    @property
    def together(self) -> int:
        """How many waited at the same time at most."""
        moments = sorted([(begun, 1) for begun, _ in self.spans] + [(ended, -1) for _, ended in self.spans])
        most = now = 0
        for _, change in moments:
            now += change
            most = max(most, now)
        return most


def wave(port: int, people: list[Person], step: Callable[[Person], bytes]) -> Wave:
    """Everybody takes the step, one after the other at even distances, each on a connection of their own."""
    done, lock = Wave(), threading.Lock()
    begin = time.perf_counter() + 0.5

    def one(person: Person) -> None:
        due = begin + ARRIVE_WITHIN * person.number / len(people)
        content = step(person)
        with socket.create_connection(("127.0.0.1", port), 100) as sock:
            time.sleep(max(0.0, due - time.perf_counter()))
            status, answer = exchange(sock, content)
        with lock:
            done.spans.append((due, time.perf_counter()))
            if status == "303":
                done.served.append(person)
        person.took(answer)

    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(one, people))
    return done


@contextmanager
def slow_providers(url: str) -> Iterator[None]:
    for provider in ("plaid", "spinwheel"):
        body = {"provider": provider, "operation": "*", "fault": "slow", "seconds": PROVIDER_SECONDS}
        requests.post(f"{url}/control/faults", json=body, timeout=5).raise_for_status()
    yield
    requests.delete(f"{url}/control/faults", timeout=5).raise_for_status()


@contextmanager
def held_connections(engine: Engine) -> Iterator[list[int]]:
    """How many transactions were as old as a provider's call, looked at every tenth of a second (PostgreSQL)."""
    seen: list[int] = []
    over = threading.Event()

    def look() -> None:
        question = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            f" AND xact_start < clock_timestamp() - interval '{PROVIDER_SECONDS * 0.9} s'"
        )
        # The role of the app may not look at others.
        watcher = create_engine(engine.url, isolation_level="AUTOCOMMIT")
        with watcher.connect() as connection:
            while not over.wait(0.1):
                seen.append(int(connection.scalar(question) or 0))
        watcher.dispose()

    thread = threading.Thread(target=look, daemon=True)
    if engine.dialect.name == "postgresql":
        thread.start()
    try:
        yield seen
    finally:
        over.set()
        if thread.ident:
            thread.join()


def measure(name: str, server: Served, people: list[Person], step: Callable[[Person], bytes], engine: Engine) -> Wave:
    """A line of the table."""
    before = server.cpu_seconds()
    with held_connections(engine) as held:
        came = wave(server.port, people, step)
    spent = (server.cpu_seconds() - before) * 1000 / len(people)
    middle, high, most = (came.percentile(share) for share in (0.5, 0.95, 1.0))
    note = "  over the goal" if high > P95_GOAL_MS else ""
    calm, busiest = (sorted(held)[len(held) // 2], max(held)) if held else (0, 0)
    print(
        f"  {name:<14} {came.together:8d} {len(came.served):6d} {middle:7.0f} {high:7.0f} {most:7.0f}"
        f" {spent:9.1f} {calm:3d}/{busiest:2d}{note}"
    )
    assert calm <= HELD_LIMIT
    return came


@pytest.mark.parametrize("consumers", [FEW, MANY])
def test_waiting_consumers(tenant: MadeTenant, consumers: int) -> None:
    engine = tenant.services.database.engine
    url = engine.url.render_as_string(hide_password=False)
    people = []
    for number in range(consumers):
        onboarding_id, token = tenant.onboard(f"waiting-{number}")
        people.append(Person(number, wire_id("onboarding", onboarding_id), token))  # type: ignore[arg-type]
    print(
        f"\n{consumers} consumers wait {PROVIDER_SECONDS:g} s, {engine.dialect.name}, granian {PROCESSES} x {THREADS}"
    )
    print(f"  {'':<14} {'together':>8} {'served':>6} {'p50 ms':>7} {'p95 ms':>7} {'max ms':>7} {'CPU ms/rq':>9}   held")
    with served("app.emulators.wsgi:app", url, 1, MANY + 64) as emulators:
        own = f"http://127.0.0.1:{emulators.port}"
        with served("wsgi:app", url, PROCESSES, THREADS, **_providers(own)) as server, slow_providers(own):
            _steps(server, people, engine)


def _steps(server: Served, people: list[Person], engine: Engine) -> None:
    for name, step in (("code sent", start), ("code judged", confirm), ("bank opened", open_bank)):
        came = measure(name, server, people, step, engine)
        assert came.together > len(people) * 0.9
        assert len(came.served) == len(people) or len(people) > FEW
        people = came.served
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda person: person.look(server.port), people))


def _providers(url: str) -> dict[str, str]:
    """The app asks the emulators; every consumer is seen at an address of their own."""
    usual = Settings(base_url=url)
    return {
        "PREFILL_TRUSTED_PROXIES": "1",
        "PREFILL_LIMIT_SCALE": "1000",
        "PREFILL_WEB_THREADS": str(THREADS),
        "PREFILL_PLAID__BASE_URL": usual.plaid_base_url,
        "PREFILL_PLAID__LINK_URL": usual.base_url,
        "PREFILL_PLAID__CLIENT_ID": usual.plaid_client_id,
        "PREFILL_PLAID__SECRET": usual.plaid_secret,
        "PREFILL_PLAID__TEMPLATE_ID": usual.plaid_template_id,
        "PREFILL_SPINWHEEL__BASE_URL": usual.spinwheel_base_url,
        "PREFILL_SPINWHEEL__SECURE_BASE_URL": usual.spinwheel_secure_base_url,
        "PREFILL_SPINWHEEL__API_KEY": usual.spinwheel_api_key,
    }

"""A GET leaves every row as it was, at each step, by cookie, by bearer, by key and without any of them."""

import datetime as dt
import uuid
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Engine, text, update

from app.access import POLICIES, cookie_name
from app.models import ApiKey, Base, Binding, utcnow
from tests.support.clients import CheckedClient
from tests.support.journeys import Consumer
from tests.support.tenants import MadeTenant
from tests.support.walk import Target, address, calls, owner_of

# Times of use, written at most once a minute.
TOUCHED = {("bindings", "last_seen_at"), ("onboardings", "last_active_at"), ("api_keys", "last_used_at")}


@pytest.fixture
def more_settings(more_settings: dict[str, str]) -> dict[str, str]:
    """Far more requests a minute than a person makes."""
    return {**more_settings, "PREFILL_LIMIT_SCALE": "100"}


@pytest.fixture
def engine(app: Flask) -> Iterator[Engine]:
    made = owner_of(app)
    yield made
    made.dispose()


def _all_rows(engine: Engine) -> dict[str, list[str]]:
    found = {}
    with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            columns = [column.name for column in table.columns if (table.name, column.name) not in TOUCHED]
            listed = ", ".join(f'"{name}"' for name in columns)
            rows = connection.execute(text(f'SELECT {listed} FROM "{table.name}"'))
            found[table.name] = sorted(repr(tuple(row)) for row in rows)
    return found


def _secret(consumer: Consumer) -> str:
    cookie = consumer.client.get_cookie(cookie_name(consumer.onboarding), domain="localhost")
    return cookie.value if cookie else "none"


def _get_everything(app: Flask, consumer: Consumer, tenant: MadeTenant, policies: set[str]) -> set[str]:
    """GET every address of these policies with each credential; the endpoints that answered with something."""
    hooks = {"plaid": f"con_{uuid.uuid4().hex}", "spinwheel": f"con_{uuid.uuid4().hex}"}
    onboarding = consumer.onboarding or f"onb_{uuid.uuid4().hex}"
    target, secret = Target(onboarding, uuid.uuid4(), f"ten_{tenant.scope.tenant_id.hex}", hooks), _secret(consumer)
    answered = set()
    for rule, method, policy in calls(app):
        path = consumer.link if rule.endpoint == "launch.show_link" else address(rule, target)
        if method != "GET" or policy not in policies:
            continue
        for headers in ({}, {"HX-Request": "true"}, {"Authorization": f"Bearer {secret}"}, tenant.headers):
            client = app.test_client()
            assert isinstance(client, CheckedClient)
            client.set_cookie(cookie_name(onboarding), secret, domain="localhost", secure=True)
            # The other language, as the onboarding's is English: asking for it is no reason to write either.
            query = "?lang=es" if policy in ("consumer", "launch", "public") else ""
            response = client.get(path + query, headers=headers)
            assert response.status_code < 500, f"{path}: {response.status_code}"
            if response.status_code == 200:
                answered.add(rule.endpoint)
    return answered


def _grow_stale(tenant: MadeTenant) -> None:
    """As if the last use of every key and browser were noted a while ago."""
    before = utcnow() - dt.timedelta(minutes=2)
    with tenant.services.database.session() as session:
        session.execute(update(Binding).values(last_seen_at=before).execution_options(synchronize_session=False))
        session.execute(update(ApiKey).values(last_used_at=before).execution_options(synchronize_session=False))


def test_reading_writes_nothing_at_any_step(app: Flask, engine: Engine, consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    steps = {
        "link": lambda: consumer.open(token),
        "code": consumer.start,
        "bank": consumer.confirm,
        "window": consumer.open_bank,
        "fetching": lambda: consumer.tell_bank_finished(),
        "credit file": consumer.work,
        "review": lambda: consumer.answer_credit_file("yes"),
        "done": consumer.share,
    }
    answered: set[str] = set()
    for name, step in steps.items():
        step()
        _grow_stale(tenant)
        before = _all_rows(engine)
        # What is the same for everybody at every step is asked for once.
        policies = set(POLICIES.values()) if name == "link" else {"consumer", "api", "launch"}
        answered |= _get_everything(app, consumer, tenant, policies)
        changed = {table for table, rows in _all_rows(engine).items() if rows != before[table]}
        assert changed == set(), f"a GET wrote at the step {name}"
    assert consumer.heading.startswith("All done")
    assert answered >= {"launch.show_link", "journey.show_page", "journey.step", "done.save_copy", "bank.show_link"}
    assert answered >= {"api.onboardings.read", "api.onboardings.search", "api.onboardings.result", "form.ask_not_me"}


def test_the_comparison_sees_one_changed_value(engine: Engine, consumer: Consumer, tenant: MadeTenant) -> None:
    consumer.open(tenant.onboard()[1])
    before = _all_rows(engine)
    consumer.start()
    after = _all_rows(engine)
    assert {table for table in before if before[table] != after[table]} >= {"onboardings", "bindings", "events"}

"""A walk over every route and method, with one tenant's credential and another's ids."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from sqlalchemy import Engine, create_engine, text
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.access import POLICIES, cookie_name, new_handoff
from app.domain.launch import find_consumer
from app.models import Base
from tests.support.clients import CheckedClient
from tests.support.journeys import MANUAL, Consumer
from tests.support.tenants import MadeTenant

HOWS = ("key", "cookie", "bearer", "nothing")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# What differs between two answers that say the same.
VOLATILE = re.compile(
    r'"request_id": ?"[^"]*"|req_[0-9a-f]+|nonce(-|=")[\w-]+|onb_[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'
)


@dataclass
class Side:
    """One tenant in one mode, with an onboarding that is done and one under way in a browser."""

    tenant: MadeTenant
    word: str
    done: str
    open: str
    browser: Consumer
    secret: str
    consent: uuid.UUID
    cursor: str = ""
    connections: dict[str, str] = field(default_factory=dict)
    hook_secret: str = ""


@dataclass(frozen=True)
class Target:
    """Whose ids are put into the addresses."""

    onboarding: str
    consent: uuid.UUID
    tenant: str
    connections: dict[str, str]


def target_of(side: Side, onboarding: str) -> Target:
    """A side as the one that is reached for."""
    return Target(onboarding, side.consent, f"ten_{side.tenant.scope.tenant_id.hex}", side.connections)


def nobody() -> Target:
    """Ids that exist nowhere."""
    made = {provider: f"con_{uuid.uuid4().hex}" for provider in ("plaid", "spinwheel")}
    return Target(f"onb_{uuid.uuid4().hex}", uuid.uuid4(), f"ten_{uuid.uuid4().hex}", made)


def address(rule: Rule, target: Target) -> str:
    """The path of a rule with the target's ids in it."""
    values: dict[str, Any] = {
        "onboarding_id": target.onboarding,
        "launch_token": target.onboarding,
        "consent_id": target.consent,
        "tenant": target.tenant,
        "mode": "test",
        "version": 1,
        "key": "ssn_last_four",
        "connection": target.connections["plaid" if "plaid" in rule.rule else "spinwheel"],
    }
    built = rule.build({name: values[name] for name in rule.arguments}, append_unknown=False)
    assert built is not None
    return str(built[1])


def calls(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    """Every route with each of its methods and the policy it stands under."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        for method in METHODS:
            if rule.methods and method in rule.methods:
                yield rule, method, POLICIES[rule.endpoint]


class Caller:
    """Calls as one side, with everything it has, wherever it may stand."""

    def __init__(self, app: Flask, side: Side) -> None:
        self.app, self.side = app, side

    def call(self, rule: Rule, method: str, target: Target, how: str) -> TestResponse:
        """Send what a good request would hold, with one of the credentials in `HOWS`."""
        client = self.app.test_client()
        assert isinstance(client, CheckedClient)
        headers = {"X-CSRF-Token": self.side.browser.token, "X-Webhook-Secret": self.side.hook_secret}
        if how == "key":
            headers["Authorization"] = f"Bearer {self.side.tenant.api_key}"
        if how == "bearer":
            headers["Authorization"] = f"Bearer {self.side.secret}"
        if how == "cookie":
            client.set_cookie(cookie_name(target.onboarding), self.side.secret, domain="localhost", secure=True)
        path = address(rule, target)
        if method == "GET":
            return client.get(path, headers=headers)
        if rule.endpoint.startswith(("api.", "hooks.")) or rule.endpoint in JSON_ROUTES:
            body = {} if rule.arguments else {"external_user_id": "walker"}
            if rule.endpoint in JSON_ROUTES:
                body = {"public_token": "public-walk", "events": [{"name": "OPEN"}], "status": "requires_code"}
            return client.open(path, method=method, json=body, headers=headers)
        form = {**MANUAL, "code": "123456", "answer": "yes", "how": "hard", "handoff": self._handoff()}
        form |= {"country": "US", "birth_month": "7", "birth_day": "2", "birth_year": "1996"}
        return client.open(path, method=method, data=form, headers=headers)

    def _handoff(self) -> str:
        with self.app.test_request_context():
            database = self.app.extensions["services"].database
            with database.session(read_only=True) as session:
                consumer = find_consumer(session, self.side.secret)
            return new_handoff(consumer) if consumer is not None else ""


JSON_ROUTES = frozenset({"bank.finished", "bank.closed", "bank.events", "bank.not_available", "bank.renew"})
# What a good request asks with, where the address alone asks for nothing.
QUERIES = {"bank_return.come_back": "oauth_state_id=state-of-a-bank", "journey.progress": "follow=review.check.waiting"}


def said(response: TestResponse) -> str:
    """Status, where it leads and body, without what always differs."""
    whole = f"{response.status_code} {response.headers.get('Location', '')}\n{response.get_data(as_text=True)}"
    return VOLATILE.sub("…", whole)


def everything(response: TestResponse) -> str:
    """Headers and body."""
    return f"{response.headers}\n{response.get_data(as_text=True)}"


def rows_of(engine: Engine, side: Side) -> dict[str, list[str]]:
    """Every row of a tenant in a mode, by table, read as the owner."""
    scope = side.tenant.scope
    wanted = {"tenant": str(scope.tenant_id), "hex": scope.tenant_id.hex, "mode": scope.mode}
    column = "CAST(tenant_id AS text)" if engine.dialect.name == "postgresql" else "tenant_id"
    found = {}
    with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            if "tenant_id" in table.c:
                query = f'SELECT * FROM "{table.name}" WHERE {column} IN (:tenant, :hex) AND mode = :mode'
                found[table.name] = sorted(repr(tuple(row)) for row in connection.execute(text(query), wanted))
    return found


def owner_of(app: Flask) -> Engine:
    """The database without any guard."""
    return create_engine(app.extensions["settings"].database_url.get_secret_value())

"""Two tenants, and one of them in two modes: nothing reaches across, on any route, with any credential."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from unittest import mock

import pytest
from flask import Flask
from sqlalchemy import Engine, select, update
from werkzeug.test import TestResponse

from app.domain.connections import add_connection
from app.domain.ids import wire_id
from app.domain.launch import Consumer as Bound
from app.domain.launch import find_consumer
from app.domain.services import Services
from app.domain.tenants import create_api_key
from app.models import Binding, Consent
from app.models.session import Scope
from tests.support.guards import become_owner, no_orm_guard
from tests.support.journeys import Consumer
from tests.support.local_server import local_server
from tests.support.tenants import MadeTenant, make_tenant
from tests.support.walk import HOWS, Caller, Side, Target, calls, everything, nobody, owner_of, rows_of, said, target_of

Browser = Callable[[], Consumer]


@pytest.fixture
def more_settings(more_settings: dict[str, str]) -> dict[str, str]:
    """Limits wide enough to try every credential on every route."""
    return {**more_settings, "PREFILL_LIMIT_SCALE": "100"}


@pytest.fixture
def engine(app: Flask) -> Iterator[Engine]:
    made = owner_of(app)
    yield made
    made.dispose()


def _by_hand(tenant: MadeTenant, browser: Browser, word: str) -> tuple[str, Consumer]:
    """An onboarding at the review, everything typed by hand and full of one tenant's word."""
    onboarding_id, token = tenant.onboard(f"member-of-{word}", state=f"state-of-{word}", metadata={"of": word})
    consumer = browser()
    consumer.open(token)
    consumer.post(f"{consumer.link}/by-hand")
    consumer.by_hand(last_name=word, email=f"{word}@example.com", employer_name=f"{word} Ltd")
    assert consumer.heading == "Check your details", consumer.page
    return wire_id("onboarding", onboarding_id), consumer  # type: ignore[arg-type]


def _side(tenant: MadeTenant, browser: Browser, word: str) -> Side:
    done, first = _by_hand(tenant, browser, word)
    first.share()
    assert first.heading.startswith("All done")
    still_open, second = _by_hand(tenant, browser, word)
    cookie = second.client.get_cookie(f"__Host-prefill-{still_open}", domain="localhost")
    assert cookie is not None
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        consent = session.scalars(select(Consent.id).limit(1)).one()
    side = Side(tenant, word, done, still_open, second, cookie.value, consent)
    page = second.client.get("/api/v1/onboardings?limit=1", headers=tenant.headers).get_json()
    side.cursor = page["next_cursor"]
    return side


def _connect(side: Side, hook_secret: str) -> None:
    side.hook_secret = hook_secret
    settings = {"base_url": "https://a.example", "secure_base_url": "https://b.example"}
    with side.tenant.services.database.session(side.tenant.scope) as session:
        row = add_connection(
            session, side.tenant.scope, "spinwheel", "own", settings, {"api_key": "k", "webhook_secret": hook_secret}
        )
        wire = wire_id("connection", row.id)
    side.connections = {"plaid": wire, "spinwheel": wire}


@pytest.fixture
def sides(services: Services, browser: Browser) -> dict[str, Side]:
    """Ours and theirs in test mode, and ours in live mode, all of the same shape and with callbacks on their way."""
    ours, theirs = make_tenant(services, "ours"), make_tenant(services, "theirs")
    live_scope = Scope(ours.scope.tenant_id, "live")
    with services.database.session(live_scope) as session:
        _, key = create_api_key(session, live_scope, "live")
    live = replace(ours, scope=live_scope, api_key=key)
    made = {}
    with local_server() as receiver:
        for name, tenant in (("ours", ours), ("theirs", theirs), ("live", live)):
            tenant.endpoint(f"{receiver.url}/{name}")
            made[name] = _side(tenant, browser, f"zebra{name}")
            if tenant.scope.mode == "test":
                _connect(made[name], f"hook-secret-of-{name}")
        made["live"].connections = made["theirs"].connections
        made["ours"].browser.worker.run_due()
    return made


def _reach(app: Flask, caller: Side, victim: Side, policies: frozenset[str] | None = None) -> list[str]:
    """Everything that came across when one side tried every route (of these policies) with the other's ids."""
    found: list[str] = []
    walker = Caller(app, caller)
    for rule, method, policy in calls(app):
        if policies is None or policy in policies:
            for onboarding in (victim.done, victim.open):
                target = target_of(victim, onboarding)
                answers = {how: walker.call(rule, method, target, how) for how in HOWS}
                found += [
                    f"{method} {rule.rule} {what}"
                    for what in _wrong(answers, victim.word, policy if rule.arguments else "")
                ]
            if policy == "api" and rule.arguments:
                # A tenant's server must not learn from the answer that an id exists somewhere.
                nothing = said(walker.call(rule, method, nobody(), "key"))
                if said(answers["key"]) != nothing:
                    found.append(f"{method} {rule.rule} by key: not as for an id of nobody")
    return found


def _wrong(answers: dict[str, TestResponse], word: str, policy: str) -> Iterator[str]:
    for how, answer in answers.items():
        if word in everything(answer):
            yield f"by {how}: their word came back"
        if policy in ("api", "hook") and answer.status_code not in (401, 404):
            yield f"by {how}: {answer.status_code}"
        # Whoever knows the id of an onboarding may prove its phone again; having one of another tenant adds nothing.
        if policy in ("consumer", "handoff") and said(answer) != said(answers["nothing"]):
            yield f"by {how}: {answer.status_code}, not as without any credential"


@pytest.mark.parametrize(("caller", "victim"), [("ours", "theirs"), ("ours", "live"), ("live", "ours")])
def test_nothing_reaches_across(app: Flask, engine: Engine, sides: dict[str, Side], caller: str, victim: str) -> None:
    before = rows_of(engine, sides[victim])
    assert all(before[name] for name in ("onboardings", "events", "deliveries", "prefill_data", "consents", "bindings"))
    assert _reach(app, sides[caller], sides[victim]) == []
    sides["ours"].browser.worker.run_due()
    assert rows_of(engine, sides[victim]) == before


def _prove_every_phone(services: Services) -> None:
    with services.database.session() as session:
        session.execute(update(Binding).values(phone_proven=True).execution_options(synchronize_session=False))


def test_our_onboarding_with_the_consent_of_another(
    app: Flask, services: Services, engine: Engine, sides: dict[str, Side]
) -> None:
    ours, theirs = sides["ours"], sides["theirs"]
    _prove_every_phone(services)
    before = [rows_of(engine, side) for side in (ours, theirs)]
    rule, method = next((rule, method) for rule, method, _ in calls(app) if "consent_id" in rule.arguments)
    answers = []
    # Of another tenant, of another consumer of ours, of nobody.
    for consent in (theirs.consent, ours.consent, nobody().consent):
        target = Target(ours.open, consent, "", ours.connections)
        answers.append(said(Caller(app, ours).call(rule, method, target, "cookie")))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0].startswith("404")
    assert [rows_of(engine, side) for side in (ours, theirs)] == before


def test_one_consumer_reaches_nothing_of_another_of_the_same_tenant(
    app: Flask, services: Services, engine: Engine, sides: dict[str, Side]
) -> None:
    ours = sides["ours"]
    _prove_every_phone(services)
    before = rows_of(engine, ours)
    neighbour = replace(ours, open=ours.done)
    assert _reach(app, ours, neighbour, frozenset({"consumer", "handoff"})) == []
    assert rows_of(engine, ours) == before


def test_their_ids_in_queries_bodies_and_keys(app: Flask, engine: Engine, sides: dict[str, Side]) -> None:
    ours, theirs = sides["ours"], sides["theirs"]
    client = app.test_client()
    key = {"Idempotency-Key": "the-same-key"}
    body = {"external_user_id": f"member-of-{theirs.word}"}
    first = client.post("/api/v1/onboardings", json=body, headers={**theirs.tenant.headers, **key})
    theirs.browser.worker.run_due()
    before = rows_of(engine, theirs)
    ours_too = client.post("/api/v1/onboardings", json=body, headers={**ours.tenant.headers, **key})
    assert (first.status_code, ours_too.status_code) == (201, 201)
    assert "Idempotent-Replayed" not in ours_too.headers
    assert first.get_json()["id"] != ours_too.get_json()["id"]
    found = client.get(f"/api/v1/onboardings?external_user_id=member-of-{theirs.word}", headers=ours.tenant.headers)
    assert [each["id"] for each in found.get_json()["data"]] == [ours_too.get_json()["id"]]
    for side in (theirs, sides["live"]):
        refused = client.get(f"/api/v1/onboardings?cursor={side.cursor}", headers=ours.tenant.headers)
        assert refused.status_code == 422
        assert side.word not in refused.get_data(as_text=True)
    everyone = client.get("/api/v1/onboardings?limit=100", headers=ours.tenant.headers).get_data(as_text=True)
    assert not any(wire in everyone for side in (theirs, sides["live"]) for wire in (side.done, side.open))
    for name in ("id", "onboarding_id", "tenant_id", "user_id", "mode"):
        smuggled = client.post("/api/v1/onboardings", json={**body, name: theirs.done}, headers=ours.tenant.headers)
        assert smuggled.status_code == 422
    ours.browser.worker.run_due()
    assert rows_of(engine, theirs) == before


# ---------- The walk itself ----------
def test_each_side_reaches_its_own(app: Flask, sides: dict[str, Side]) -> None:
    """The same calls on the own ids do work, so a refusal means something."""
    for side in sides.values():
        rules = {rule.endpoint: rule for rule, _, _ in calls(app)}
        walker = Caller(app, side)
        result = walker.call(rules["api.onboardings.result"], "GET", target_of(side, side.done), "key")
        assert side.word in everything(result)
        for how in ("cookie", "bearer"):
            page = walker.call(rules["journey.step"], "GET", target_of(side, side.open), how)
            assert side.word in everything(page)


def test_the_walk_notices_a_missing_scope(
    app: Flask, services: Services, engine: Engine, sides: dict[str, Side]
) -> None:
    become_owner(services.database)
    before = rows_of(engine, sides["theirs"])
    with no_orm_guard():
        found = _reach(app, sides["ours"], sides["theirs"], frozenset({"api"}))
    for expected in ("GET /api/v1/onboardings/<onboarding_id>/result by key: their word", "POST /api/v1/onboardings/<"):
        assert any(each.startswith(expected) for each in found), found
    assert rows_of(engine, sides["theirs"]) != before


def test_the_walk_notices_a_browser_that_is_not_checked(app: Flask, sides: dict[str, Side]) -> None:
    """As if any binding opened any onboarding of whichever tenant."""
    theirs = sides["theirs"]
    with (
        mock.patch("app.access.find_browser", lambda _wire: _bound(app, theirs)),
        mock.patch("app.access._check_csrf_token"),
    ):
        found = _reach(app, sides["ours"], theirs)
    assert "GET /onboarding/<onboarding_id> by cookie: their word came back" in found


def _bound(app: Flask, side: Side) -> Bound | None:
    with app.extensions["services"].database.session(read_only=True) as session:
        return find_consumer(session, side.secret)

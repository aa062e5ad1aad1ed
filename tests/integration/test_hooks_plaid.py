"""`/hooks/plaid/{connection}`: only what Plaid signed, kept once, worked by a job."""

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.domain.bank_tokens import waiting_tokens
from app.domain.connections import add_connection, default_connection_id
from app.domain.flow import make_move
from app.domain.handlers import HANDLERS, Handler
from app.domain.ids import wire_id
from app.domain.onboardings import get_onboarding
from app.domain.provider_hooks import handle_event
from app.domain.rungs import LAYER_PHONE
from app.models import Mode, Onboarding, ProviderEvent, ProviderLink
from app.models.session import Scope
from app.models.vault import vault
from app.worker import Worker
from tests.support.clients import CheckedClient
from tests.support.emulator import Emulator
from tests.support.plaid_hooks import hook, post, signature
from tests.support.tenants import MadeTenant

BODY = json.dumps({"webhook_type": "LINK", "webhook_code": "EVENTS", "link_token": "link-1"}).encode()
EARLIER_TOKEN = "link-sandbox-earlier"
LINK_TOKEN, PUBLIC_TOKEN = "link-sandbox-canary", "public-sandbox-canary"


def events(tenant: MadeTenant) -> list[ProviderEvent]:
    """What was kept."""
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        return list(session.scalars(select(ProviderEvent)))


def test_a_signed_webhook_is_kept_once(client: CheckedClient, tenant: MadeTenant, emulator: Emulator) -> None:
    for _ in range(2):
        answer = post(client, hook(tenant), BODY, signature(emulator, BODY))
        assert (answer.status_code, answer.get_data()) == (200, b"")
    (event,) = events(tenant)
    assert (event.provider, event.kind, event.handled_at) == ("plaid", "LINK/EVENTS", None)
    assert event.body_sealed is not None
    assert b"link-1" not in event.body_sealed


def test_the_key_is_asked_for_once(client: CheckedClient, tenant: MadeTenant, emulator: Emulator) -> None:
    for number in range(3):
        body = json.dumps({"webhook_type": "LINK", "number": number}).encode()
        assert post(client, hook(tenant), body, signature(emulator, body)).status_code == 200
    calls = emulator.control("GET", "/calls")["calls"]
    assert isinstance(calls, list)
    assert len([call for call in calls if call["path"].endswith("/webhook_verification_key/get")]) == 1
    assert len(events(tenant)) == 3


def test_what_plaid_did_not_sign_is_refused(client: CheckedClient, tenant: MadeTenant, emulator: Emulator) -> None:
    good = signature(emulator, BODY)
    head, claims, signed = good.split(".")
    wrong = [
        (BODY, None),
        (BODY, "nonsense"),
        (BODY + b" ", good),
        (BODY, f"{head}.{claims}.{signed[::-1]}"),
        (BODY, signature(emulator, BODY, stale=True)),
        (BODY, signature(emulator, BODY, wrong_hash=True)),
        (b"no json", signature(emulator, b"no json")),
    ]
    for body, header in wrong:
        answer = post(client, hook(tenant), body, header)
        assert (answer.status_code, answer.json["code"]) == (401, "signature_invalid")
        assert answer.json["errors"] == []
    assert events(tenant) == []


def test_an_expired_key_is_refused(client: CheckedClient, tenant: MadeTenant, emulator: Emulator) -> None:
    emulator.control("POST", "/plaid/webhook-key/expire")
    assert post(client, hook(tenant), BODY, signature(emulator, BODY)).status_code == 401


def test_while_the_key_cannot_be_asked_for_plaid_sends_again(
    client: CheckedClient, tenant: MadeTenant, emulator: Emulator
) -> None:
    fault = {"provider": "plaid", "operation": "/webhook_verification_key/get", "fault": "500"}
    emulator.control("POST", "/faults", fault)
    answer = post(client, hook(tenant), BODY, signature(emulator, BODY))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    emulator.control("DELETE", "/faults")
    assert post(client, hook(tenant), BODY, signature(emulator, BODY)).status_code == 200


@pytest.mark.parametrize("name", ["con_" + "0" * 32, "nonsense", "onb_" + "0" * 32])
def test_an_unknown_connection_is_no_address(
    client: CheckedClient, tenant: MadeTenant, emulator: Emulator, name: str
) -> None:
    assert post(client, f"/hooks/plaid/{name}", BODY, signature(emulator, BODY)).status_code == 404
    spinwheel = wire_id("connection", default_connection_id(tenant.scope, "spinwheel"))
    assert post(client, f"/hooks/plaid/{spinwheel}", BODY, signature(emulator, BODY)).status_code == 404


def test_a_body_has_a_largest_size_and_one_method(client: CheckedClient, tenant: MadeTenant) -> None:
    assert post(client, hook(tenant), b"x" * 70_000, "a.b.c").status_code == 413
    assert client.get(hook(tenant)).status_code == 405


def test_an_older_connection_still_hears_what_it_began(
    client: CheckedClient, tenant: MadeTenant, emulator: Emulator
) -> None:
    settings = {"base_url": f"{emulator.url}/plaid", "link_url": emulator.url, "template_id": "t"}
    secrets = {"client_id": emulator.settings.plaid_client_id, "secret": emulator.settings.plaid_secret}
    rows = []
    for name in ("first", "second"):
        with tenant.services.database.session(tenant.scope) as session:
            rows.append(add_connection(session, tenant.scope, "plaid", name, settings, secrets))
    for row in rows:
        url = f"/hooks/plaid/{wire_id('connection', row.id)}"
        assert post(client, url, BODY, signature(emulator, BODY)).status_code == 200
    with tenant.services.database.session(tenant.scope) as session:
        session.merge(rows[0]).disabled_at = rows[0].created_at
    url = f"/hooks/plaid/{wire_id('connection', rows[0].id)}"
    assert post(client, url, BODY, signature(emulator, BODY)).status_code == 404


def _at_the_bank(tenant: MadeTenant) -> Any:
    """An onboarding whose consumer has the bank's window open."""
    onboarding_id, _ = tenant.onboard()
    with tenant.services.database.session(tenant.scope) as session:
        onboarding = get_onboarding(session, onboarding_id)  # type: ignore[arg-type]
        assert onboarding is not None
        for move in ("start", "send_code", "prove_phone"):
            make_move(session, onboarding, move)
        vault(session).seal(onboarding, "link_token", LINK_TOKEN)
        for token in (EARLIER_TOKEN, LINK_TOKEN):
            session.add(
                ProviderLink(
                    tenant_id=tenant.scope.tenant_id,
                    mode=tenant.scope.mode,
                    kind="link_token",
                    digest=vault(session).digest(f"link_token:{token}"),
                    target_id=onboarding.id,
                )
            )
        make_move(session, onboarding, "open_bank", rung=LAYER_PHONE)
    return onboarding_id


def _finished(**more: Any) -> bytes:
    body = {
        "webhook_type": "LINK",
        "webhook_code": "SESSION_FINISHED",
        "status": "SUCCESS",
        "link_token": LINK_TOKEN,
        "public_tokens": [PUBLIC_TOKEN],
    }
    return json.dumps({**body, **more}).encode()


def _onboarding(tenant: MadeTenant, onboarding_id: Any) -> tuple[str, str | None]:
    """Where it stands, and the public token that the consumer waits for."""
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        row = session.get_one(Onboarding, onboarding_id)
        wanted = [one.token for one in waiting_tokens(session, row) if one.wanted]
        return f"{row.step}/{row.stage}", next(iter(wanted), None)


def _work_events(app: Flask) -> None:
    """The jobs of webhooks alone: fetching the bank is another story."""
    handlers: dict[str, Handler] = dict.fromkeys(HANDLERS, lambda _services, _job: None)
    Worker(app.extensions["services"], 1, {**handlers, "provider.event": handle_event}).run_due()


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({}, ("bank/fetching", PUBLIC_TOKEN)),
        ({"status": "EXITED", "public_tokens": []}, ("bank/link", None)),
        ({"link_token": EARLIER_TOKEN}, ("bank/link", None)),
        ({"link_token": "link-sandbox-unknown"}, ("bank/link", None)),
        ({"webhook_code": "EVENTS"}, ("bank/link", None)),
    ],
)
def test_a_finished_session_is_taken_though_the_browser_died(
    app: Flask,
    client: CheckedClient,
    tenant: MadeTenant,
    emulator: Emulator,
    more: dict[str, Any],
    place: tuple[str, str | None],
) -> None:
    onboarding_id = _at_the_bank(tenant)
    body = _finished(**more)
    assert post(client, hook(tenant), body, signature(emulator, body)).status_code == 200
    _work_events(app)
    assert _onboarding(tenant, onboarding_id) == place
    assert [(event.handled_at is not None, event.body_sealed) for event in events(tenant)] == [(True, None)]


def test_another_tenants_hook_moves_nothing(
    app: Flask, client: CheckedClient, tenant: MadeTenant, other_tenant: MadeTenant, emulator: Emulator
) -> None:
    onboarding_id = _at_the_bank(tenant)
    body = _finished()
    assert post(client, hook(other_tenant), body, signature(emulator, body)).status_code == 200
    _work_events(app)
    assert _onboarding(tenant, onboarding_id) == ("bank/link", None)
    live = wire_id("connection", default_connection_id(Scope(tenant.scope.tenant_id, Mode.LIVE), "plaid"))
    assert post(client, f"/hooks/plaid/{live}", body, signature(emulator, body)).status_code == 404

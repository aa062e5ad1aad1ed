"""`/hooks/spinwheel/{connection}`: whoever knows the secret header; without a secret, nobody."""

import json

import pytest
from sqlalchemy import select

from app.domain.connections import add_connection, default_connection_id
from app.domain.ids import wire_id
from app.models import ProviderEvent
from app.worker import Worker
from tests.support.clients import CheckedClient
from tests.support.tenants import MadeTenant

SECRET = "spinwheel-hook-secret"
BODY = json.dumps({"webhookId": "1-0", "eventType": "NEW_LIABILITIES_REPORTED", "userId": "canary"}).encode()
URLS = {"base_url": "http://127.0.0.1:9", "secure_base_url": "http://127.0.0.1:9"}


@pytest.fixture
def more_settings() -> dict[str, str]:
    """An installation with a Spinwheel connection and its secret."""
    return {"PREFILL_SPINWHEEL__API_KEY": "k", "PREFILL_SPINWHEEL__WEBHOOK_SECRET": SECRET}


def hook(tenant: MadeTenant) -> str:
    """The address of the tenant's use of the installation's connection."""
    return f"/hooks/spinwheel/{wire_id('connection', default_connection_id(tenant.scope, 'spinwheel'))}"


def post(client: CheckedClient, url: str, secret: str | None, body: bytes = BODY) -> int:
    """The status of one webhook."""
    headers = {"Content-Type": "application/json", **({"X-Webhook-Secret": secret} if secret is not None else {})}
    return client.post(url, data=body, headers=headers).status_code


def events(tenant: MadeTenant) -> list[ProviderEvent]:
    """What was kept."""
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        return list(session.scalars(select(ProviderEvent)))


def test_with_the_secret_it_is_kept_once_and_worked(client: CheckedClient, tenant: MadeTenant, worker: Worker) -> None:
    assert [post(client, hook(tenant), SECRET) for _ in range(2)] == [202, 202]
    (event,) = events(tenant)
    assert (event.provider, event.kind) == ("spinwheel", "NEW_LIABILITIES_REPORTED")
    assert event.body_sealed is not None
    assert b"canary" not in event.body_sealed
    worker.run_due()
    (event,) = events(tenant)
    assert event.handled_at is not None
    assert event.body_sealed is None


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", SECRET[:-1], "sécret"])
def test_without_it_nothing(client: CheckedClient, tenant: MadeTenant, secret: str | None) -> None:
    assert post(client, hook(tenant), secret) == 401
    assert events(tenant) == []


def test_what_is_no_json_object_is_refused(client: CheckedClient, tenant: MadeTenant) -> None:
    for body in (b"", b"[]", b"{"):
        assert post(client, hook(tenant), SECRET, body) == 401


def test_a_connection_without_a_secret_takes_nothing(client: CheckedClient, tenant: MadeTenant) -> None:
    with tenant.services.database.session(tenant.scope) as session:
        secrets = {"api_key": "k", "webhook_secret": ""}
        row = add_connection(session, tenant.scope, "spinwheel", "own", URLS, secrets)
    url = f"/hooks/spinwheel/{wire_id('connection', row.id)}"
    assert [post(client, url, secret) for secret in ("", None, SECRET)] == [401, 401, 401]


def test_each_tenant_has_its_own_secret(client: CheckedClient, tenant: MadeTenant, other_tenant: MadeTenant) -> None:
    with other_tenant.services.database.session(other_tenant.scope) as session:
        secrets = {"api_key": "k", "webhook_secret": "theirs"}
        row = add_connection(session, other_tenant.scope, "spinwheel", "own", URLS, secrets)
    url = f"/hooks/spinwheel/{wire_id('connection', row.id)}"
    assert (post(client, url, SECRET), post(client, url, "theirs")) == (401, 202)
    assert events(tenant) == []
    assert len(events(other_tenant)) == 1


def test_an_unknown_connection_is_no_address(client: CheckedClient, tenant: MadeTenant) -> None:
    assert post(client, "/hooks/spinwheel/con_" + "0" * 32, SECRET) == 404
    assert post(client, hook(tenant).replace("/spinwheel/", "/elsewhere/"), SECRET) == 404

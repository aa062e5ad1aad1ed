"""The tokens we sign, verified as a tenant verifies them: with the published keys and a library of its own."""

import base64
import datetime as dt
import json
from typing import Any

import pytest
import time_machine
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.domain.ids import wire_id
from app.domain.signing import add_signing_key
from tests.integration.test_api_onboardings import URL, create
from tests.support.clients import CheckedClient
from tests.support.settings import APP_URL
from tests.support.tenants import MadeTenant

RETURN, CLIENT = "onboarding-return+jwt", "onboarding-client+jwt"


def verify(client: CheckedClient, token: str, typ: str, audience: str) -> dict[str, Any]:
    """The claims, or JoseError."""
    keys = KeySet.import_key_set(client.get("/.well-known/jwks.json").get_json())
    decoded = jwt.decode(token, keys, algorithms=["ES256"])
    jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": APP_URL},
        aud={"essential": True, "value": audience},
        exp={"essential": True},
    ).validate(decoded.claims)
    assert decoded.header["typ"] == typ
    return dict(decoded.claims)


def fresh(client: CheckedClient, tenant: MadeTenant, **fields: Any) -> tuple[str, str]:
    """An onboarding's id and a fresh return token."""
    made = create(client, tenant, **fields)
    read = client.get(f"{URL}/{made['id']}", headers=tenant.headers).get_json()
    return made["id"], read["return_token"]


def test_the_return_token_says_who_and_how_it_stands(client: CheckedClient, tenant: MadeTenant) -> None:
    onboarding_id, token = fresh(client, tenant, state="a-state")
    claims = verify(client, token, RETURN, wire_id("tenant", tenant.scope.tenant_id))
    assert (claims["sub"], claims["status"], claims["state"]) == (onboarding_id, "created", "a-state")
    assert claims["mode"] == "test"
    assert claims["exp"] - claims["iat"] == 600
    other = client.get(f"{URL}/{onboarding_id}", headers=tenant.headers).json["return_token"]
    assert verify(client, other, RETURN, claims["aud"])["jti"] != claims["jti"]


def test_it_is_refused_after_ten_minutes(client: CheckedClient, tenant: MadeTenant) -> None:
    audience = wire_id("tenant", tenant.scope.tenant_id)
    _, token = fresh(client, tenant)
    now = dt.datetime.now(dt.UTC)
    with time_machine.travel(now + dt.timedelta(seconds=590)):
        verify(client, token, RETURN, audience)
    with time_machine.travel(now + dt.timedelta(seconds=602)), pytest.raises(JoseError):
        verify(client, token, RETURN, audience)


def test_it_is_refused_for_another_tenant(client: CheckedClient, tenant: MadeTenant, other_tenant: MadeTenant) -> None:
    _, token = fresh(client, tenant)
    with pytest.raises(JoseError):
        verify(client, token, RETURN, wire_id("tenant", other_tenant.scope.tenant_id))


def test_it_is_refused_when_altered(client: CheckedClient, tenant: MadeTenant) -> None:
    audience = wire_id("tenant", tenant.scope.tenant_id)
    _, token = fresh(client, tenant)
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    claims["status"] = "completed"
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none","typ":"onboarding-return+jwt"}').rstrip(b"=").decode()
    for wrong in (f"{header}.{forged}.{signature}", f"{unsigned}.{forged}.", f"{header}.{payload}."):
        with pytest.raises((JoseError, ValueError)):
            verify(client, wrong, RETURN, audience)


def test_the_client_token_is_another_kind(client: CheckedClient, tenant: MadeTenant) -> None:
    made = create(client, tenant)
    claims = verify(client, made["client_token"], CLIENT, wire_id("tenant", tenant.scope.tenant_id))
    assert (claims["sub"], claims["mode"]) == (made["id"], "test")
    assert claims["exp"] - claims["iat"] == 3600
    with pytest.raises(AssertionError):
        verify(client, made["client_token"], RETURN, claims["aud"])
    answer = client.get(URL, headers={"Authorization": f"Bearer {made['client_token']}"})
    assert answer.status_code == 401


def test_the_published_keys_are_public_and_outlive_a_rotation(client: CheckedClient, tenant: MadeTenant) -> None:
    _, token = fresh(client, tenant)
    before = client.get("/.well-known/jwks.json").get_json()["keys"]
    with tenant.services.database.session() as session:
        add_signing_key(session)
    after = client.get("/.well-known/jwks.json").get_json()["keys"]
    assert len(after) == len(before) + 1
    assert all("d" not in key and key["alg"] == "ES256" for key in after)
    audience = wire_id("tenant", tenant.scope.tenant_id)
    verify(client, token, RETURN, audience)
    verify(client, fresh(client, tenant, external_user_id="m-2")[1], RETURN, audience)

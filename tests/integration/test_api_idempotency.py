"""`Idempotency-Key`: one effect, the same answer again, and what is refused."""

import datetime as dt
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.api import onboardings
from app.domain.idempotency import begin
from app.models import IdempotencyKey, Onboarding
from tests.integration.test_api_onboardings import URL
from tests.support.clients import CheckedClient
from tests.support.tenants import MadeTenant

BODY = {"external_user_id": "member-1", "state": "canary-state"}


def post(client: CheckedClient, tenant: MadeTenant, key: str, body: Any = None, path: str = URL) -> TestResponse:
    """One POST with a key."""
    headers = {**tenant.headers, "Idempotency-Key": key}
    return client.post(path, json=BODY if body is None else body, headers=headers)


def count(tenant: MadeTenant) -> int:
    """How many onboardings there are."""
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        return session.scalar(select(func.count(Onboarding.id))) or 0


def test_the_same_answer_again(client: CheckedClient, tenant: MadeTenant) -> None:
    first = post(client, tenant, "k-1")
    again = post(client, tenant, '"k-1"', {"state": "canary-state", "external_user_id": "member-1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    assert again.headers["Location"] == first.headers["Location"]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert count(tenant) == 1


def test_the_answer_is_kept_sealed(client: CheckedClient, tenant: MadeTenant) -> None:
    url = post(client, tenant, "k-1").json["url"]
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        row = session.scalars(select(IdempotencyKey)).one()
    assert row.answer_sealed is not None
    for hidden in (b"canary", url.encode()):
        assert hidden not in row.answer_sealed
    assert row.key_digest != b"k-1"


def test_another_body_is_refused(client: CheckedClient, tenant: MadeTenant) -> None:
    post(client, tenant, "k-1")
    other = post(client, tenant, "k-1", {"external_user_id": "member-2"})
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
    assert count(tenant) == 1


def test_a_key_on_another_onboarding_is_another_request(client: CheckedClient, tenant: MadeTenant) -> None:
    one, two = (post(client, tenant, key).json["id"] for key in ("a", "b"))
    assert post(client, tenant, "k", {}, f"{URL}/{one}/cancel").status_code == 200
    assert post(client, tenant, "k", {}, f"{URL}/{one}/cancel").headers["Idempotent-Replayed"] == "true"
    assert post(client, tenant, "k", {}, f"{URL}/{two}/cancel").json["code"] == "idempotency_key_reused"


def test_keys_of_two_tenants_never_meet(client: CheckedClient, tenant: MadeTenant, other_tenant: MadeTenant) -> None:
    first, other = post(client, tenant, "k-1"), post(client, other_tenant, "k-1")
    assert other.status_code == 201
    assert other.json["id"] != first.json["id"]


def test_a_problem_is_kept_too(client: CheckedClient, tenant: MadeTenant) -> None:
    body = {"external_user_id": "member-1", "return_url": "https://evil.example/"}
    first, again = post(client, tenant, "k-1", body), post(client, tenant, "k-1", body)
    assert (first.status_code, again.status_code) == (422, 422)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json["errors"] == first.json["errors"]
    assert again.json["request_id"] == again.headers["X-Request-Id"] != first.json["request_id"]


def test_a_mistake_in_the_body_uses_no_key_up(client: CheckedClient, tenant: MadeTenant) -> None:
    assert post(client, tenant, "k-1", {"external_user_id": ""}).status_code == 422
    assert post(client, tenant, "k-1").status_code == 201


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "naïve", '"a"b"'])
def test_a_malformed_key_is_refused(client: CheckedClient, tenant: MadeTenant, key: str) -> None:
    answer = post(client, tenant, key)
    assert (answer.status_code, answer.json["code"]) == (400, "idempotency_key_invalid")
    assert count(tenant) == 0


def test_while_the_first_is_running(client: CheckedClient, tenant: MadeTenant) -> None:
    claimed = {"path": URL, "body": BODY}
    begin(tenant.services, tenant.scope, "api.onboardings.create", "k-1", claimed)
    answer = post(client, tenant, "k-1")
    assert (answer.status_code, answer.json["code"]) == (409, "idempotency_key_in_use")
    # Whoever claimed it has died meanwhile.
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=3)):
        assert post(client, tenant, "k-1").status_code == 201


def test_a_fault_of_ours_gives_the_key_back(client: CheckedClient, tenant: MadeTenant) -> None:
    with patch.object(onboardings, "create_onboarding", side_effect=RuntimeError("canary")):
        broken = post(client, tenant, "k-1")
    assert (broken.status_code, broken.json["code"]) == (500, "server_error")
    assert "canary" not in broken.get_data(as_text=True)
    assert post(client, tenant, "k-1").status_code == 201
    assert count(tenant) == 1


def test_a_day_later_the_key_is_new(client: CheckedClient, tenant: MadeTenant) -> None:
    first = post(client, tenant, "k-1").json["id"]
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(hours=25)):
        assert post(client, tenant, "k-1").json["id"] != first

"""What holds for every call: keys, media types, bodies, methods, headers and limits."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from limits import RateLimitItemPerMinute
from sqlalchemy import select

from app.api import limits
from app.extensions import limiter
from app.models import ApiKey, Tenant
from tests.integration.test_api_onboardings import URL, create
from tests.support.clients import CheckedClient
from tests.support.tenants import MadeTenant

JSON = {"Content-Type": "application/json"}


def key_row(tenant: MadeTenant) -> ApiKey:
    """The tenant's key as stored."""
    with tenant.services.database.session(read_only=True) as session:
        return session.scalars(select(ApiKey).where(ApiKey.tenant_id == tenant.scope.tenant_id)).one()


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "missing_credentials"),
        ("", "missing_credentials"),
        ("Basic c2tfdGVzdDo=", "missing_credentials"),
        ("Bearer", "missing_credentials"),
        ("Bearer nonsense", "invalid_credentials"),
        ("Bearer sk_test_" + "A" * 46, "invalid_credentials"),
    ],
)
def test_without_a_good_key_nothing(client: CheckedClient, tenant: MadeTenant, header: str | None, code: str) -> None:
    headers = {} if header is None else {"Authorization": header}
    for answer in (client.get(URL, headers=headers), client.post(URL, json={}, headers=headers)):
        assert (answer.status_code, answer.json["code"]) == (401, code)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.mimetype == "application/problem+json"


def test_a_key_in_the_address_is_no_key(client: CheckedClient, tenant: MadeTenant) -> None:
    assert client.get(f"{URL}?api_key={tenant.api_key}").status_code == 401


def test_revoked_expired_and_closed(client: CheckedClient, tenant: MadeTenant) -> None:
    database, key_id = tenant.services.database, key_row(tenant).id
    past = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
    for name in ("revoked_at", "expires_at"):
        with database.session() as session:
            setattr(session.get_one(ApiKey, key_id), name, past)
        assert client.get(URL, headers=tenant.headers).status_code == 401
        with database.session() as session:
            setattr(session.get_one(ApiKey, key_id), name, None)
        assert client.get(URL, headers=tenant.headers).status_code == 200
    with database.session() as session:
        session.get_one(Tenant, tenant.scope.tenant_id).status = "closed"
    assert client.get(URL, headers=tenant.headers).status_code == 401


def test_a_key_notes_its_use_once_a_minute(client: CheckedClient, tenant: MadeTenant) -> None:
    assert key_row(tenant).last_used_at is None
    start = dt.datetime.now(dt.UTC)
    noted = []
    for seconds in (0, 30, 61):
        with time_machine.travel(start + dt.timedelta(seconds=seconds), tick=False):
            client.get(URL, headers=tenant.headers)
        noted.append(key_row(tenant).last_used_at)
    assert noted[0] == noted[1] == start
    assert noted[2] == start + dt.timedelta(seconds=61)


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""])
def test_only_json_is_taken(client: CheckedClient, tenant: MadeTenant, media: str) -> None:
    answer = client.post(URL, data=b"{}", headers=tenant.headers, content_type=media)
    assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'{"state": "a", "state": "b"}', b'{"state": NaN}'])
def test_what_is_no_json_object_is_refused(client: CheckedClient, tenant: MadeTenant, raw: bytes) -> None:
    answer = client.post(URL, data=raw, headers={**tenant.headers, **JSON})
    assert (answer.status_code, answer.json["code"]) == (400, "malformed_json")


def test_a_body_has_a_largest_size(client: CheckedClient, tenant: MadeTenant) -> None:
    raw = b'{"external_user_id": "' + b"x" * 70_000 + b'"}'
    answer = client.post(URL, data=raw, headers={**tenant.headers, **JSON})
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")


def test_a_call_without_a_body_takes_an_empty_object_only(client: CheckedClient, tenant: MadeTenant) -> None:
    url = f"{URL}/{create(client, tenant)['id']}/link"
    assert client.post(url, headers=tenant.headers).status_code == 200
    assert client.post(url, data=b"{}", headers={**tenant.headers, **JSON}).status_code == 200
    assert client.post(url, json={"expires_in": 5}, headers=tenant.headers).status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", URL, {"GET", "HEAD", "OPTIONS", "POST"}),
        ("PUT", f"{URL}/onb_{'0' * 32}", {"GET", "HEAD", "OPTIONS"}),
        ("GET", f"{URL}/onb_{'0' * 32}/cancel", {"OPTIONS", "POST"}),
        ("POST", f"{URL}/onb_{'0' * 32}/result", {"GET", "HEAD", "OPTIONS"}),
        ("TRACE", URL, {"GET", "HEAD", "OPTIONS", "POST"}),
    ],
)
def test_other_methods_are_named(
    client: CheckedClient, tenant: MadeTenant, method: str, path: str, allowed: set[str]
) -> None:
    answer = client.open(path, method=method, headers=tenant.headers)
    assert (answer.status_code, answer.json["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == allowed


def test_a_path_that_is_none_is_a_problem_too(client: CheckedClient, tenant: MadeTenant) -> None:
    answer = client.get("/api/v1/nothing", headers=tenant.headers)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_every_answer_says_who_and_how_it_may_be_kept(client: CheckedClient, tenant: MadeTenant) -> None:
    answer = client.get(URL, headers={**tenant.headers, "X-Request-Id": "my-own-id-1"})
    assert answer.headers["X-Request-Id"] == "my-own-id-1"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    odd = client.get(URL, headers={**tenant.headers, "X-Request-Id": "a b"})
    assert odd.headers["X-Request-Id"].startswith("req_")


def _limits(answer: Any) -> list[int]:
    return [int(answer.headers[f"RateLimit-{name}"]) for name in ("Limit", "Remaining", "Reset")]


def test_limits_are_told_and_kept(
    client: CheckedClient, tenant: MadeTenant, other_tenant: MadeTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WINDOWS", (RateLimitItemPerMinute(3),))
    for left in (2, 1, 0):
        answer = client.get(URL, headers=tenant.headers)
        assert answer.status_code == 200
        assert _limits(answer)[:2] == [3, left]
        assert 1 <= _limits(answer)[2] <= 60
        assert "Retry-After" not in answer.headers
    over = client.get(URL, headers=tenant.headers)
    assert (over.status_code, over.json["code"]) == (429, "too_many_requests")
    assert over.mimetype == "application/problem+json"
    assert _limits(over)[:2] == [3, 0]
    assert 1 <= int(over.headers["Retry-After"]) <= 60
    assert client.get(URL, headers=other_tenant.headers).status_code == 200


def test_without_its_store_calls_go_on_uncounted(
    client: CheckedClient, tenant: MadeTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> bool:
        raise ValueError("the store is away")

    monkeypatch.setattr(limiter.limiter, "hit", away)
    answer = client.get(URL, headers=tenant.headers)
    assert answer.status_code == 200
    assert not [name for name, _ in answer.headers if name.startswith("RateLimit")]

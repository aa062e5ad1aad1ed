"""`/api/v1/onboardings` as a tenant's server calls it."""

import datetime as dt
from typing import Any

import pytest
import time_machine

from app.domain.consents import Shown, Visitor
from app.domain.flow import make_move
from app.domain.ids import parse_id, wire_id
from app.domain.launch import find_link
from app.domain.onboardings import end_onboarding, get_onboarding
from app.domain.result import complete
from app.domain.tenants import create_api_key
from app.models import Mode
from app.models.session import Scope
from tests.support.clients import CheckedClient
from tests.support.tenants import EMBED_ORIGIN, RETURN_URL, MadeTenant

KNOWN = {
    "personal_info": {
        "first_name": "Maria",
        "last_name": "Ortiz",
        "email": "maria.ortiz@mail.example",
        "phone_number": "+14155550011",
        "date_of_birth": "1975-01-18",
        "ssn": "0011",
    },
    "addresses": [{"street": "1427 Larkspur Street", "city": "San Leandro", "state": "CA", "postal_code": "94577"}],
}
URL = "/api/v1/onboardings"


def create(client: CheckedClient, tenant: MadeTenant, **fields: Any) -> dict[str, Any]:
    """A new onboarding, as answered."""
    body = {"external_user_id": "member-1", **fields}
    answer = client.post(URL, json=body, headers=tenant.headers)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    made: dict[str, Any] = answer.get_json()
    return made


def refused(client: CheckedClient, tenant: MadeTenant, **fields: Any) -> list[tuple[str, str]]:
    """Where and why a creation is refused."""
    answer = client.post(URL, json={"external_user_id": "member-1", **fields}, headers=tenant.headers)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert answer.json["code"] == "invalid_request"
    return [(error["pointer"], error["code"]) for error in answer.json["errors"]]


def share(tenant: MadeTenant, onboarding_id: str) -> None:
    """Bring an onboarding whose data the tenant knew to its end."""
    with tenant.services.database.session(tenant.scope) as session:
        onboarding = get_onboarding(session, parse_id("onboarding", onboarding_id))
        assert onboarding is not None
        for move in ("start", "go_by_hand", "save_by_hand"):
            make_move(session, onboarding, move)
        complete(session, onboarding, Shown("share", "1", "en", "I share."), Visitor("127.0.0.1", "test"))


def live_key_of(tenant: MadeTenant) -> dict[str, str]:
    """The headers of the same tenant in live mode."""
    scope = Scope(tenant.scope.tenant_id, Mode.LIVE)
    with tenant.services.database.session(scope) as session:
        _, key = create_api_key(session, scope, "live")
    return {"Authorization": f"Bearer {key}"}


def test_a_new_onboarding_has_a_launch_link(client: CheckedClient, tenant: MadeTenant) -> None:
    answer = client.post(
        URL,
        json={
            "external_user_id": "member-1",
            "return_url": RETURN_URL,
            "state": "a-state",
            "metadata": {"branch": 7},
            "locale": "es",
            "expires_in": 3600,
        },
        headers=tenant.headers,
    )
    assert answer.status_code == 201
    made = answer.json
    assert answer.headers["Location"] == f"http://localhost:8000{URL}/{made['id']}"
    assert answer.headers["Cache-Control"] == "no-store"
    assert (made["status"], made["step"], made["mode"]) == ("created", "phone", "test")
    assert (made["external_user_id"], made["return_url"], made["locale"]) == ("member-1", RETURN_URL, "es")
    assert (made["state"], made["metadata"]) == ("a-state", {"branch": 7})
    assert made["id"].startswith("onb_")
    assert made["user_id"].startswith("usr_")
    assert len(made["reference"]) == 7
    created, expires = (dt.datetime.fromisoformat(made[name]) for name in ("created_at", "expires_at"))
    assert abs(expires - created - dt.timedelta(hours=1)) < dt.timedelta(seconds=1)
    assert made["url"].startswith("http://localhost:8000/o/")
    with tenant.services.database.session(read_only=True) as session:
        found = find_link(session, made["url"].rpartition("/")[2])
    assert found is not None
    assert found.usable
    assert wire_id("onboarding", found.onboarding_id) == made["id"]


def test_reading_gives_the_same_without_what_is_told_once(client: CheckedClient, tenant: MadeTenant) -> None:
    made = create(client, tenant, state="s", metadata={"a": [1]})
    read = client.get(f"{URL}/{made['id']}", headers=tenant.headers).json
    for once in ("url", "link_expires_at", "client_token"):
        assert once in made
        assert once not in read
    fresh = read.pop("return_token")
    assert fresh != made["return_token"]
    assert read == {name: made[name] for name in read}
    assert set(read) == set(made) - {"url", "link_expires_at", "client_token", "return_token"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"return_url": RETURN_URL + "/"}, ("/return_url", "return_url_not_allowed")),
        ({"return_url": "https://evil.example/return"}, ("/return_url", "return_url_not_allowed")),
        ({"embed_origin": "https://evil.example"}, ("/embed_origin", "embed_origin_not_allowed")),
        ({"fields": {"shoe_size": "required"}}, ("/fields/shoe_size", "unknown_field")),
        ({"prefill": {"locked": ["email"]}}, ("/prefill/locked/0", "locked_without_value")),
        (
            {"prefill": {"personal_info": {"phone_number": "+17875550123"}}},
            ("/prefill/personal_info/phone_number", "country_not_accepted"),
        ),
        ({"steps": ["bank"]}, ("/steps", "invalid")),
        ({"surprise": 1}, ("/surprise", "unknown")),
        ({"external_user_id": "maria@mail.example"}, ("/external_user_id", "invalid")),
        ({"external_user_id": "x" * 256}, ("/external_user_id", "too_long")),
        ({"locale": "fr"}, ("/locale", "not_one_of")),
    ],
)
def test_what_cannot_be_done_is_refused_at_its_place(
    client: CheckedClient, tenant: MadeTenant, fields: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert refused(client, tenant, **fields) == [expected]


def test_a_refusal_repeats_no_value(client: CheckedClient, tenant: MadeTenant) -> None:
    prefill = {"personal_info": {"email": "canary-not-mail", "ssn": "canary"}}
    answer = client.post(
        URL, json={"external_user_id": "canary@mail.example", "prefill": prefill}, headers=tenant.headers
    )
    assert answer.status_code == 422
    assert "canary" not in answer.get_data(as_text=True)


def test_allowed_places_are_taken(client: CheckedClient, tenant: MadeTenant) -> None:
    made = create(client, tenant, embed_origin=EMBED_ORIGIN, return_url=RETURN_URL)
    assert (made["embed_origin"], made["return_url"]) == (EMBED_ORIGIN, RETURN_URL)


def test_a_fresh_link_while_it_is_open(client: CheckedClient, tenant: MadeTenant) -> None:
    made = create(client, tenant)
    answer = client.post(f"{URL}/{made['id']}/link", headers=tenant.headers)
    assert answer.status_code == 200
    assert set(answer.json) == {"id", "url", "link_expires_at"}
    assert answer.json["url"] != made["url"]
    client.post(f"{URL}/{made['id']}/cancel", headers=tenant.headers)
    ended = client.post(f"{URL}/{made['id']}/link", headers=tenant.headers)
    assert (ended.status_code, ended.json["code"]) == (409, "onboarding_ended")


def test_cancel_ends_it_once(client: CheckedClient, tenant: MadeTenant) -> None:
    made = create(client, tenant)
    first = client.post(f"{URL}/{made['id']}/cancel", json={}, headers=tenant.headers).json
    second = client.post(f"{URL}/{made['id']}/cancel", headers=tenant.headers).json
    assert (first["status"], first["reason"]) == ("canceled", "by_tenant")
    assert second["ended_at"] == first["ended_at"] is not None
    again = create(client, tenant)
    with tenant.services.database.session(tenant.scope) as session:
        onboarding = get_onboarding(session, parse_id("onboarding", again["id"]))
        assert onboarding is not None
        end_onboarding(session, onboarding, "fail", "too_young")
    ended = client.post(f"{URL}/{again['id']}/cancel", headers=tenant.headers)
    assert (ended.status_code, ended.json["code"]) == (409, "onboarding_ended")
    assert "failed" in ended.json["detail"]


def test_an_onboarding_past_its_time_is_expired_before_any_job_ran(client: CheckedClient, tenant: MadeTenant) -> None:
    made = create(client, tenant, expires_in=300)
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=301)):
        assert client.get(f"{URL}/{made['id']}", headers=tenant.headers).json["status"] == "expired"
        expired = client.get(f"{URL}?status=expired", headers=tenant.headers).json["data"]
        assert [row["id"] for row in expired] == [made["id"]]
        assert client.get(f"{URL}?status=created", headers=tenant.headers).json["data"] == []
        assert client.post(f"{URL}/{made['id']}/cancel", headers=tenant.headers).status_code == 409


def test_the_result_once_it_is_shared(client: CheckedClient, tenant: MadeTenant) -> None:
    made = create(client, tenant, prefill={**KNOWN, "locked": ["last_name"]}, state="s", metadata={"a": 1})
    early = client.get(f"{URL}/{made['id']}/result", headers=tenant.headers)
    assert (early.status_code, early.json["code"]) == (409, "onboarding_not_completed")
    share(tenant, made["id"])
    answer = client.get(f"{URL}/{made['id']}/result", headers=tenant.headers)
    assert answer.status_code == 200
    result = answer.json
    assert result["prefill"]["personal_info"]["first_name"] == "Maria"
    assert result["prefill"]["addresses"][0]["postal_code"] == "94577"
    assert (result["onboarding_id"], result["user_id"]) == (made["id"], made["user_id"])
    assert (result["state"], result["metadata"], result["status"]) == ("s", {"a": 1}, "completed")
    assert {"schema_version", "provenance", "verifications", "consents", "left_out"} <= set(result)
    assert [consent["kind"] for consent in result["consents"]] == ["share"]
    read = client.get(f"{URL}/{made['id']}", headers=tenant.headers).json
    assert (read["status"], read["step"]) == ("completed", "done")


@pytest.mark.parametrize("call", ["", "/link", "/cancel", "/result"])
def test_another_tenants_and_the_other_modes_look_like_none(
    client: CheckedClient, tenant: MadeTenant, other_tenant: MadeTenant, call: str
) -> None:
    own = create(client, tenant)["id"]
    live = live_key_of(tenant)
    respelled = own.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    ids = [own, "onb_" + "0" * 32, "usr_" + own[4:], own.upper(), "nonsense", own[:-1], respelled]
    answers = []
    for headers in (other_tenant.headers, live):
        for each in ids:
            method = "GET" if call in ("", "/result") else "POST"
            answer = client.open(f"{URL}/{each}{call}", method=method, headers=headers)
            body = answer.get_json()
            assert body.pop("request_id") == answer.headers["X-Request-Id"]
            answers.append((answer.status_code, body))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0][0] == 404
    assert client.get(f"{URL}/{respelled}", headers=tenant.headers).status_code == 404
    assert client.get(f"{URL}/{own}", headers=tenant.headers).json["status"] == "created"

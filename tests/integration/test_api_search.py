"""`GET /api/v1/onboardings`: filters, pages and cursors."""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.integration.test_api_onboardings import URL, create
from tests.support.clients import CheckedClient
from tests.support.tenants import MadeTenant


def search(client: CheckedClient, tenant: MadeTenant, **query: Any) -> dict[str, Any]:
    """A page."""
    answer = client.get(f"{URL}?{urlencode(query)}", headers=tenant.headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    page: dict[str, Any] = answer.get_json()
    return page


def ids(page: dict[str, Any]) -> list[str]:
    """The ids of a page."""
    return [row["id"] for row in page["data"]]


def test_pages_hold_each_once_newest_first(client: CheckedClient, tenant: MadeTenant) -> None:
    made = [create(client, tenant, external_user_id=f"member-{number}")["id"] for number in range(5)]
    seen: list[str] = []
    page = search(client, tenant, limit=2)
    while True:
        seen += ids(page)
        assert page["has_more"] == (page["next_cursor"] is not None)
        if not page["has_more"]:
            break
        # What is new meanwhile does not shift the pages behind.
        create(client, tenant, external_user_id="late")
        page = search(client, tenant, limit=2, cursor=page["next_cursor"])
    assert seen == list(reversed(made))


def test_a_page_holds_no_tokens_and_nothing_sealed(client: CheckedClient, tenant: MadeTenant) -> None:
    create(client, tenant, state="canary-state", metadata={"a": "canary"})
    page = search(client, tenant)
    assert "canary" not in str(page)
    assert not {"url", "client_token", "return_token", "state", "metadata"} & set(page["data"][0])


def test_filters(client: CheckedClient, tenant: MadeTenant, other_tenant: MadeTenant) -> None:
    first = create(client, tenant, external_user_id="a")
    second = create(client, tenant, external_user_id="b")
    create(client, other_tenant, external_user_id="a")
    client.post(f"{URL}/{first['id']}/cancel", headers=tenant.headers)
    assert ids(search(client, tenant, external_user_id="a")) == [first["id"]]
    assert ids(search(client, tenant, status="canceled")) == [first["id"]]
    assert ids(search(client, tenant, status="created")) == [second["id"]]
    assert ids(search(client, tenant, status="completed")) == []
    assert ids(search(client, tenant, created_after=first["created_at"])) == [second["id"]]
    assert ids(search(client, tenant, created_before=second["created_at"])) == [first["id"]]
    assert ids(search(client, tenant, external_user_id="nobody")) == []


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("limit=0", "/limit", "invalid"),
        ("limit=101", "/limit", "invalid"),
        ("limit=ten", "/limit", "invalid"),
        ("status=open", "/status", "invalid"),
        ("created_after=yesterday", "/created_after", "invalid"),
        ("created_after=2026-11-24T05:00:00", "/created_after", "invalid"),
        ("created_after=1795496472", "/created_after", "invalid"),
        ("created_after=2026-13-24T05:00:00Z", "/created_after", "invalid"),
        ("created_before=0001-01-01T00:00:00%2B10:00", "/created_before", "invalid"),
        ("external_user_id=%00", "/external_user_id", "invalid"),
        ("external_user_id=", "/external_user_id", "too_short"),
        ("offset=20", "/offset", "unknown"),
        ("api_key=sk_test_x", "/api_key", "unknown"),
        ("limit=1&limit=2", "/limit", "repeated"),
        ("cursor=", "/cursor", "invalid"),
        ("cursor=AAAA", "/cursor", "invalid"),
        ("cursor=%FF", "/cursor", "invalid"),
    ],
)
def test_a_query_that_means_nothing_is_refused(
    client: CheckedClient, tenant: MadeTenant, query: str, pointer: str, code: str
) -> None:
    answer = client.get(f"{URL}?{query}", headers=tenant.headers)
    assert answer.status_code == 422
    assert [(error["pointer"], error["code"]) for error in answer.json["errors"]] == [(pointer, code)]


def test_a_cursor_is_good_for_who_got_it_alone(
    client: CheckedClient, tenant: MadeTenant, other_tenant: MadeTenant
) -> None:
    for number in range(2):
        create(client, tenant, external_user_id=f"member-{number}")
    cursor = search(client, tenant, limit=1)["next_cursor"]
    assert client.get(f"{URL}?cursor={cursor}", headers=tenant.headers).status_code == 200
    assert client.get(f"{URL}?cursor={cursor}", headers=other_tenant.headers).status_code == 422
    spellings = [cursor + "==", cursor[:5] + "!" + cursor[5:], cursor[:-4], cursor[::-1]]
    for place in range(len(cursor)):
        other = "B" if cursor[place] == "A" else "A"
        spellings.append(cursor[:place] + other + cursor[place + 1 :])
    for changed in spellings:
        assert client.get(URL, query_string={"cursor": changed}, headers=tenant.headers).status_code == 422


def test_reads_take_no_parameters(client: CheckedClient, tenant: MadeTenant) -> None:
    made = create(client, tenant)
    for path in (f"{URL}/{made['id']}", f"{URL}/{made['id']}/result"):
        assert client.get(f"{path}?expand=all", headers=tenant.headers).status_code == 422

"""Whatever a tenant's server sends, it reads an answer of ours: taken or refused, never a fault."""

import json
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.api.start_request import StartRequest
from app.domain.prefill.fields import FIELDS
from tests.integration.test_api_onboardings import KNOWN, URL
from tests.support.clients import CheckedClient
from tests.support.tenants import EMBED_ORIGIN, RETURN_URL, MadeTenant

EASY = settings(
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

texts = st.text(max_size=40) | st.sampled_from(
    ["", "a", RETURN_URL, EMBED_ORIGIN, "https://[", "https://a:b@c", "+14155550011", "1975-01-18", "94577", "en", "²"]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
names = st.sampled_from(
    [
        *StartRequest.model_fields,
        *FIELDS,
        *KNOWN,
        *KNOWN["personal_info"],
        *KNOWN["addresses"][0],
        "locked",
        "terms_url",
    ]
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | st.text(max_size=8), inner, max_size=6),
    max_leaves=20,
)
bodies = st.fixed_dictionaries(
    {"external_user_id": st.just("member-1") | values},
    optional={
        name: values
        | st.fixed_dictionaries({}, optional={part: values for part in (*KNOWN, "employment", "locked")})
        | st.fixed_dictionaries({"personal_info": st.dictionaries(st.sampled_from([*KNOWN["personal_info"]]), values)})
        for name in StartRequest.model_fields
        if name != "external_user_id"
    },
)


paths = st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1, max_size=60)


def _checked(answer: Any) -> None:
    assert answer.status_code in (200, 201, 400, 404, 405, 415, 422), answer.get_data(as_text=True)
    if answer.status_code >= 400:
        assert answer.mimetype == "application/problem+json"
        assert answer.json["code"]


@EASY
@given(body=bodies)
def test_any_body(client: CheckedClient, tenant: MadeTenant, body: Any) -> None:
    raw = json.dumps(body)
    headers = {**tenant.headers, "Content-Type": "application/json"}
    answer = client.post(URL, data=raw.encode("utf-8", "surrogatepass"), headers=headers)
    if answer.status_code != 429:
        _checked(answer)


@EASY
@given(
    query=st.dictionaries(
        st.sampled_from(["status", "limit", "cursor", "created_after", "external_user_id", "x"]), texts
    )
)
def test_any_query(client: CheckedClient, tenant: MadeTenant, query: dict[str, str]) -> None:
    answer = client.get(URL, query_string=query, headers=tenant.headers)
    if answer.status_code != 429:
        _checked(answer)


@EASY
@given(name=paths, call=st.sampled_from(["", "/link", "/cancel", "/result"]))
def test_any_id(client: CheckedClient, tenant: MadeTenant, name: str, call: str) -> None:
    method = "GET" if call in ("", "/result") else "POST"
    answer = client.open(f"{URL}/{quote(name, safe='')}{call}", method=method, headers=tenant.headers)
    if answer.status_code != 429:
        _checked(answer)

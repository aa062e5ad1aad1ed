"""The tenant's pages against a Prefill that is a few lines long, over real HTTP."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import html5lib
import pytest
from flask import Flask, jsonify, request
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from standardwebhooks import Webhook
from werkzeug.serving import make_server

from app.demo_tenant import create_demo_tenant
from app.demo_tenant.config import Config, config_from

TENANT_URL = "http://127.0.0.1:8002"
SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQ="
ONBOARDING = "onb_" + "0" * 31 + "1"
RESULT = {
    "schema_version": "2026-11-24",
    "prefill": {
        "personal_info": {"first_name": "Jane", "middle_name": None, "ssn": "1234"},
        "addresses": [{"type": "current", "street": "1 Main Street", "unit": None, "city": "Austin", "state": "TX"}],
        "employment": {},
        "financial_info": {
            "bank_accounts": [
                {
                    "institution_name": "First Platypus Bank",
                    "name": "Checking",
                    "mask": "0000",
                    "account_number": "1111222233330000",
                    "balance": {"current": "110.00", "currency": "USD"},
                }
            ],
            "credit_accounts": [{"kind": "credit_card", "creditor": "Gringotts", "mask": "42", "balance": "7.50"}],
            "total_assets": "110.00",
        },
    },
    "provenance": {
        "/personal_info/first_name": {"source": "plaid_layer", "verified": True, "edited": True},
        "/addresses/0": {"source": "spinwheel_profile"},
        "/financial_info/bank_accounts/0": {"source": "plaid_bank", "verified": True},
    },
    "verifications": [{"kind": "phone", "method": "spinwheel_sms", "verified_at": "2026-01-31T09:15:00+00:00"}],
    "consents": [{"kind": "terms", "version": "3", "text_hash": "ab12", "withdrawn_at": None}],
    "left_out": [{"kind": "bank_accounts", "count": 2}],
}


@dataclass
class FakePrefill:
    """What the tenant's server was told, and what it will be told."""

    url: str = ""
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "k1"}))
    created: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    authorizations: set[str] = field(default_factory=set)
    link_expires_at: str = "2999-01-01T00:00:00Z"
    links: int = 0
    status: str = "completed"

    def token(self, typ: str = "onboarding-return+jwt", **changed: Any) -> str:
        state = self.created[-1][1]["state"] if self.created else "none"
        claims = {"iss": self.url, "aud": "ten_1", "sub": ONBOARDING, "state": state, "status": self.status}
        claims |= {"exp": int(time.time()) + 600, **changed}
        return jwt.encode({"alg": "ES256", "kid": "k1", "typ": typ}, claims, self.key, algorithms=["ES256"])


def _application(fake: FakePrefill) -> Flask:
    prefill = Flask("fake_prefill")

    @prefill.before_request
    def note() -> None:
        if request.path.startswith("/api/"):
            fake.authorizations.add(request.headers.get("Authorization", ""))

    @prefill.post("/api/v1/onboardings")
    def create() -> Any:
        fake.created.append((request.headers["Idempotency-Key"], request.get_json()))
        link = {"url": f"{fake.url}/o/first", "link_expires_at": fake.link_expires_at}
        return jsonify(id=ONBOARDING, status="created", **link), 201

    @prefill.get("/api/v1/onboardings")
    def every() -> Any:
        return jsonify(data=[_one(fake)], next_cursor=None)

    @prefill.get(f"/api/v1/onboardings/{ONBOARDING}")
    def one() -> Any:
        return jsonify(_one(fake))

    @prefill.post(f"/api/v1/onboardings/{ONBOARDING}/link")
    def link() -> Any:
        fake.links += 1
        return jsonify(url=f"{fake.url}/o/fresh", link_expires_at="2999-01-01T00:00:00Z")

    @prefill.get(f"/api/v1/onboardings/{ONBOARDING}/result")
    def result() -> Any:
        return jsonify(RESULT)

    @prefill.get("/.well-known/jwks.json")
    def keys() -> Any:
        return jsonify(KeySet([fake.key]).as_dict(private=False))

    @prefill.errorhandler(404)
    def absent(_error: Exception) -> Any:
        return jsonify(title="Not found", detail="There is no such onboarding."), 404

    return prefill


def _one(fake: FakePrefill) -> dict[str, str]:
    return {
        "id": ONBOARDING,
        "status": fake.status,
        "step": "done",
        "external_user_id": "applicant-1",
        "created_at": "2026-01-01T00:00:00Z",
    }


@pytest.fixture
def fake() -> Iterator[FakePrefill]:
    fake = FakePrefill()
    server = make_server("127.0.0.1", 0, _application(fake), threaded=True)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield fake
    server.shutdown()
    thread.join()
    server.server_close()


def _config(app_url: str) -> Config:
    persona = {"name": "Jane Doe", "ladder": "layer_phone", "phone_number": "+14155550011"}
    persona |= {"date_of_birth": "1975-01-18", "code": "123456"}
    urls = {"app_url": app_url, "tenant_url": TENANT_URL, "emulator_url": "http://127.0.0.1:8001"}
    keys = {"tenant_id": "ten_1", "api_key": "sk_test_1", "webhook_secret": SECRET, "plaid": {}}
    return config_from({**urls, **keys, "personas": [persona]})


@pytest.fixture
def client(fake: FakePrefill) -> FlaskClient:
    site = create_demo_tenant(_config(fake.url))
    return site.test_client()


def _get(client: FlaskClient, path: str) -> Any:
    answer = client.get(path, base_url=TENANT_URL)
    if answer.mimetype == "text/html":
        html5lib.HTMLParser(strict=True).parse(answer.get_data(as_text=True))
        assert answer.get_data(as_text=True).count("<h1") == 1
    return answer


def _post(client: FlaskClient, path: str, **form: str) -> Any:
    return client.post(path, base_url=TENANT_URL, data=form)


def test_home_says_what_to_type_and_where_texts_arrive(client: FlaskClient) -> None:
    page = _get(client, "/").get_data(as_text=True)
    for expected in (
        "Apply now",
        "Apply here",
        "Jane Doe",
        "(415) 555-0011",
        "January 18, 1975",
        "123456",
        "http://127.0.0.1:8001/inbox",
    ):
        assert expected in page


def test_home_shows_one_person_for_each_way_and_the_first_one_first(fake: FakePrefill) -> None:
    config = _config(fake.url)
    jane = config.personas[0]
    people = (jane, replace(jane, name="June"), replace(jane, name="Alex", ladder="manual"))
    client = create_demo_tenant(replace(config, personas=people)).test_client()
    page = _get(client, "/").get_data(as_text=True)
    assert page.index("Jane Doe") < page.index("Alex")
    assert "June" not in page


def test_apply_now_creates_an_onboarding_and_leaves_for_its_link(client: FlaskClient, fake: FakePrefill) -> None:
    answer = _post(client, "/apply", attempt="a")
    assert (answer.status_code, answer.location) == (303, f"{fake.url}/o/first")
    _key, body = fake.created[0]
    assert body["return_url"] == f"{TENANT_URL}/return"
    assert fake.authorizations == {"Bearer sk_test_1"}


def test_a_double_click_repeats_the_same_request(client: FlaskClient, fake: FakePrefill) -> None:
    for attempt in ("a", "a", "b"):
        _post(client, "/apply", attempt=attempt)
    first, second, third = fake.created
    assert first == second
    assert first[0] != third[0] and first[1]["external_user_id"] != third[1]["external_user_id"]


def test_another_browser_never_gets_the_same_onboarding(fake: FakePrefill, client: FlaskClient) -> None:
    _post(client, "/apply", attempt="a")
    _post(client.application.test_client(), "/apply", attempt="a")
    assert fake.created[0][0] != fake.created[1][0]


def test_apply_here_shows_the_link_in_a_frame(client: FlaskClient, fake: FakePrefill) -> None:
    answer = _post(client, "/embedded", attempt="a")
    assert answer.status_code == 303
    page = _get(client, answer.location)
    assert f'src="{fake.url}/o/first" title="Join Acme Credit Union: secure form"' in page.get_data(as_text=True)
    assert fake.created[0][1]["embed_origin"] == TENANT_URL
    policy = page.headers["Content-Security-Policy"]
    assert f"frame-src {fake.url};" in policy and f"form-action 'self' {fake.url};" in policy
    assert _get(client, f"{answer.location}/status").json == {"status": "completed"}


def test_an_expired_link_in_the_frame_is_replaced(client: FlaskClient, fake: FakePrefill) -> None:
    fake.link_expires_at = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    answer = _post(client, "/embedded", attempt="a")
    assert f'src="{fake.url}/o/fresh"' in _get(client, answer.location).get_data(as_text=True)
    _get(client, answer.location)
    assert fake.links == 1


def test_the_frame_of_another_browser_is_refused(client: FlaskClient, fake: FakePrefill) -> None:
    answer = _post(client, "/embedded", attempt="a")
    stranger = client.application.test_client()
    assert _get(stranger, answer.location).status_code == 404
    assert _get(stranger, f"{answer.location}/status").json == {"status": "unknown"}


def _return(client: FlaskClient, token: str) -> Any:
    return _get(client, f"/return?onboarding_id={ONBOARDING}&status=completed&return_token={token}")


def test_a_signed_return_is_verified_and_the_result_shown(client: FlaskClient, fake: FakePrefill) -> None:
    _post(client, "/apply", attempt="a")
    answer = _return(client, fake.token())
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "Return verified" in page
    for expected in (
        "First name",
        "from Plaid Layer, verified, edited",
        "1 Main Street, Austin, TX",
        "from the phone check",
        "First Platypus Bank, Checking, ending in 0000, 110.00 USD",
        "Gringotts, ending in 42, 7.50 USD",
        "Verified at: 2026-01-31 09:15:00 UTC",
        "Version: 3",
        "Count: 2",
        "SSN, last four",
        "110.00 USD",
    ):
        assert expected in page
    for hidden in ("Middle name", "1111222233330000", "ab12", "None"):
        assert hidden not in page


def test_a_return_that_was_not_completed_shows_no_result(client: FlaskClient, fake: FakePrefill) -> None:
    _post(client, "/apply", attempt="a")
    fake.status = "canceled"
    page = _return(client, fake.token()).get_data(as_text=True)
    assert "not finished" in page and "canceled" in page and "Jane" not in page


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "ten_2"},
        {"iss": "http://elsewhere.example"},
        {"sub": "onb_2"},
        {"state": "another"},
        {"exp": 1},
        {"exp": None},
        {"typ": "at+jwt"},
    ],
)
def test_a_return_token_for_anything_else_is_refused(
    client: FlaskClient, fake: FakePrefill, changed: dict[str, Any]
) -> None:
    _post(client, "/apply", attempt="a")
    answer = _return(client, fake.token(**changed))
    assert answer.status_code == 403
    assert "We can’t accept this" in answer.get_data(as_text=True)


def test_a_return_signed_by_another_key_or_not_at_all_is_refused(client: FlaskClient, fake: FakePrefill) -> None:
    _post(client, "/apply", attempt="a")
    published = fake.token()
    fake.key = ECKey.generate_key("P-256", {"kid": "k1"})
    _return(client, fake.token())
    assert _return(client, published).status_code == 403
    assert _return(client, "").status_code == 403


def test_a_return_in_another_browser_is_refused(client: FlaskClient, fake: FakePrefill) -> None:
    _post(client, "/apply", attempt="a")
    assert _return(client.application.test_client(), fake.token()).status_code == 403


def test_staff_see_applications_and_results(client: FlaskClient, fake: FakePrefill) -> None:
    assert ONBOARDING in _get(client, "/applications").get_data(as_text=True)
    assert "Jane" in _get(client, f"/applications/{ONBOARDING}").get_data(as_text=True)
    assert _get(client, "/applications/onb_unknown").status_code == 404


def test_a_prefill_that_is_down_gives_a_page(client: FlaskClient) -> None:
    site = create_demo_tenant(_config("http://127.0.0.1:9"))
    answer = site.test_client().post("/apply", base_url=TENANT_URL)
    assert answer.status_code == 502
    assert "Prefill did not answer." in answer.get_data(as_text=True)


def test_another_name_of_this_machine_leads_to_the_registered_origin(client: FlaskClient) -> None:
    answer = client.get("/callbacks?a=1", base_url="http://localhost:8002")
    assert answer.location == f"{TENANT_URL}/callbacks?a=1"
    assert client.get("/healthz", base_url="http://localhost:8002").status_code == 200


def _signed(identifier: str, body: str, when: datetime | None = None, secret: str = SECRET) -> dict[str, str]:
    moment = when or datetime.now(UTC)
    signature = Webhook(secret).sign(identifier, moment, body)
    return {
        "webhook-id": identifier,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": signature,
    }


def _callback(type_: str = "onboarding.completed") -> str:
    data = {"onboarding_id": ONBOARDING, "status": "completed"}
    return json.dumps({"type": type_, "timestamp": "2026-01-01T00:00:00Z", "data": data})


def _deliver(client: FlaskClient, body: str, headers: dict[str, str]) -> int:
    return client.post("/webhooks", base_url=TENANT_URL, data=body, headers=headers).status_code


def test_a_signed_callback_is_listed_once_however_often_it_comes(client: FlaskClient) -> None:
    body = _callback()
    headers = _signed("evt_1", body)
    assert [_deliver(client, body, headers), _deliver(client, body, headers)] == [204, 204]
    listed = _get(client, "/callbacks.json").json["callbacks"]
    assert [(each["id"], each["type"], each["deliveries"]) for each in listed] == [("evt_1", "onboarding.completed", 2)]
    assert "onboarding.completed" in _get(client, "/callbacks").get_data(as_text=True)


def test_one_fitting_signature_among_several_is_enough(client: FlaskClient) -> None:
    body = _callback()
    headers = _signed("evt_1", body)
    headers["webhook-signature"] = f"v1a,xyz v1,AAAA {headers['webhook-signature']}"
    assert _deliver(client, body, headers) == 204


def test_what_prefill_did_not_sign_is_refused_and_counted(client: FlaskClient) -> None:
    body = _callback()
    other = _signed("evt_1", body, secret="whsec_" + "b3RoZXItb3RoZXItb3RoZXI=")
    old = _signed("evt_1", body, when=datetime.now(UTC) - timedelta(seconds=301))
    assert _deliver(client, body, other) == 400
    assert _deliver(client, body, old) == 400
    assert _deliver(client, body, {}) == 400
    assert _deliver(client, body + " ", _signed("evt_1", body)) == 400
    assert _deliver(client, "[]", _signed("evt_1", "[]")) == 400
    listed = _get(client, "/callbacks.json").json
    assert (listed["callbacks"], listed["refused"]) == ([], 5)


def test_the_list_keeps_the_last_two_hundred(client: FlaskClient) -> None:
    body = _callback()
    for number in range(205):
        _deliver(client, body, _signed(f"evt_{number}", body))
    listed = _get(client, "/callbacks.json").json["callbacks"]
    assert len(listed) == 200
    assert listed[0]["id"] == "evt_204"

"""Every documented refusal of the emulated endpoints, with bare requests."""

from typing import Any

import pytest
import requests

from app.emulators.plaid.api import ENDPOINTS
from tests.contract.plaid_drive import Link, add_template, error_of, layer_token, post, sandbox_item

INVALID_REQUEST, INVALID_INPUT, ITEM_ERROR = "INVALID_REQUEST", "INVALID_INPUT", "ITEM_ERROR"
BY_TOKEN = [
    "/accounts/get",
    "/identity/get",
    "/auth/get",
    "/transactions/sync",
    "/liabilities/get",
    "/item/get",
    "/item/remove",
]


@pytest.mark.parametrize("path", ENDPOINTS)
def test_wrong_and_missing_keys(emulator: Any, path: str) -> None:
    wrong = post(emulator, path, {}, headers={"PLAID-CLIENT-ID": "x", "PLAID-SECRET": "y"})
    assert error_of(wrong) == (400, INVALID_INPUT, "INVALID_API_KEYS")
    missing = post(emulator, path, {}, headers={})
    assert error_of(missing) == (400, INVALID_REQUEST, "MISSING_FIELDS")
    assert missing.json()["error_message"] == "the following required fields are missing: client_id, secret"


@pytest.mark.parametrize("path", ENDPOINTS)
def test_unknown_fields_and_bodies_that_are_not_json(emulator: Any, path: str) -> None:
    unknown = post(emulator, path, {"made_up": 1})
    assert error_of(unknown) == (400, INVALID_REQUEST, "UNKNOWN_FIELDS")
    sentence = "the following fields are not recognized by this endpoint: made_up"
    assert unknown.json()["error_message"] == sentence
    headers = {"Content-Type": "application/json"}
    for body in ("{", "[]", '"text"'):
        answer = requests.post(f"{emulator.url}/plaid{path}", data=body, headers=headers, timeout=10)
        assert error_of(answer) == (400, INVALID_REQUEST, "INVALID_BODY")


@pytest.mark.parametrize("path", ENDPOINTS)
def test_required_fields(emulator: Any, path: str) -> None:
    answer = post(emulator, path, {})
    assert error_of(answer) == (400, INVALID_REQUEST, "MISSING_FIELDS")


def test_credentials_in_the_body(emulator: Any) -> None:
    body = {
        "client_id": emulator.settings.plaid_client_id,
        "secret": emulator.settings.plaid_secret,
        "template_id": emulator.settings.plaid_template_id,
        "user": {"client_user_id": "u-1"},
    }
    assert post(emulator, "/session/token/create", body, headers={}).ok
    assert error_of(post(emulator, "/session/token/create", {**body, "secret": "no"}, headers={}))[2] == (
        "INVALID_API_KEYS"
    )


def test_the_error_body_is_plaids(emulator: Any) -> None:
    body = {
        "template_id": emulator.settings.plaid_template_id,
        "user": {"client_user_id": "u-1", "phone_number": "+14155550011"},
    }
    answer = post(emulator, "/session/token/create", body)
    told = answer.json()
    del told["request_id"]
    # As seen at the real sandbox.
    assert told == {
        "display_message": None,
        "documentation_url": "https://plaid.com/docs/?ref=error#invalid-request-errors",
        "error_code": "UNKNOWN_FIELDS",
        "error_message": "the following fields are not recognized by this endpoint: user.phone_number",
        "error_type": "INVALID_REQUEST",
        "suggested_action": None,
    }


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/session/token/create", {"template_id": 7, "user": {"client_user_id": "u"}}, "INVALID_FIELD"),
        ("/session/token/create", {"template_id": "nope", "user": {"client_user_id": "u"}}, "INVALID_FIELD"),
        ("/session/token/create", {"template_id": "nope"}, "MISSING_FIELDS"),
        ("/session/token/create", {"template_id": "nope", "user": {}}, "MISSING_FIELDS"),
        ("/item/public_token/exchange", {"public_token": "public-sandbox-x"}, "INVALID_PUBLIC_TOKEN"),
        ("/user_account/session/get", {"public_token": "profile-sandbox-x"}, "INVALID_PUBLIC_TOKEN"),
        (
            "/sandbox/public_token/create",
            {"institution_id": "ins_1", "initial_products": ["auth"]},
            "INVALID_INSTITUTION",
        ),
        (
            "/sandbox/public_token/create",
            {"institution_id": "ins_109508", "initial_products": ["gold"]},
            "INVALID_FIELD",
        ),
        (
            "/sandbox/public_token/create",
            {"institution_id": "ins_109512", "initial_products": ["liabilities"]},
            "PRODUCTS_NOT_SUPPORTED",
        ),
        (
            "/sandbox/public_token/create",
            {"institution_id": "ins_132361", "initial_products": ["auth"]},
            "INSTITUTION_DOWN",
        ),
        (
            "/institutions/get_by_id",
            {"institution_id": "ins_1", "country_codes": ["US"]},
            "INVALID_INSTITUTION",
        ),
        ("/webhook_verification_key/get", {"key_id": "nope"}, "INVALID_WEBHOOK_VERIFICATION_KEY_ID"),
    ],
)
def test_refusals(emulator: Any, path: str, body: dict[str, Any], code: str) -> None:
    answer = post(emulator, path, body)
    assert answer.status_code == 400
    assert answer.json()["error_code"] == code


def test_wrong_values_of_a_link_token(emulator: Any) -> None:
    good: dict[str, Any] = {
        "client_name": "Acme",
        "country_codes": ["US"],
        "language": "en",
        "products": ["auth"],
        "user": {"client_user_id": "u-1"},
    }
    assert post(emulator, "/link/token/create", good).ok
    for name, value, code in (
        ("client_name", "A" * 31, "INVALID_FIELD"),
        ("country_codes", [], "INVALID_FIELD"),
        ("products", ["gold"], "INVALID_FIELD"),
        ("redirect_uri", "https://app.example/back?x=1", "INVALID_FIELD"),
        ("webhook", "mailto:me", "INVALID_FIELD"),
        ("webhook", "http://[", "INVALID_FIELD"),
        ("access_token", "access-sandbox-x", "INVALID_ACCESS_TOKEN"),
    ):
        assert post(emulator, "/link/token/create", {**good, name: value}).json()["error_code"] == code, name
    without = {name: value for name, value in good.items() if name != "products"}
    assert post(emulator, "/link/token/create", without).json()["error_code"] == "MISSING_FIELDS"


@pytest.mark.parametrize("path", BY_TOKEN)
def test_tokens_that_lead_nowhere(emulator: Any, path: str) -> None:
    unknown = post(emulator, path, {"access_token": "access-sandbox-x"})
    assert error_of(unknown) == (400, INVALID_INPUT, "INVALID_ACCESS_TOKEN")
    token = sandbox_item(emulator)
    assert post(emulator, "/item/remove", {"access_token": token}).ok
    assert error_of(post(emulator, path, {"access_token": token})) == (400, ITEM_ERROR, "ITEM_NOT_FOUND")


def test_a_public_token_works_once_and_for_thirty_minutes(emulator: Any) -> None:
    body = {"institution_id": "ins_109508", "initial_products": ["auth"]}
    first, second = (post(emulator, "/sandbox/public_token/create", body).json()["public_token"] for _ in range(2))
    assert post(emulator, "/item/public_token/exchange", {"public_token": first}).ok
    again = post(emulator, "/item/public_token/exchange", {"public_token": first})
    assert error_of(again) == (400, INVALID_INPUT, "INVALID_PUBLIC_TOKEN")
    emulator.control("POST", "/clock", {"advance_seconds": 1801})
    late = post(emulator, "/item/public_token/exchange", {"public_token": second})
    assert error_of(late) == (400, INVALID_INPUT, "INVALID_PUBLIC_TOKEN")


def test_a_profile_token_cannot_be_exchanged(emulator: Any) -> None:
    token = Link(emulator, layer_token(emulator)).through_code().act("share", account=["0-0"]).public_token
    assert token.startswith("profile-sandbox-")
    answer = post(emulator, "/item/public_token/exchange", {"public_token": token})
    assert error_of(answer) == (400, INVALID_INPUT, "INVALID_PUBLIC_TOKEN")


def test_accounts_that_are_missing_or_of_the_wrong_kind(emulator: Any) -> None:
    template = add_template(emulator, required=["name"])
    link = Link(emulator, layer_token(emulator, template)).through_code().act("share", account=["0-2"])
    answer = post(emulator, "/user_account/session/get", {"public_token": link.public_token}).json()
    card = {"access_token": answer["items"][0]["access_token"]}
    assert error_of(post(emulator, "/auth/get", card)) == (400, ITEM_ERROR, "NO_AUTH_ACCOUNTS")
    named = {**card, "options": {"account_ids": ["nope"]}}
    assert error_of(post(emulator, "/accounts/get", named)) == (400, INVALID_INPUT, "INVALID_ACCOUNT_ID")
    link = Link(emulator, layer_token(emulator, template)).through_code().act("share", account=["0-0"])
    answer = post(emulator, "/user_account/session/get", {"public_token": link.public_token}).json()
    checking = {"access_token": answer["items"][0]["access_token"]}
    assert error_of(post(emulator, "/liabilities/get", checking)) == (
        400,
        ITEM_ERROR,
        "NO_LIABILITY_ACCOUNTS",
    )


def test_a_bank_without_liabilities(emulator: Any) -> None:
    bank = emulator.app.extensions["emulators"].personas.by_phone("+16175550118").banks[0]
    names = {"override_username": bank.username, "override_password": bank.password}
    body = {"access_token": sandbox_item(emulator, "ins_109512", **names)}
    answer = post(emulator, "/liabilities/get", body)
    assert error_of(answer) == (400, ITEM_ERROR, "PRODUCTS_NOT_SUPPORTED")


def test_one_credential_sees_nothing_of_another(emulator: Any) -> None:
    token = sandbox_item(emulator)
    pair = {"provider": "plaid", "client_id": "other", "secret": "other-secret"}
    emulator.control("POST", "/credentials", pair)
    headers = {"PLAID-CLIENT-ID": "other", "PLAID-SECRET": "other-secret"}
    answer = post(emulator, "/item/get", {"access_token": token}, headers=headers)
    assert error_of(answer) == (400, INVALID_INPUT, "INVALID_ACCESS_TOKEN")


def test_paths_and_methods_that_do_not_exist(emulator: Any) -> None:
    assert error_of(post(emulator, "/nope/get", {})) == (404, INVALID_REQUEST, "NOT_FOUND")
    assert error_of(requests.get(f"{emulator.url}/plaid/item/get", timeout=10))[2] == "NOT_FOUND"


def test_a_forced_fault_answers_for_one_operation(emulator: Any) -> None:
    fault = {"provider": "plaid", "operation": "/item/get", "fault": "429", "times": 1}
    token = {"access_token": sandbox_item(emulator)}
    emulator.control("POST", "/faults", fault)
    assert post(emulator, "/accounts/get", token).ok
    assert error_of(post(emulator, "/item/get", token)) == (429, "RATE_LIMIT_EXCEEDED", "RATE_LIMIT")
    assert post(emulator, "/item/get", token).ok


def test_a_fault_for_one_person(emulator: Any) -> None:
    link = Link(emulator, layer_token(emulator)).through_code().act("share", account=["0-0"])
    token = {"public_token": link.public_token}
    fault = {"provider": "plaid", "operation": "*", "fault": "503_html", "phone_number": "+14155550011"}
    emulator.control("POST", "/faults", fault)
    answer = post(emulator, "/user_account/session/get", token)
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (503, "text/html")
    assert post(emulator, "/item/get", {"access_token": sandbox_item(emulator)}).ok

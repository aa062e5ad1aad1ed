"""Every answer of the Plaid emulator is parsed by plaid-python 46, with all its type checks."""

from typing import Any

import pytest
from plaid.exceptions import ApiException
from plaid.model.accounts_get_request import AccountsGetRequest
from plaid.model.auth_get_request import AuthGetRequest
from plaid.model.country_code import CountryCode
from plaid.model.identity_get_request import IdentityGetRequest
from plaid.model.institutions_get_by_id_request import InstitutionsGetByIdRequest
from plaid.model.institutions_get_by_id_request_options import InstitutionsGetByIdRequestOptions
from plaid.model.item_get_request import ItemGetRequest
from plaid.model.item_public_token_exchange_request import ItemPublicTokenExchangeRequest
from plaid.model.item_remove_request import ItemRemoveRequest
from plaid.model.liabilities_get_request import LiabilitiesGetRequest
from plaid.model.link_token_create_request import LinkTokenCreateRequest
from plaid.model.link_token_create_request_user import LinkTokenCreateRequestUser
from plaid.model.products import Products
from plaid.model.sandbox_public_token_create_request import SandboxPublicTokenCreateRequest
from plaid.model.session_token_create_request import SessionTokenCreateRequest
from plaid.model.session_token_create_request_user import SessionTokenCreateRequestUser
from plaid.model.transactions_sync_request import TransactionsSyncRequest
from plaid.model.user_account_session_get_request import UserAccountSessionGetRequest
from plaid.model.webhook_verification_key_get_request import WebhookVerificationKeyGetRequest

from tests.contract.plaid_drive import Link, add_template, client, layer_token, post, sandbox_item, shared_session


@pytest.fixture
def api(emulator: Any) -> Any:
    return client(emulator)


def test_a_layer_token_lives_thirty_minutes_and_a_link_token_four_hours(emulator: Any, api: Any) -> None:
    now = emulator.app.extensions["emulators"].store.now()
    user = SessionTokenCreateRequestUser(client_user_id="u-1")
    request = SessionTokenCreateRequest(template_id=emulator.settings.plaid_template_id, user=user)
    layer = api.session_token_create(request)
    link = api.link_token_create(
        LinkTokenCreateRequest(
            client_name="Acme",
            language="en",
            country_codes=[CountryCode("US")],
            products=[Products("auth")],
            user=LinkTokenCreateRequestUser(client_user_id="u-1"),
        )
    )
    assert layer.link.link_token.startswith("link-sandbox-")
    assert 1790 < (layer.link.expiration - now).total_seconds() <= 1800
    assert 14390 < (link.expiration - now).total_seconds() <= 14400


def test_the_sandbox_item_is_the_documented_one(emulator: Any, api: Any) -> None:
    created = api.sandbox_public_token_create(
        SandboxPublicTokenCreateRequest(institution_id="ins_109508", initial_products=[Products("transactions")])
    )
    exchanged = api.item_public_token_exchange(ItemPublicTokenExchangeRequest(public_token=created.public_token))
    answer = api.accounts_get(AccountsGetRequest(access_token=exchanged.access_token))
    assert exchanged.access_token.startswith("access-sandbox-")
    assert answer.item.item_id == exchanged.item_id
    assert answer.item.institution_name == "First Platypus Bank"
    assert [account.mask for account in answer.accounts] == (
        ["0000", "1111", "2222", "3333", "4444", "5555", "6666", "7777", "8888", "9001", "9002", "9999"]
    )
    checking = answer.accounts[0]
    assert (checking.balances.available, checking.balances.current) == (100, 110)
    assert checking.official_name == "Plaid Gold Standard 0% Interest Checking"


def test_owners_and_numbers(emulator: Any, api: Any) -> None:
    token = sandbox_item(emulator)
    owner = api.identity_get(IdentityGetRequest(access_token=token)).accounts[0].owners[0]
    assert owner.names == ["Alberta Bobbeth Charleson"]
    assert owner.addresses[0].data.street == "2992 Cameron Road"
    assert owner.emails[0].data == "accountholder0@example.com"
    ach = api.auth_get(AuthGetRequest(access_token=token)).numbers.ach
    assert [number.account for number in ach] == [f"111122223333{end}" for end in ("0000", "1111", "9002")]
    assert {(number.routing, number.wire_routing) for number in ach} == {("011401533", "021000021")}


def test_liabilities_of_all_three_kinds(emulator: Any, api: Any) -> None:
    owed = api.liabilities_get(LiabilitiesGetRequest(access_token=sandbox_item(emulator))).liabilities
    assert owed.credit[0].aprs[0].apr_percentage == 12.5
    assert owed.mortgage[0].interest_rate.percentage == 3.99
    assert owed.student[0].guarantor == "DEPT OF ED"


def test_transactions_come_in_pages_and_later_ones_after_the_cursor(emulator: Any, api: Any) -> None:
    token = sandbox_item(emulator)
    seen, cursor, pages = [], "", 0
    while True:
        page = api.transactions_sync(TransactionsSyncRequest(access_token=token, cursor=cursor, count=50))
        seen += [entry.transaction_id for entry in page.added]
        cursor, pages = page.next_cursor, pages + 1
        if not page.has_more:
            break
    assert pages > 2
    assert len(seen) == len(set(seen)) > 100
    emulator.control("POST", "/clock", {"advance_seconds": 29 * 86400})
    later = api.transactions_sync(TransactionsSyncRequest(access_token=token, cursor=cursor))
    assert later.added
    assert not {entry.transaction_id for entry in later.added} & set(seen)
    assert str(later.transactions_update_status) == "HISTORICAL_UPDATE_COMPLETE"


def test_an_item_that_is_not_ready_says_so(emulator: Any, api: Any) -> None:
    emulator.control("POST", "/plaid/switches", {"products_ready_after_seconds": 60})
    token = sandbox_item(emulator)
    page = api.transactions_sync(TransactionsSyncRequest(access_token=token))
    assert (str(page.transactions_update_status), page.added, page.next_cursor) == ("NOT_READY", [], "")
    with pytest.raises(ApiException) as refused:
        api.identity_get(IdentityGetRequest(access_token=token))
    assert "PRODUCT_NOT_READY" in refused.value.body
    emulator.control("POST", "/clock", {"advance_seconds": 61})
    assert api.identity_get(IdentityGetRequest(access_token=token)).accounts


def test_item_get_and_remove(emulator: Any, api: Any) -> None:
    token = sandbox_item(emulator, webhook="https://app.example/hook")
    held = api.item_get(ItemGetRequest(access_token=token))
    assert held.item.webhook == "https://app.example/hook"
    assert "auth" in [str(product) for product in held.item.consented_products]
    api.item_remove(ItemRemoveRequest(access_token=token))
    with pytest.raises(ApiException) as refused:
        api.item_get(ItemGetRequest(access_token=token))
    assert "ITEM_NOT_FOUND" in refused.value.body


def test_an_item_asks_for_a_new_sign_in_after_thirty_days(emulator: Any, api: Any) -> None:
    token = sandbox_item(emulator)
    emulator.control("POST", "/clock", {"advance_seconds": 31 * 86400})
    assert api.item_get(ItemGetRequest(access_token=token)).item.error.error_code == "ITEM_LOGIN_REQUIRED"
    with pytest.raises(ApiException) as refused:
        api.accounts_get(AccountsGetRequest(access_token=token))
    assert "ITEM_LOGIN_REQUIRED" in refused.value.body


@pytest.mark.parametrize(
    ("institution_id", "name"),
    [
        ("ins_109508", "First Platypus Bank"),
        ("ins_109512", "Houndstooth Bank"),
        ("ins_127287", "Platypus OAuth Bank"),
        ("ins_133402", "Unsupported Platypus Bank"),
    ],
)
def test_institutions(api: Any, institution_id: str, name: str) -> None:
    options = InstitutionsGetByIdRequestOptions(include_optional_metadata=True, include_status=True)
    request = InstitutionsGetByIdRequest(
        institution_id=institution_id, country_codes=[CountryCode("US")], options=options
    )
    institution = api.institutions_get_by_id(request).institution
    assert institution.name == name
    assert institution.oauth is (institution_id == "ins_127287")
    assert institution.primary_color.startswith("#")


def test_a_shared_layer_session(emulator: Any, api: Any) -> None:
    link = Link(emulator, layer_token(emulator)).through_code("415-555-0011")
    link.act("share", account=["0-0", "0-1", "1-0"])
    request = UserAccountSessionGetRequest(public_token=link.public_token)
    answer = api.user_account_session_get(request)
    assert answer.link_session_id == link.session_id
    assert answer.identity.phone_number == "+14155550011"
    assert answer.identity.date_of_birth == "1975-01-18"
    assert answer.identity.ssn_last_4 == answer.identity.ssn[-4:]
    assert answer.identity_edit_history.official_document.ssn.edits_current == 0
    assert len(answer.items) == 2
    masks = [len(api.accounts_get(AccountsGetRequest(access_token=one.access_token)).accounts) for one in answer.items]
    assert masks == [2, 1]


@pytest.mark.parametrize(
    "phone_number", ["415-555-0011", "415-555-0012", "415-555-0015", "515-555-0013", "515-555-0019"]
)
def test_everything_of_a_layer_item_is_parsed(emulator: Any, api: Any, phone_number: str) -> None:
    shared = shared_session(emulator, phone_number, add_template(emulator, optional=["name"]))
    for item in shared["items"]:
        token = {"access_token": item["access_token"]}
        assert api.identity_get(IdentityGetRequest(**token)).accounts[0].owners
        assert api.item_get(ItemGetRequest(**token)).item.item_id == item["item_id"]
        assert api.transactions_sync(TransactionsSyncRequest(**token, count=500)).accounts
        for call, request in (("auth_get", AuthGetRequest), ("liabilities_get", LiabilitiesGetRequest)):
            try:
                getattr(api, call)(request(**token))
            except ApiException as refused:
                assert "NO_AUTH_ACCOUNTS" in refused.body or "NO_LIABILITY_ACCOUNTS" in refused.body


def test_every_persona_account_is_parsed(emulator: Any, api: Any) -> None:
    for persona in emulator.app.extensions["emulators"].personas:
        for bank in persona.banks:
            if bank.username == "user_good":
                continue
            names = {"override_username": bank.username, "override_password": bank.password}
            token = sandbox_item(emulator, bank.institution_id, **names)
            answer = api.identity_get(IdentityGetRequest(access_token=token))
            assert [account.mask for account in answer.accounts] == [one.mask for one in bank.accounts]
            api.transactions_sync(TransactionsSyncRequest(access_token=token, count=500))


def test_the_key_that_signs_webhooks_can_be_read(emulator: Any, api: Any) -> None:
    kid = emulator.control("POST", "/plaid/webhook-key/rotate")["kid"]
    key = api.webhook_verification_key_get(WebhookVerificationKeyGetRequest(key_id=kid)).key
    assert (key.alg, key.crv, key.kid, key.expired_at) == ("ES256", "P-256", kid, None)
    assert len(key.x) == len(key.y) == 43


def test_keys_are_sorted_and_the_request_id_is_always_there(emulator: Any) -> None:
    good = post(emulator, "/item/get", {"access_token": sandbox_item(emulator)})
    bad = post(emulator, "/item/get", {"access_token": "access-sandbox-x"})
    for answer in (good, bad):
        keys = list(answer.json())
        assert keys == sorted(keys)
        assert len(answer.json()["request_id"]) == 15
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"

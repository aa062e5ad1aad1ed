"""The rarer answers of the Plaid emulator, parsed by plaid-python 46 with all its type checks."""

from datetime import timedelta
from typing import Any

import pytest
from plaid.exceptions import ApiException
from plaid.model.accounts_balance_get_request import AccountsBalanceGetRequest
from plaid.model.investments_holdings_get_request import InvestmentsHoldingsGetRequest
from plaid.model.item_public_token_exchange_request import ItemPublicTokenExchangeRequest
from plaid.model.item_webhook_update_request import ItemWebhookUpdateRequest
from plaid.model.link_token_get_request import LinkTokenGetRequest
from plaid.model.network_status_get_request import NetworkStatusGetRequest
from plaid.model.network_status_get_user import NetworkStatusGetUser
from plaid.model.sandbox_item_fire_webhook_request import SandboxItemFireWebhookRequest
from plaid.model.sandbox_item_reset_login_request import SandboxItemResetLoginRequest
from plaid.model.transactions_recurring_get_request import TransactionsRecurringGetRequest
from plaid.model.transactions_sync_request import TransactionsSyncRequest
from plaid.model.user_account_session_event import UserAccountSessionEvent
from plaid.model.user_account_session_event_send_request import UserAccountSessionEventSendRequest

from tests.contract.plaid_drive import (
    Link,
    add_template,
    client,
    error_of,
    layer_token,
    link_token,
    post,
    sandbox_item,
)

FIRST_PLATYPUS = "ins_109508"


@pytest.fixture
def api(emulator: Any) -> Any:
    return client(emulator)


def refused(call: Any, request: Any) -> str:
    """The body of the error that a call is answered with."""
    with pytest.raises(ApiException) as error:
        call(request)
    body: str = error.value.body
    return body


def test_balances_are_those_of_the_accounts(emulator: Any, api: Any) -> None:
    accounts = api.accounts_balance_get(AccountsBalanceGetRequest(access_token=sandbox_item(emulator))).accounts
    assert [account.balances.current for account in accounts[:2]] == [110, 210]


def test_what_moves_again_and_again(emulator: Any, api: Any) -> None:
    token = sandbox_item(emulator)
    answer = api.transactions_recurring_get(TransactionsRecurringGetRequest(access_token=token))
    pay = next(one for one in answer.inflow_streams if "GUSTO" in one.description)
    assert (str(pay.frequency), str(pay.status), pay.is_active) == ("MONTHLY", "MATURE", True)
    assert pay.average_amount.amount == pay.last_amount.amount == -5850
    assert timedelta(0) < pay.predicted_next_date - pay.last_date <= timedelta(days=31)
    assert all(one.average_amount.amount > 0 for one in answer.outflow_streams)
    synced = api.transactions_sync(TransactionsSyncRequest(access_token=token, count=500)).added
    assert set(pay.transaction_ids) <= {entry.transaction_id for entry in synced}


def test_the_pay_of_a_persona_is_a_stream(emulator: Any, api: Any) -> None:
    for persona in emulator.app.extensions["emulators"].personas:
        for bank in [bank for bank in persona.banks if bank.username != "user_good"]:
            names = {"override_username": bank.username, "override_password": bank.password}
            token = sandbox_item(emulator, bank.institution_id, **names)
            answer = api.transactions_recurring_get(TransactionsRecurringGetRequest(access_token=token))
            expected = {rule.name for account in bank.accounts for rule in account.recurring}
            assert {one.description for one in [*answer.inflow_streams, *answer.outflow_streams]} <= expected


def test_holdings_add_up_to_the_accounts(emulator: Any, api: Any) -> None:
    token = sandbox_item(emulator)
    answer = api.investments_holdings_get(InvestmentsHoldingsGetRequest(access_token=token))
    assert [account.mask for account in answer.accounts] == ["5555", "6666"]
    # plaid-python parses these accounts, but cannot hand out their balances: its own two models of them differ.
    told = post(emulator, "/investments/holdings/get", {"access_token": token}).json()
    for account in told["accounts"]:
        held = [one.institution_value for one in answer.holdings if one.account_id == account["account_id"]]
        assert sum(held) == pytest.approx(account["balances"]["current"], abs=0.01)
    assert {one.security_id for one in answer.holdings} == {one.security_id for one in answer.securities}
    assert any(one.figi for one in answer.securities)


def test_an_item_without_investments(emulator: Any, api: Any) -> None:
    bank = emulator.app.extensions["emulators"].personas.by_phone("+13125550162").banks[0]
    names = {"override_username": bank.username, "override_password": bank.password}
    token = sandbox_item(emulator, bank.institution_id, **names)
    request = InvestmentsHoldingsGetRequest(access_token=token)
    assert "NO_INVESTMENT_ACCOUNTS" in refused(api.investments_holdings_get, request)


def test_an_items_webhook(emulator: Any, api: Any) -> None:
    token = sandbox_item(emulator)
    fire = SandboxItemFireWebhookRequest(access_token=token, webhook_code="DEFAULT_UPDATE")
    assert "SANDBOX_WEBHOOK_INVALID" in refused(api.sandbox_item_fire_webhook, fire)
    address = "http://127.0.0.1:9/hook"
    updated = api.item_webhook_update(ItemWebhookUpdateRequest(access_token=token, webhook=address))
    assert updated.item.webhook == address
    assert "SANDBOX_PRODUCT_NOT_ENABLED" in refused(api.sandbox_item_fire_webhook, fire)
    api.transactions_sync(TransactionsSyncRequest(access_token=token))
    assert api.sandbox_item_fire_webhook(fire).webhook_fired is True
    assert api.item_webhook_update(ItemWebhookUpdateRequest(access_token=token, webhook=None)).item.webhook is None


def test_a_login_can_be_reset(emulator: Any, api: Any) -> None:
    token = sandbox_item(emulator)
    assert api.sandbox_item_reset_login(SandboxItemResetLoginRequest(access_token=token)).reset_login is True
    request = AccountsBalanceGetRequest(access_token=token)
    assert "ITEM_LOGIN_REQUIRED" in refused(api.accounts_balance_get, request)


def test_a_finished_link_token_is_told(emulator: Any, api: Any) -> None:
    token = link_token(emulator, webhook="https://app.example/hook", redirect_uri="https://app.example/back")
    link = Link(emulator, token).to_banks().sign_in(FIRST_PLATYPUS).act("share", account=["0"]).act("finish")
    answer = api.link_token_get(LinkTokenGetRequest(link_token=token))
    assert answer.metadata.redirect_uri == "https://app.example/back"
    session = answer.link_sessions[0]
    assert session.link_session_id == link.session_id
    assert session.finished_at >= session.started_at
    assert [event.event_name for event in session.events][:2] == ["HANDOFF", "TRANSITION_VIEW"]
    assert session.events[-1].event_name == "OPEN"
    assert len({event.event_id for event in session.events}) == len(session.events)
    added = session.results.item_add_results[0]
    assert added.public_token == session.on_success.public_token == link.public_token
    assert (added.institution.institution_id, added.accounts[0].mask) == (FIRST_PLATYPUS, "0000")


def test_its_public_token_is_good_for_six_hours(emulator: Any, api: Any) -> None:
    token = link_token(emulator)
    link = Link(emulator, token).to_banks().sign_in(FIRST_PLATYPUS).act("share", account=["0"]).act("finish")
    emulator.control("POST", "/clock", {"advance_seconds": 5 * 3600})
    session = api.link_token_get(LinkTokenGetRequest(link_token=token)).link_sessions[0]
    listed = session.results.item_add_results[0].public_token
    assert api.item_public_token_exchange(ItemPublicTokenExchangeRequest(public_token=listed)).access_token
    emulator.control("POST", "/clock", {"advance_seconds": 2 * 3600})
    late = api.link_token_get(LinkTokenGetRequest(link_token=token)).link_sessions[0]
    assert late.results.item_add_results == []
    assert link.public_token == listed


def test_an_exit_is_told_with_its_error(emulator: Any, api: Any) -> None:
    token = link_token(emulator)
    Link(emulator, token).to_banks().sign_in(FIRST_PLATYPUS, password="error_ITEM_LOCKED").leave()
    session = api.link_token_get(LinkTokenGetRequest(link_token=token)).link_sessions[0]
    assert session.exit.error.error_code == "ITEM_LOCKED"
    assert session.exit.metadata.status == "requires_credentials"


def test_layer_tokens_and_untouched_ones_are_told_too(emulator: Any, api: Any) -> None:
    layer = layer_token(emulator)
    link = Link(emulator, layer).through_code().act("share", account=["0-0"])
    session = api.link_token_get(LinkTokenGetRequest(link_token=layer)).link_sessions[0]
    assert session.on_success.public_token == link.public_token
    assert api.link_token_get(LinkTokenGetRequest(link_token=link_token(emulator))).link_sessions == []
    unknown = LinkTokenGetRequest(link_token="link-sandbox-x")
    assert "INVALID_LINK_TOKEN" in refused(api.link_token_get, unknown)


@pytest.mark.parametrize(
    ("phone_number", "status", "eligible"),
    [
        ("+14155550011", "RETURNING_USER", True),
        ("+14155550010", "UNKNOWN", False),
        ("+15155550017", "RETURNING_USER", False),
        ("+16175559999", "UNKNOWN", False),
    ],
)
def test_what_the_network_knows_of_a_phone(
    emulator: Any, api: Any, phone_number: str, status: str, eligible: bool
) -> None:
    template = add_template(emulator, required=["address"])
    user = NetworkStatusGetUser(phone_number=phone_number)
    answer = api.network_status_get(NetworkStatusGetRequest(user=user, template_id=template))
    assert (str(answer.network_status), answer.layer.eligible) == (status, eligible)
    assert "layer" not in api.network_status_get(NetworkStatusGetRequest(user=user)).to_dict()


def test_an_event_of_the_apps_own(emulator: Any, api: Any) -> None:
    link = Link(emulator, layer_token(emulator))
    now = emulator.app.extensions["emulators"].store.now()
    event = UserAccountSessionEvent(name="SIGNED_UP", timestamp=now)
    send = UserAccountSessionEventSendRequest(link_session_id=link.session_id, event=event)
    assert api.user_account_session_event_send(send).request_id
    nobodys = UserAccountSessionEventSendRequest(link_session_id="x", event=event)
    assert "INVALID_FIELD" in refused(api.user_account_session_event_send, nobodys)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"redirect_uri": "http://app.example/back"}, "INVALID_FIELD"),
        ({"redirect_uri": "https://app.example/back#x"}, "INVALID_FIELD"),
        ({"hosted_link": {}}, "INVALID_FIELD"),
        ({"account_filters": {"depository": {"account_subtypes": []}}}, "INVALID_FIELD"),
        ({"update": {"account_selection_enabled": "yes"}}, "INVALID_FIELD"),
        ({"user": {"client_user_id": "u", "phone": "1"}}, "UNKNOWN_FIELDS"),
    ],
)
def test_what_a_link_token_refuses(emulator: Any, fields: dict[str, Any], code: str) -> None:
    good = {"client_name": "Acme", "country_codes": ["US"], "language": "en", "products": ["auth"]}
    answer = post(emulator, "/link/token/create", {**good, "user": {"client_user_id": "u-1"}, **fields})
    assert error_of(answer) == (400, "INVALID_REQUEST", code)


def test_redirect_addresses_can_be_held_to_a_list(emulator: Any) -> None:
    assert link_token(emulator, redirect_uri="http://localhost:8000/back")
    emulator.control("POST", "/plaid/switches", {"redirect_uris": ["https://app.example/back"]})
    assert link_token(emulator, redirect_uri="https://app.example/back")
    body = {"template_id": emulator.settings.plaid_template_id, "user": {"client_user_id": "u-1"}}
    answer = post(emulator, "/session/token/create", {**body, "redirect_uri": "https://app.example/other"})
    assert "developer dashboard" in answer.json()["error_message"]


def test_an_update_token_lives_half_an_hour(emulator: Any, api: Any) -> None:
    token = link_token(emulator, access_token=sandbox_item(emulator), products=None)
    answer = api.link_token_get(LinkTokenGetRequest(link_token=token))
    assert answer.expiration - answer.created_at == timedelta(minutes=30)

"""Every endpoint under /plaid: each takes the checked body and gives the answer without its request id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.emulators.plaid import api_data, api_items, api_tokens
from app.emulators.plaid.call import Call

ENDPOINTS: dict[str, Callable[[Call], dict[str, Any]]] = {
    "/session/token/create": api_tokens.session_token_create,
    "/link/token/create": api_tokens.link_token_create,
    "/link/token/get": api_tokens.link_token_get,
    "/user_account/session/get": api_tokens.user_account_session_get,
    "/user_account/session/event/send": api_tokens.user_account_session_event_send,
    "/network/status/get": api_tokens.network_status_get,
    "/sandbox/public_token/create": api_items.sandbox_public_token_create,
    "/item/public_token/exchange": api_items.item_public_token_exchange,
    "/item/get": api_items.item_get,
    "/item/remove": api_items.item_remove,
    "/item/webhook/update": api_items.item_webhook_update,
    "/sandbox/item/fire_webhook": api_items.sandbox_item_fire_webhook,
    "/sandbox/item/reset_login": api_items.sandbox_item_reset_login,
    "/institutions/get_by_id": api_items.institutions_get_by_id,
    "/webhook_verification_key/get": api_items.webhook_verification_key_get,
    "/accounts/get": api_data.accounts_get,
    "/accounts/balance/get": api_data.accounts_balance_get,
    "/identity/get": api_data.identity_get,
    "/auth/get": api_data.auth_get,
    "/liabilities/get": api_data.liabilities_get,
    "/transactions/sync": api_data.transactions_sync,
    "/transactions/recurring/get": api_data.transactions_recurring_get,
    "/investments/holdings/get": api_data.investments_holdings_get,
}

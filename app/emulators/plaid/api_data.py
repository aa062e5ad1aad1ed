"""The endpoints that read an Item's data."""

from __future__ import annotations

from typing import Any

from app.emulators.plaid import holdings, items, ledger, recurring, wire
from app.emulators.plaid.call import Call
from app.emulators.plaid.errors import PlaidError
from app.emulators.plaid.liabilities import liabilities


def accounts_get(call: Call) -> dict[str, Any]:
    item = call.item()
    error = items.login_error(call.shared, item)
    if error is not None:
        raise error
    return {"accounts": wire.accounts(item, call.wanted(item)), "item": call.item_shape(item)}


def accounts_balance_get(call: Call) -> dict[str, Any]:
    """The same as /accounts/get: what the bank says is always of this moment here."""
    return accounts_get(call)


def identity_get(call: Call) -> dict[str, Any]:
    item = call.item()
    items.use_product(call.shared, item, "identity")
    return {
        "accounts": wire.accounts_with_owners(item, call.wanted(item)),
        "item": call.item_shape(item),
    }


def auth_get(call: Call) -> dict[str, Any]:
    item = call.item()
    items.use_product(call.shared, item, "auth")
    wanted = {key: held for key, held in call.wanted(item).items() if wire.has_numbers(held)}
    if not wanted:
        raise PlaidError("NO_AUTH_ACCOUNTS")
    return {
        "accounts": wire.accounts(item, wanted),
        "item": call.item_shape(item),
        "numbers": {"ach": wire.ach_numbers(wanted), "bacs": [], "eft": [], "international": []},
    }


def liabilities_get(call: Call) -> dict[str, Any]:
    item = call.item()
    items.use_product(call.shared, item, "liabilities")
    wanted = call.wanted(item)
    found = liabilities(wanted)
    if not any(found.values()):
        raise PlaidError("NO_LIABILITY_ACCOUNTS")
    return {"accounts": wire.accounts(item, wanted), "item": call.item_shape(item), "liabilities": found}


def transactions_sync(call: Call) -> dict[str, Any]:
    item = call.item()
    items.use_product(call.shared, item, "transactions")
    if not items.is_ready(call.shared, item):
        return ledger.not_ready()
    return ledger.sync(item, call.body, call.shared.store.now())


def transactions_recurring_get(call: Call) -> dict[str, Any]:
    item = call.item()
    items.use_product(call.shared, item, "transactions")
    if not items.is_ready(call.shared, item):
        raise PlaidError("PRODUCT_NOT_READY")
    named = call.body.get("account_ids", list(item.accounts))
    if not set(named) <= item.accounts.keys():
        raise PlaidError("INVALID_ACCOUNT_ID")
    return recurring.streams(item, named, call.shared.store.now())


def investments_holdings_get(call: Call) -> dict[str, Any]:
    item = call.item()
    items.use_product(call.shared, item, "investments")
    wanted = {key: held for key, held in call.wanted(item).items() if held.type == "investment"}
    if not wanted:
        raise PlaidError("NO_INVESTMENT_ACCOUNTS")
    found = holdings.of_accounts(wanted, call.shared.store.now().date())
    return {"accounts": wire.investment_accounts(item, wanted), "item": call.item_shape(item), **found}

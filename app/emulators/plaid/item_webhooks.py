"""Webhooks about an Item: those the sandbox fires on demand, and the answer to a new address."""

from __future__ import annotations

from typing import Any

from app.emulators.plaid import ids
from app.emulators.plaid.errors import PlaidError
from app.emulators.plaid.sessions import ENVIRONMENT
from app.emulators.plaid.state import Item
from app.emulators.plaid.webhooks import Sender

# The type of a code, where the request names none.
TYPES = {
    "AUTHORIZATION_GRANTED": "ITEM",
    "DEFAULT_UPDATE": "TRANSACTIONS",
    "ERROR": "ITEM",
    "LOGIN_REPAIRED": "ITEM",
    "NEW_ACCOUNTS_AVAILABLE": "ITEM",
    "PENDING_DISCONNECT": "ITEM",
    "PRODUCT_READY": "ASSETS",
    "RECURRING_TRANSACTIONS_UPDATE": "TRANSACTIONS",
    "SMS_MICRODEPOSITS_VERIFICATION": "AUTH",
    "SYNC_UPDATES_AVAILABLE": "TRANSACTIONS",
    "USER_ACCOUNT_REVOKED": "ITEM",
    "USER_PERMISSION_REVOKED": "ITEM",
}
PRODUCTS = {
    "ASSETS": "assets",
    "AUTH": "auth",
    "HOLDINGS": "investments",
    "IDENTITY": "identity",
    "INVESTMENTS_TRANSACTIONS": "investments",
    "LIABILITIES": "liabilities",
    "TRANSACTIONS": "transactions",
}


def fire(sender: Sender, item: Item, code: str, webhook_type: str | None) -> None:
    """Raises SANDBOX_WEBHOOK_INVALID without an address, SANDBOX_PRODUCT_NOT_ENABLED without the product."""
    if item.webhook is None:
        raise PlaidError("SANDBOX_WEBHOOK_INVALID")
    kind = webhook_type or TYPES[code]
    product = PRODUCTS.get(kind)
    if product is not None and product not in item.products:
        raise PlaidError("SANDBOX_PRODUCT_NOT_ENABLED", product)
    _send(sender, item, kind, code, **_details(item, code, kind))


def tell_login_required(sender: Sender, item: Item) -> None:
    """Only if the Item has an address to tell it to."""
    _send(sender, item, "ITEM", "ERROR", error=_error("ITEM_LOGIN_REQUIRED"))


def tell_new_address(sender: Sender, item: Item) -> None:
    _send(sender, item, "ITEM", "WEBHOOK_UPDATE_ACKNOWLEDGED", error=None, new_webhook_url=item.webhook)


def _send(sender: Sender, item: Item, webhook_type: str, code: str, **details: Any) -> None:
    body = {
        "environment": ENVIRONMENT,
        "item_id": item.item_id,
        "webhook_code": code,
        "webhook_type": webhook_type,
        **details,
    }
    sender.send(item.webhook, body)


def _details(item: Item, code: str, webhook_type: str) -> dict[str, Any]:
    first = next(iter(item.accounts))
    if code == "DEFAULT_UPDATE" and webhook_type == "TRANSACTIONS":
        return {"error": None, "new_transactions": 0}
    by_code: dict[str, dict[str, Any]] = {
        "ERROR": {"error": _error("ITEM_LOGIN_REQUIRED")},
        "NEW_ACCOUNTS_AVAILABLE": {"error": None},
        "PENDING_DISCONNECT": {"reason": "INSTITUTION_TOKEN_EXPIRATION"},
        "PRODUCT_READY": {"asset_report_id": ids.session_id(), "report_type": "FULL"},
        "RECURRING_TRANSACTIONS_UPDATE": {"account_ids": list(item.accounts)},
        "SMS_MICRODEPOSITS_VERIFICATION": {"account_id": first, "error": None, "status": "MANUALLY_VERIFIED"},
        "SYNC_UPDATES_AVAILABLE": {"historical_update_complete": True, "initial_update_complete": True},
        "USER_ACCOUNT_REVOKED": {"account_id": first},
        "USER_PERMISSION_REVOKED": {"error": _error("USER_PERMISSION_REVOKED")},
    }
    return by_code.get(code, {})


def _error(code: str) -> dict[str, Any]:
    """Errors inside webhooks carry `status`, and no request id."""
    error = PlaidError(code)
    return {**error.link_error(), "status": error.documented.status}

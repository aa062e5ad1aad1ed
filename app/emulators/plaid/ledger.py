"""/transactions/sync: an Item's transactions in the order they became known, and cursors into that order."""

from __future__ import annotations

import base64
import hashlib
import json
import string
from datetime import datetime
from typing import Any

from app.emulators.persona_bank import Account, Transaction
from app.emulators.plaid.errors import PlaidError
from app.emulators.plaid.state import Entry, Item
from app.emulators.plaid.wire import accounts

DEFAULT_COUNT = 100
_BASE62 = string.ascii_letters + string.digits
_PLACE_KEYS = ("address", "city", "country", "lat", "lon", "postal_code", "region", "store_number")
_PAYMENT_KEYS = (
    "by_order_of",
    "payee",
    "payer",
    "payment_method",
    "payment_processor",
    "ppd_id",
    "reason",
    "reference_number",
)


def not_ready() -> dict[str, Any]:
    """What the first calls after an Item's creation often get."""
    return _page([], [], "", has_more=False, status="NOT_READY")


def sync(item: Item, body: dict[str, Any], now: datetime) -> dict[str, Any]:
    """One page after the cursor; the ledger grows as days pass on the emulator's clock."""
    _extend(item, now)
    only = body.get("options", {}).get("account_id")
    if only is not None and only not in item.accounts:
        raise PlaidError("INVALID_ACCOUNT_ID")
    listed = [entry for entry in item.ledger if only in (None, entry.account_id)]
    start = _position(item, body.get("cursor", ""))
    end = min(start + body.get("count", DEFAULT_COUNT), len(listed))
    wanted = {only: item.accounts[only]} if only else None
    return _page(
        accounts(item, wanted),
        [_shape(entry, item.accounts[entry.account_id]) for entry in listed[start:end]],
        _cursor(item, end),
        has_more=end < len(listed),
        status="HISTORICAL_UPDATE_COMPLETE",
    )


def known(item: Item, now: datetime) -> list[Entry]:
    """The whole ledger up to now."""
    _extend(item, now)
    return item.ledger


def _extend(item: Item, now: datetime) -> None:
    known_until = item.ledger_end.date() if item.ledger_end else None
    added = []
    for account_id, account in item.accounts.items():
        # Two equal purchases on one day differ by their place among the equal ones.
        seen: dict[Transaction, int] = {}
        for transaction in account.transactions_until(now.date()):
            if known_until is None or transaction.day > known_until:
                seen[transaction] = seen.get(transaction, 0) + 1
                entry_id = _entry_id(account_id, transaction, seen[transaction])
                added.append(Entry(entry_id, account_id, transaction))
    item.ledger.extend(sorted(added, key=lambda entry: (entry.transaction.day, entry.transaction_id)))
    item.ledger_end = now


def _entry_id(account_id: str, transaction: Transaction, place: int) -> str:
    seed = f"{account_id}|{transaction.model_dump_json()}|{place}".encode()
    number = int.from_bytes(hashlib.sha256(seed).digest(), "big")
    letters = []
    for _ in range(37):
        number, rest = divmod(number, 62)
        letters.append(_BASE62[rest])
    return "".join(letters)


def _cursor(item: Item, position: int) -> str:
    return base64.b64encode(json.dumps([item.item_id, position]).encode()).decode()


def _position(item: Item, cursor: str) -> int:
    if cursor == "":
        return 0
    try:
        item_id, position = json.loads(base64.b64decode(cursor, validate=True))
    except ValueError as error:
        raise PlaidError("INVALID_FIELD", "cursor not associated with access_token") from error
    if item_id != item.item_id:
        raise PlaidError("INVALID_FIELD", "cursor not associated with access_token")
    return int(position)


def _page(
    listed: list[dict[str, Any]], added: list[dict[str, Any]], cursor: str, *, has_more: bool, status: str
) -> dict[str, Any]:
    return {
        "accounts": listed,
        "added": added,
        "has_more": has_more,
        "modified": [],
        "next_cursor": cursor,
        "removed": [],
        "transactions_update_status": status,
    }


def _shape(entry: Entry, account: Account) -> dict[str, Any]:
    held = entry.transaction
    return {
        "account_id": entry.account_id,
        "account_owner": None,
        "amount": held.amount,
        "authorized_date": held.day.isoformat(),
        "authorized_datetime": None,
        "check_number": None,
        "counterparties": [],
        "date": held.day.isoformat(),
        "datetime": None,
        "iso_currency_code": account.balances.currency,
        "location": dict.fromkeys(_PLACE_KEYS),
        "logo_url": None,
        "merchant_entity_id": None,
        "merchant_name": held.merchant_name,
        "name": held.name,
        "payment_channel": "in store" if held.merchant_name else "other",
        "payment_meta": dict.fromkeys(_PAYMENT_KEYS),
        "pending": held.pending,
        "pending_transaction_id": None,
        "personal_finance_category": {
            "confidence_level": "HIGH",
            "detailed": held.category_detailed or held.category,
            "primary": held.category,
        },
        "personal_finance_category_icon_url": (f"https://plaid-category-icons.plaid.com/PFC_{held.category}.png"),
        "transaction_code": None,
        "transaction_id": entry.transaction_id,
        "transaction_type": "place" if held.merchant_name else "unresolved",
        "unofficial_currency_code": None,
        "website": None,
    }

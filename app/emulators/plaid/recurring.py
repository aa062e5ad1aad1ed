"""/transactions/recurring/get: the money of a persona that moves again and again, as Plaid's streams."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from typing import Any

from app.emulators.persona_bank import Account, Recurring
from app.emulators.plaid import ledger, wire
from app.emulators.plaid.state import Entry, Item

MATURE_AFTER = 3
_NEXT_WITHIN = timedelta(days=62)
_FREQUENCIES = {
    "week": "WEEKLY",
    "two_weeks": "BIWEEKLY",
    "four_weeks": "MONTHLY",
    "half_month": "SEMI_MONTHLY",
    "month": "MONTHLY",
}


def streams(item: Item, account_ids: list[str], now: datetime) -> dict[str, Any]:
    """Money in has amounts below zero, as everywhere at Plaid. A rule that happened once is no stream yet."""
    entries = ledger.known(item, now)
    found = []
    for account_id in account_ids:
        own = [entry for entry in entries if entry.account_id == account_id]
        account = item.accounts[account_id]
        made = (_stream(account_id, account, rule, own, now.date()) for rule in account.recurring)
        found += [stream for stream in made if stream is not None]
    return {
        "inflow_streams": [one for one in found if one["average_amount"]["amount"] < 0],
        "outflow_streams": [one for one in found if one["average_amount"]["amount"] >= 0],
        "personal_finance_category_version": "v1",
        "updated_datetime": wire.moment(now),
    }


def _stream(
    account_id: str, account: Account, rule: Recurring, entries: list[Entry], today: date
) -> dict[str, Any] | None:
    wanted = {rule.on(day) for day in rule.days(today - timedelta(days=account.history_days), today)}
    happened = sorted((one for one in entries if one.transaction in wanted), key=lambda one: one.transaction.day)
    if len(happened) < 2:
        return None
    amounts = [entry.transaction.amount for entry in happened]
    ahead = rule.days(today + timedelta(days=1), today + _NEXT_WITHIN)
    seed = f"{account_id}|{rule.model_dump_json()}".encode()
    return {
        "account_id": account_id,
        "average_amount": _money(sum(amounts) / len(amounts), account),
        "category": None,
        "category_id": None,
        "description": rule.name,
        "first_date": happened[0].transaction.day.isoformat(),
        "frequency": _FREQUENCIES[rule.every],
        "is_active": bool(ahead),
        "is_user_modified": False,
        "last_amount": _money(amounts[-1], account),
        "last_date": happened[-1].transaction.day.isoformat(),
        "merchant_name": rule.merchant_name,
        "personal_finance_category": {
            "confidence_level": "HIGH",
            "detailed": rule.category_detailed or rule.category,
            "primary": rule.category,
        },
        "predicted_next_date": ahead[0].isoformat() if ahead else None,
        "status": _status(len(happened), bool(ahead)),
        "stream_id": hashlib.sha256(seed).hexdigest()[:37],
        "transaction_ids": [entry.transaction_id for entry in happened],
    }


def _status(times: int, goes_on: bool) -> str:
    if not goes_on:
        return "TOMBSTONED"
    return "MATURE" if times >= MATURE_AFTER else "EARLY_DETECTION"


def _money(amount: float, account: Account) -> dict[str, Any]:
    currency = account.balances.currency
    return {"amount": round(amount, 2), "iso_currency_code": currency, "unofficial_currency_code": None}

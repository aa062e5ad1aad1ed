"""/investments/holdings/get: an investment account's balance as two made-up funds and the rest in dollars."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.emulators.persona_bank import Account


@dataclass(frozen=True)
class _Security:
    """`share`: what part of an account's balance it makes up; `bought`: cost in parts of today's price."""

    name: str
    ticker: str
    kind: str
    price: float
    share: float
    bought: float
    figi: str | None

    @property
    def security_id(self) -> str:
        return hashlib.sha256(self.ticker.encode()).hexdigest()[:37]


_FUNDS = (
    _Security("Sample Total Market Index Fund", "SMPLX", "mutual fund", 52.5, 0.6, 0.8, "BBG00SAMPLE1"),
    _Security("Sample Bond Fund", "SMPBX", "mutual fund", 10.42, 0.3, 0.95, "BBG00SAMPLE2"),
)
_CASH = _Security("U S Dollar", "CUR:USD", "cash", 1.0, 0.1, 1.0, None)


def of_accounts(wanted: dict[str, Account], today: date) -> dict[str, list[dict[str, Any]]]:
    """The `holdings` and `securities` of investment accounts."""
    held = [one for key, account in wanted.items() for one in _of_account(key, account, today)]
    return {"holdings": held, "securities": [_security(one, today) for one in (*_FUNDS, _CASH)]}


def _of_account(account_id: str, account: Account, today: date) -> list[dict[str, Any]]:
    whole = account.balances.current or 0
    parts = [(fund, round(whole * fund.share, 2)) for fund in _FUNDS]
    rest = round(whole - sum(value for _, value in parts), 2)
    return [_holding(account_id, account, one, value, today) for one, value in (*parts, (_CASH, rest))]


def _holding(account_id: str, account: Account, held: _Security, value: float, today: date) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "cost_basis": round(value * held.bought, 2),
        "institution_price": held.price,
        "institution_price_as_of": today.isoformat(),
        "institution_price_datetime": None,
        "institution_value": value,
        "iso_currency_code": account.balances.currency,
        "quantity": round(value / held.price, 4),
        "security_id": held.security_id,
        "unofficial_currency_code": None,
        "vested_quantity": None,
        "vested_value": None,
    }


def _security(held: _Security, today: date) -> dict[str, Any]:
    nothing = ("cfi_code", "cusip", "fixed_income", "industry", "institution_id", "institution_security_id", "isin")
    return {
        **dict.fromkeys(nothing),
        "close_price": held.price,
        "close_price_as_of": today.isoformat(),
        "figi": held.figi,
        "is_cash_equivalent": held is _CASH,
        "iso_currency_code": "USD",
        "market_identifier_code": None,
        "name": held.name,
        "option_contract": None,
        "proxy_security_id": None,
        "sector": None,
        "security_id": held.security_id,
        "sedol": None,
        "subtype": held.kind,
        "ticker_symbol": held.ticker,
        "type": held.kind,
        "unofficial_currency_code": None,
        "update_datetime": None,
    }

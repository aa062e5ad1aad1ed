"""The sandbox's user_custom: whose accounts are written as JSON into the password.

Read are override_accounts with type, subtype, starting_balance, currency, meta (name, official_name, limit, mask),
numbers, identity and transactions; everything else that Plaid documents is ignored.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.emulators.persona_bank import Account, Balances, Bank, Owner, Transaction
from app.emulators.persona_base import Address
from app.emulators.plaid.catalog import Institution
from app.emulators.plaid.errors import PlaidError

USERNAME = "user_custom"


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Meta(_Part):
    name: str | None = None
    official_name: str | None = None
    limit: float | None = None
    mask: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{2,4}$")] | None = None


class _Numbers(_Part):
    account: Annotated[str, Field(pattern=r"^\d{4,17}$")] | None = None
    ach_routing: Annotated[str, Field(pattern=r"^\d{9}$")] = "011401533"
    ach_wire_routing: Annotated[str, Field(pattern=r"^\d{9}$")] = "021000021"


class _Place(_Part):
    street: str
    city: str
    region: str
    postal_code: str


class _Addressed(_Part):
    data: _Place


class _Reached(_Part):
    data: str


class _Identity(_Part):
    names: list[str] = Field(min_length=1)
    addresses: list[_Addressed] = []
    emails: list[_Reached] = []
    phone_numbers: list[_Reached] = []


class _Transaction(_Part):
    date_transacted: date
    amount: float
    description: str


class _Account(_Part):
    type: Literal["depository", "credit", "loan", "investment", "other"] = "depository"
    subtype: str = "checking"
    starting_balance: float = 1000
    currency: str = "USD"
    meta: _Meta = _Meta()
    numbers: _Numbers = _Numbers()
    identity: _Identity | None = None
    transactions: list[_Transaction] = []


class _User(_Part):
    override_accounts: list[_Account] = Field(min_length=1)


def custom_bank(institution: Institution, password: str) -> Bank:
    """Raises INVALID_CREDENTIALS when the password is no such JSON."""
    try:
        described = _User.model_validate(json.loads(password))
        accounts = [_account(place, one) for place, one in enumerate(described.override_accounts)]
    except (ValueError, ValidationError) as error:
        raise PlaidError("INVALID_CREDENTIALS") from error
    return Bank(institution_id=institution.institution_id, name=institution.name, accounts=accounts)


def _account(place: int, held: _Account) -> Account:
    number = held.numbers.account or f"111122223333{place}{place}{place}{place}"[:16]
    in_bank = held.type == "depository"
    return Account(
        name=held.meta.name or f"Plaid {held.subtype.title()}",
        official_name=held.meta.official_name,
        type=held.type,
        subtype=held.subtype,
        mask=held.meta.mask or number[-4:],
        account_number=number if in_bank else None,
        routing_number=held.numbers.ach_routing if in_bank else None,
        wire_routing_number=held.numbers.ach_wire_routing if in_bank else None,
        balances=Balances(
            available=held.starting_balance if in_bank else None,
            current=held.starting_balance,
            limit=held.meta.limit,
            currency=held.currency,
        ),
        owners=[_owner(held.identity)] if held.identity else [],
        transactions=[
            Transaction(day=one.date_transacted, amount=one.amount, name=one.description) for one in held.transactions
        ],
    )


def _owner(identity: _Identity) -> Owner:
    places = [one.data for one in identity.addresses]
    return Owner(
        names=identity.names,
        addresses=[Address(line1=at.street, city=at.city, state=at.region, zip=at.postal_code) for at in places],
        emails=[one.data for one in identity.emails],
        phone_numbers=[one.data for one in identity.phone_numbers],
    )

"""What the Plaid client gives back: frozen records, `repr` without data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.providers.observations import Address, BankAccount
from app.providers.reading import Record

Jwk = Mapping[str, Any]


@dataclass(frozen=True, repr=False)
class LinkToken(Record):
    token: str
    expires_at: datetime


@dataclass(frozen=True, repr=False)
class LinkedItem(Record):
    """An Item with the access token that reads it."""

    item_id: str
    access_token: str


@dataclass(frozen=True)
class EditCounts:
    """How often the person edited a group of fields in Layer: in this session, and before."""

    current: int
    last_day: int
    last_30_days: int
    last_365_days: int
    all_time: int


@dataclass(frozen=True, repr=False)
class LayerIdentity(Record):
    """What the person confirmed in Layer: editable and unverified. Of the SSN only the last four are kept."""

    first_name: str | None
    last_name: str | None
    address: Address | None
    email: str | None
    date_of_birth: str | None
    ssn_last_four: str | None


@dataclass(frozen=True, repr=False)
class LayerSession(Record):
    """A finished Layer session. `phone_number` is E.164 and was verified by Plaid."""

    link_session_id: str | None
    identity: LayerIdentity | None
    edit_counts: Mapping[str, EditCounts]
    items: tuple[LinkedItem, ...]
    phone_number: str | None


@dataclass(frozen=True, repr=False)
class ItemAccounts(Record):
    item_id: str
    institution_id: str | None
    institution_name: str | None
    accounts: tuple[BankAccount, ...]


@dataclass(frozen=True, repr=False)
class Owner(Record):
    """One owner block as the bank has it. Joint holders may be several blocks or several names in one."""

    names: tuple[str, ...]
    emails: tuple[str, ...]
    phone_numbers: tuple[str, ...]
    addresses: tuple[Address, ...]


@dataclass(frozen=True, repr=False)
class AccountOwners(Record):
    account_id: str
    owners: tuple[Owner, ...]


@dataclass(frozen=True, repr=False)
class AccountNumbers(Record):
    account_id: str
    account_number: str
    routing_number: str | None
    is_tokenized: bool


@dataclass(frozen=True, repr=False)
class Transaction(Record):
    """`amount` above 0 is money out. `date` is ISO."""

    transaction_id: str
    account_id: str
    amount: str
    currency: str | None
    date: str | None
    name: str | None
    merchant_name: str | None
    category: str | None
    pending: bool


@dataclass(frozen=True, repr=False)
class TransactionChanges(Record):
    """Changes since a cursor. `is_complete` is False when the page limit ended the reading early."""

    added: tuple[Transaction, ...]
    modified: tuple[Transaction, ...]
    removed: tuple[str, ...]
    cursor: str
    status: str | None
    is_complete: bool


@dataclass(frozen=True, repr=False)
class ItemStatus(Record):
    """`error_code` is set when the Item needs its owner (update mode)."""

    item_id: str
    institution_id: str | None
    institution_name: str | None
    webhook: str | None
    error_code: str | None
    consented_products: tuple[str, ...]
    consent_expires_at: datetime | None


@dataclass(frozen=True)
class Institution:
    """`logo` is a base64 PNG."""

    institution_id: str
    name: str
    logo: str | None
    primary_color: str | None
    url: str | None
    is_oauth: bool

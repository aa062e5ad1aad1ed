"""What a provider said about a person, in words of ours. Money is a decimal string, never a float."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

PLAID_LAYER = "plaid_layer"
PLAID_BANK = "plaid_bank"
SPINWHEEL_PROFILE = "spinwheel_profile"
SPINWHEEL_CREDIT_FILE = "spinwheel_credit_file"


class Address(TypedDict):
    """A postal address; parts that are not known are None. `country` is ISO 3166 alpha-2."""

    street: str | None
    unit: str | None
    city: str | None
    state: str | None
    postal_code: str | None
    country: str | None


@dataclass(frozen=True)
class Observation:
    """One value of one field, as one source said it at one time.

    `field` is one of `first_name` (first and middle), `last_name`, `email`, `phone_number` (E.164),
    `date_of_birth` (ISO), `ssn_last_four`, `address`, `employer_name`, `housing_status` (own, rent, other).
    `verified` says that the source itself proved the value. `repr` shows no value.
    """

    field: str
    value: str | Address = dataclasses.field(repr=False)
    source: str
    source_record: str
    observed_at: datetime
    verified: bool = False


@dataclass(frozen=True)
class BankAccount:
    """One account at a bank. `repr` shows ids and kinds only."""

    account_id: str
    item_id: str
    institution_id: str | None
    institution_name: str | None = dataclasses.field(repr=False)
    name: str | None = dataclasses.field(repr=False)
    official_name: str | None = dataclasses.field(repr=False)
    type: str
    subtype: str | None
    mask: str | None = dataclasses.field(repr=False)
    available: str | None = dataclasses.field(repr=False)
    current: str | None = dataclasses.field(repr=False)
    limit: str | None = dataclasses.field(repr=False)
    currency: str | None
    account_number: str | None = dataclasses.field(default=None, repr=False)
    routing_number: str | None = dataclasses.field(default=None, repr=False)
    is_tokenized: bool = False
    owners: tuple[str, ...] = dataclasses.field(default=(), repr=False)


@dataclass(frozen=True)
class Debt:
    """One liability. `kind` is credit_card, auto_loan, home_loan, personal_loan, student_loan or other.

    `rate` is a percentage per year as a decimal string; `status` is `open` or `closed` where known.
    """

    record_id: str
    kind: str
    creditor: str | None = dataclasses.field(repr=False)
    mask: str | None = dataclasses.field(repr=False)
    balance: str | None = dataclasses.field(repr=False)
    limit: str | None = dataclasses.field(repr=False)
    monthly_payment: str | None = dataclasses.field(repr=False)
    rate: str | None = dataclasses.field(repr=False)
    status: str | None
    source: str

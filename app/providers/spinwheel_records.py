"""What the Spinwheel client gives back: frozen records, `repr` without data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.providers.observations import Address, Debt
from app.providers.reading import Record


@dataclass(frozen=True)
class SmsSent:
    """A code is on its way; it dies at `expires_at`."""

    user_id: str
    connection_id: str | None
    expires_at: datetime


@dataclass(frozen=True, repr=False)
class Residence(Record):
    """One address of a person. `ownership` is own, rent, other or None; `reported_on` is ISO."""

    address: Address
    is_current: bool | None
    ownership: str | None
    reported_on: str | None


@dataclass(frozen=True, repr=False)
class Employment(Record):
    employer_name: str
    is_current: bool | None


@dataclass(frozen=True, repr=False)
class Profile(Record):
    """A person as the phone's owner or as a bureau knows them; parts may be missing."""

    first_name: str | None
    middle_name: str | None
    last_name: str | None
    ssn_last_four: str | None
    phone_number: str | None
    email: str | None
    date_of_birth: str | None
    residences: tuple[Residence, ...]
    employments: tuple[Employment, ...]


@dataclass(frozen=True)
class RiskAssessment:
    """What one vendor's model said of the phone. `signals` holds the known numbers, flags and words alone."""

    vendor: str
    version: str
    signals: Mapping[str, Any]


@dataclass(frozen=True, repr=False)
class Connected(Record):
    """The phone is proven and the identity matched. `risk_assessments` only where Spinwheel enabled them."""

    user_id: str
    profile: Profile | None
    risk_assessments: tuple[RiskAssessment, ...]


@dataclass(frozen=True, repr=False)
class CreditScore(Record):
    score: int
    model: str | None
    reported_on: str | None


@dataclass(frozen=True, repr=False)
class CreditFile(Record):
    """One bureau's report with the liabilities it lists. `score` is None when none was given."""

    user_id: str
    report_id: str | None
    bureau: str | None
    profile: Profile | None
    score: CreditScore | None
    debts: tuple[Debt, ...]


@dataclass(frozen=True, repr=False)
class SpinwheelUser(Record):
    """A user as Spinwheel stores it; `credit_file` is None before the first pull."""

    user_id: str
    ext_user_id: str | None
    profile: Profile | None
    credit_file: CreditFile | None

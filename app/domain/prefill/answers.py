"""Everything one onboarding knows, as a form and a result need it."""

import dataclasses
import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.observations import Known, known_values
from app.domain.prefill.fields import CONSUMER, FIELDS, LISTS, TENANT
from app.domain.prefill.merge import Chosen, merge
from app.models import Onboarding, PlaidAccount, utcnow
from app.models.vault import vault

PHONE_CHECK = "phone_check"


@dataclass(frozen=True)
class Holding:
    """A bank account or a debt, and whether the consumer shares it."""

    key: str
    details: dict[str, Any] = dataclasses.field(repr=False)
    source: str
    observed_at: dt.datetime
    shared: bool

    @property
    def balance(self) -> Decimal:
        """What it holds, or what is owed."""
        return Decimal(self.details.get("balance") or self.details.get("current") or "0")


@dataclass(frozen=True)
class Answers:
    """The merged data of one onboarding."""

    chosen: dict[str, Chosen] = dataclasses.field(repr=False)
    bank_accounts: tuple[Holding, ...] = dataclasses.field(repr=False)
    debts: tuple[Holding, ...] = dataclasses.field(repr=False)
    asked: dict[str, str]
    disputed: frozenset[str]

    @property
    def missing(self) -> list[str]:
        """Required fields without a value, in the order of the table."""
        return [
            key for key in FIELDS if self.asked.get(key) == "required" and key not in self.chosen and key not in LISTS
        ]

    def counts(self) -> tuple[int, int]:
        """Fields filled, fields asked; a list counts as one field."""
        filled = sum(1 for key in self.asked if key in self.chosen)
        filled += sum(
            1 for key, rows in zip(LISTS, (self.bank_accounts, self.debts), strict=True) if key in self.asked and rows
        )
        return filled, len(self.asked)

    def typed_by_consumer(self) -> int:
        """How many answers the consumer gave or changed."""
        return sum(1 for chosen in self.chosen.values() if chosen.source == CONSUMER)


def answers_of(session: Session, onboarding: Onboarding) -> Answers:
    """Merge what is known now."""
    known = known_values(session, onboarding)
    given = vault(session).open(onboarding, "given") or {"values": {}, "locked": []}
    asked: dict[str, str] = onboarding.asked["fields"]
    chosen = merge([k for k in known if k.field in asked], given["locked"])
    chosen |= _from_the_start(session, onboarding, asked, given)
    left_out = frozenset(onboarding.progress.get("left_out", ()))
    return Answers(
        chosen,
        tuple(_accounts(session, onboarding, left_out)),
        tuple(_debts(known, left_out)),
        asked,
        frozenset(onboarding.progress.get("disputed", ())),
    )


def _from_the_start(
    session: Session, onboarding: Onboarding, asked: dict[str, str], given: dict[str, Any]
) -> dict[str, Chosen]:
    """Phone and date of birth as given in the first step: fixed from then on, because the proof hangs on them."""
    keep = vault(session)
    at = onboarding.started_at or utcnow()
    fixed = {}
    birth = keep.open(onboarding, "date_of_birth")
    if birth is not None and "date_of_birth" in asked:
        by_tenant = given["values"].get("date_of_birth") == birth
        source, record = (TENANT, TENANT) if by_tenant else (CONSUMER, "start")
        fixed["date_of_birth"] = Chosen("date_of_birth", birth, source, record, at, False, locked=True)
    phone = keep.open(onboarding, "phone_number")
    proven = onboarding.phone_verified_at
    if phone is not None and proven is not None and "phone_number" in asked:
        fixed["phone_number"] = Chosen("phone_number", phone, PHONE_CHECK, "sms", proven, True, locked=True)
    return fixed


def _accounts(session: Session, onboarding: Onboarding, left_out: frozenset[str]) -> list[Holding]:
    rows = session.scalars(
        select(PlaidAccount)
        .where(PlaidAccount.onboarding_id == onboarding.id)
        .order_by(PlaidAccount.created_at, PlaidAccount.id)
    )
    holdings = []
    for row in rows:
        details = vault(session).open(row, "details")
        if details["type"] in ("credit", "loan"):
            continue
        key = row.id.hex
        holdings.append(Holding(key, details, "plaid_bank", row.created_at, key not in left_out))
    return holdings


def _debts(known: list[Known], left_out: frozenset[str]) -> list[Holding]:
    """Debts of both sources; the same card seen twice counts once, as the bank tells it."""
    said = [k for k in known if k.field == "credit_accounts" and k.id is not None]
    said.sort(key=lambda k: FIELDS["credit_accounts"].sources.index(k.source))
    seen: set[tuple[str, str]] = set()
    holdings = []
    for debt in said:
        assert debt.id is not None
        details = debt.value
        if details.get("status") == "closed" and not Decimal(details.get("balance") or "0"):
            continue
        same = (details["kind"], details["mask"] or details["record_id"])
        if same in seen:
            continue
        seen.add(same)
        key = debt.id.hex
        holdings.append(Holding(key, details, debt.source, debt.observed_at, key not in left_out))
    return holdings

"""A persona's banks as Plaid tells of them: log-ins, accounts, owners, transactions and liabilities."""

import hashlib
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field

from app.emulators.persona_base import Address, Part, Short

EVERY_DAYS = {"week": 7, "two_weeks": 14, "four_weeks": 28}


class Owner(Part):
    """An account holder in the bank's own words. The first of each list is the primary one."""

    names: list[Short] = Field(min_length=1)
    addresses: list[Address] = []
    emails: list[Short] = []
    phone_numbers: list[Short] = Field(default=[], description="As the bank writes them, not E.164")


class Balances(Part):
    available: float | None = None
    current: float | None = None
    limit: float | None = None
    currency: str = "USD"


class Transaction(Part):
    """`amount` has Plaid's sign: above zero is money out."""

    day: date
    amount: float
    name: Short
    merchant_name: Short | None = None
    category: Short = Field(default="GENERAL_MERCHANDISE", description="Plaid's primary category")
    category_detailed: Short | None = Field(default=None, description="Plaid's detailed category")
    pending: bool = False


class Recurring(Part):
    """Money that moves again and again, such as pay. Expanded back from today, the same on the same day."""

    name: Short
    merchant_name: Short | None = None
    amount: float = Field(description="Above zero is money out, as in Plaid")
    varies_by: float = Field(default=0, ge=0, lt=1, description="0.1: between 10 % less and 10 % more")
    every: Literal["week", "two_weeks", "four_weeks", "half_month", "month"]
    first: date = Field(description="A day on which it happened; for half_month its day and 15 days later")
    last: date | None = Field(default=None, description="The last day; left out: it goes on")
    category: Short = "GENERAL_MERCHANDISE"
    category_detailed: Short | None = None

    def days(self, start: date, end: date) -> list[date]:
        """The days it happens on, from start to end, both included."""
        end = min(end, self.last) if self.last else end
        start = max(start, self.first)
        if self.every in EVERY_DAYS:
            step = EVERY_DAYS[self.every]
            missed = -(-(start - self.first).days // step)
            found, day = [], self.first + timedelta(days=missed * step)
            while day <= end:
                found.append(day)
                day += timedelta(days=step)
            return found
        wanted = {min(self.first.day, 28)}
        if self.every == "half_month":
            wanted.add((self.first.day + 14) % 28 + 1)
        span = (start + timedelta(days=offset) for offset in range((end - start).days + 1))
        return [day for day in span if day.day in wanted]

    def on(self, day: date) -> Transaction:
        seed = int.from_bytes(hashlib.sha256(f"{self.name}{day}".encode()).digest()[:4], "big") / 2**32
        amount = round(self.amount * (1 + self.varies_by * (2 * seed - 1)), 2)
        return Transaction(
            day=day,
            amount=amount,
            name=self.name,
            merchant_name=self.merchant_name,
            category=self.category,
            category_detailed=self.category_detailed,
        )


class CreditLiability(Part):
    kind: Literal["credit"]
    apr: float = Field(description="Percent, for purchases")
    last_statement_balance: float
    last_statement_day: date
    minimum_payment: float
    next_payment_day: date
    last_payment: float
    last_payment_day: date
    is_overdue: bool = False


class MortgageLiability(Part):
    kind: Literal["mortgage"]
    property_address: Address
    interest_rate: float = Field(description="Percent")
    interest_rate_type: Literal["fixed", "variable"] = "fixed"
    loan_term: str = "30 year"
    loan_type: str = "conventional"
    origination_day: date
    origination_principal: float
    maturity_day: date
    next_monthly_payment: float
    next_payment_day: date
    last_payment: float
    last_payment_day: date
    escrow_balance: float = 0


class StudentLiability(Part):
    kind: Literal["student"]
    loan_name: Short
    guarantor: Short
    interest_rate: float = Field(description="Percent")
    origination_day: date
    origination_principal: float
    expected_payoff_day: date
    minimum_payment: float
    next_payment_day: date
    last_payment: float
    last_payment_day: date
    status: Literal["repayment", "deferment", "in grace", "forbearance"] = "repayment"


Liability = Annotated[CreditLiability | MortgageLiability | StudentLiability, Field(discriminator="kind")]


class Account(Part):
    """One account. Only checking, savings and cash management accounts carry account and routing numbers."""

    name: Short
    official_name: Short | None = None
    type: Literal["depository", "credit", "loan", "investment", "other"] = "depository"
    subtype: Short = "checking"
    mask: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{2,4}$")]
    account_number: Annotated[str, Field(pattern=r"^\d{4,17}$")] | None = None
    routing_number: Annotated[str, Field(pattern=r"^\d{9}$")] | None = None
    wire_routing_number: Annotated[str, Field(pattern=r"^\d{9}$")] | None = None
    tokenized: bool = Field(default=False, description="The account number is a token, as at Chase or PNC")
    holder_category: Literal["personal", "business", "unrecognized"] = "personal"
    balances: Balances = Balances()
    owners: list[Owner] = Field(default=[], description="Left out: the persona, alone")
    transactions: list[Transaction] = []
    recurring: list[Recurring] = []
    history_days: int = Field(default=730, ge=1, le=730, description="How far back `recurring` goes")
    liability: Liability | None = None

    def transactions_until(self, today: date) -> list[Transaction]:
        """Those written out and those that recur, newest first; deterministic for a day."""
        start = today - timedelta(days=self.history_days)
        repeated = [rule.on(day) for rule in self.recurring for day in rule.days(start, today)]
        written = [entry for entry in self.transactions if entry.day <= today]
        return sorted(written + repeated, key=_order, reverse=True)


def _order(entry: Transaction) -> tuple[date, str, float]:
    return entry.day, entry.name, entry.amount


class Mfa(Part):
    """What the bank asks after the password: a code sent to a device, or a question."""

    kind: Literal["device", "question"]
    question: Short = "What was your first pet called?"
    answer: Short = "1234"


class Bank(Part):
    """One log-in at one bank. `institution_id` is Plaid's, such as ins_109508."""

    institution_id: Annotated[str, Field(pattern=r"^ins_\d+$")]
    name: Short
    username: Short = "user_good"
    password: Short = "pass_good"  # noqa: S105 - the documented sandbox password
    mfa: Mfa | None = None
    accounts: list[Account] = Field(min_length=1)

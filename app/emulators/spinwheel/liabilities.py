"""The six kinds of liabilities and their summaries, as a debt profile carries them."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from app.emulators.persona_credit import CreditCard, CreditFile, Debt, Loan, Miscellaneous, StudentLoan
from app.emulators.spinwheel.profile import day, month

NAMESPACE = uuid.UUID("6f1d0f0e-5c1e-4b5a-9d53-3f7f2f4f6a10")
LOGO = "https://cdn.spinwheel.io/images/logo/{}.png"
HISTORY_WORDS = {
    "0": "The account is current",
    "1": "The account is 30 days past due",
    "2": "The account is 60 days past due",
    "3": "The account is 90 days past due",
    "4": "The account is 120 days past due",
    "5": "The account is 150 days past due",
    "6": "The account is 180 days past due",
    "D": "No data",
    "L": "Charge-off",
    "R": "Repossession",
}
COUNT_FIELDS = {"creditCards": "noOfCreditCards", "miscellaneousLiabilities": "noOfLiabilities"}


@dataclass(frozen=True)
class Kind:
    """One kind: its array, id field, profile object, and how a bureau classes it."""

    array: str
    id_field: str
    liability_type: str
    subtype: str
    debt_type: str
    account_type: tuple[str, str]

    @property
    def profile(self) -> str:
        return "cardProfile" if self.array == "creditCards" else "liabilityProfile"

    @property
    def summary(self) -> str:
        return f"{self.id_field.removesuffix('Id')}Summary"

    @property
    def count_field(self) -> str:
        return COUNT_FIELDS.get(self.array, "noOfLoans")


_LOAN = ("INSTALLMENT", "I")
KINDS = (
    Kind("creditCards", "creditCardId", "CREDIT_CARD", "CreditCard", "UNSECURED", ("REVOLVING", "R")),
    Kind("autoLoans", "autoLoanId", "AUTO_LOAN", "AutoLease", "UNKNOWN", _LOAN),
    Kind("homeLoans", "homeLoanId", "HOME_LOAN", "Mortgage", "SECURED", ("MORTGAGE", "M")),
    Kind("personalLoans", "personalLoanId", "PERSONAL_LOAN", "InstallmentLoan", "UNSECURED", _LOAN),
    Kind("studentLoans", "studentLoanId", "STUDENT_LOAN", "Educational", "UNSECURED", _LOAN),
    Kind(
        "miscellaneousLiabilities",
        "miscellaneousLiabilityId",
        "MISCELLANEOUS_LIABILITY",
        "UtilityCompany",
        "UNSECURED",
        ("OPEN", "O"),
    ),
)


def debts_of(file: CreditFile) -> dict[str, list[Debt]]:
    """Array name → the file's debts of that kind."""
    return {
        "creditCards": list(file.credit_cards),
        "autoLoans": list(file.auto_loans),
        "homeLoans": list(file.home_loans),
        "personalLoans": list(file.personal_loans),
        "studentLoans": list(file.student_loans),
        "miscellaneousLiabilities": list(file.miscellaneous_liabilities),
    }


def arrays_and_summaries(file: CreditFile, owner: str, now: int, today: date) -> dict[str, Any]:
    """All six arrays (empty ones too) and a summary for each kind there is. `owner` keeps ids apart."""
    made: dict[str, Any] = {}
    debts = debts_of(file)
    for kind in KINDS:
        made[kind.array] = [_liability(kind, debt, owner, now, today) for debt in debts[kind.array]]
    for kind in KINDS:
        if debts[kind.array]:
            made[kind.summary] = _summary(kind, debts[kind.array], now)
    return made


def _liability(kind: Kind, debt: Debt, owner: str, now: int, today: date) -> dict[str, Any]:
    seed = f"{owner}/{kind.array}/{debt.creditor}/{debt.last_four}"
    liability: dict[str, Any] = {
        kind.id_field: str(uuid.uuid5(NAMESPACE, seed)),
        "displayName": debt.display_name or debt.creditor.title(),
        "logoUrl": LOGO.format(uuid.uuid5(NAMESPACE, debt.creditor)),
        kind.profile: _profile(kind, debt, seed, today),
        "balanceDetails": {"outstandingBalance": debt.balance, "updatedOn": now},
        "statementSummary": _statement(debt, today),
        "capabilities": _capabilities(kind),
        "creditor": _creditor(debt),
        "updatedOn": now,
        "createdOn": now,
    }
    if isinstance(debt, CreditCard):
        apr = {"rate": debt.apr, "type": "PURCHASE", "source": "REAL_TIME", "updatedOn": now}
        liability["aprs"] = [apr] if debt.apr is not None else []
    return liability


def _profile(kind: Kind, debt: Debt, seed: str, today: date) -> dict[str, Any]:
    collection = isinstance(debt, Miscellaneous) and debt.subtype == "Collection"
    fields: dict[str, Any] = {
        "accountOriginationDate": debt.opened.isoformat(),
        "status": "CLOSED" if debt.closed else "OPEN",
        "accountRating": debt.rating,
        "liabilitySubtype": debt.subtype if isinstance(debt, Miscellaneous) else kind.subtype,
        "debtType": kind.debt_type,
        "accountOwnershipType": "JOINT_CONTRACTUAL_LIABILITY" if debt.joint else "INDIVIDUAL",
        "ecoaCode": "J" if debt.joint else "I",
        "accountType": kind.account_type[0],
        "accountTypeCode": kind.account_type[1],
        "termsFrequency": "MONTHLY",
        "consumerDisputeStatus": "NOT_DISPUTED",
        "derogatoryDataStatus": "DEROGATORY" if collection else "NOT_DEROGATORY",
        "collectionStatus": "IN_COLLECTION" if collection else "NOT_IN_COLLECTION",
        "chargeOffStatus": "NOT_CHARGED_OFF",
        "adverseRatingCount": sum(sign in "123456LR" for sign in debt.payment_history),
        "reviewedInMonths": len(debt.payment_history),
        "reportedDateWithFormat": day(_statement_day(today)),
        "lastActivityDateWithFormat": day(debt.closed or _statement_day(today)),
        "paymentHistory": _history(debt, today),
    }
    if debt.closed:
        fields["closedDateWithFormat"] = day(debt.closed)
    return fields | _special(debt, seed, today)


def _special(debt: Debt, seed: str, today: date) -> dict[str, Any]:
    """What only one kind has. Card dates are ISO date-times, loan dates plain: so in their example."""
    if isinstance(debt, CreditCard):
        number = f"4{_digits(seed, 11)}{debt.last_four}"
        return {
            "creditCardNumberMasked": f"{number[:6]}******{debt.last_four}",
            "fullNumber": number,
            "accountOriginationDate": f"{debt.opened.isoformat()}T00:00:00.000Z",
            "creditLimit": debt.credit_limit,
            "availableCreditDerived": round(debt.credit_limit - debt.balance, 2),
            "creditUtilization": round(100 * debt.balance / debt.credit_limit, 2),
            "limitType": "REGULAR",
        }
    fields: dict[str, Any] = {
        "accountNumberLastFour": debt.last_four,
        "fullNumber": f"{_digits(seed, 6)}{debt.last_four}",
    }
    if isinstance(debt, Loan):
        fields["loanOriginationAmount"] = debt.original_amount
        if debt.interest_rate is not None:
            fields["interestRateDerived"] = debt.interest_rate
        if debt.term_months is not None:
            passed = (today.year - debt.opened.year) * 12 + today.month - debt.opened.month
            fields["loanTermInMonths"] = debt.term_months
            fields["pendingLoanTermInMonthsDerived"] = max(0, debt.term_months - passed)
    if isinstance(debt, StudentLoan):
        fields["loanType"] = debt.loan_type
    if isinstance(debt, Miscellaneous) and debt.subtype == "Collection":
        fields["collectionAccountStatus"] = "OPEN"
        fields["narratives"] = [{"code": "CW", "description": "Account assigned to collection"}]
    return fields


def _digits(seed: str, count: int) -> str:
    return str(int(hashlib.sha256(seed.encode()).hexdigest(), 16))[:count]


def _statement_day(today: date) -> date:
    return today - timedelta(days=14)


def _statement(debt: Debt, today: date) -> dict[str, Any]:
    due = (today + timedelta(days=debt.due_in_days)).isoformat()
    fields: dict[str, Any] = {
        "statementBalance": debt.balance,
        "statementDateWithFormat": day(_statement_day(today)),
        "minimumPaymentAmount": debt.minimum_payment,
        "lastPaymentDateWithFormat": month(_statement_day(today)),
        "dueDate": f"{due}T00:00:00.000Z" if isinstance(debt, CreditCard) else due,
        "overduePeriod": debt.overdue,
    }
    if isinstance(debt, Loan):
        fields["principalBalance"] = debt.balance
    return fields


def _history(debt: Debt, today: date) -> dict[str, Any]:
    details: list[dict[str, str]] = []
    year, number = today.year, today.month
    for code in debt.payment_history:
        year, number = (year - 1, 12) if number == 1 else (year, number - 1)
        words = HISTORY_WORDS.get(code, "See the bureau's code")
        details.append({"date": date(year, number, 1).isoformat(), "description": words, "code": code})
    assessed = {"lastAssessedStatementDate": details[0]["date"]} if details else {}
    return {**assessed, "details": details}


def _capabilities(kind: Kind) -> dict[str, Any]:
    yes = {"availability": "SUPPORTED"}
    no = {"availability": "NOT_SUPPORTED", "description": "INSTITUTION_NOT_SUPPORTED"}
    if kind.array == "creditCards":
        data = {"realtimeBalance": yes, "statementSummary": yes, "annualPercentageRate": yes}
        return {"payments": {"billPayment": yes}, "data": data}
    return {"payments": {"billPayment": no}, "data": {"realtimeBalance": yes, "payoffSummary": no}}


def _creditor(debt: Debt) -> dict[str, Any]:
    card = isinstance(debt, CreditCard)
    fields: dict[str, Any] = {
        "originalName": debt.creditor.upper(),
        "industryType": "National credit card companies" if card else "Finance companies",
        "industryCode": "ON" if card else "FP",
        "phoneNumber": "18005550100",
        "bureauSubscriberCode": f"{_digits(debt.creditor, 3)}{'ON' if card else 'FP'}00000",
        "address": {"addressLine1": "1 BANK WAY", "city": "WILMINGTON", "state": "DE", "zip": "19801"},
    }
    if isinstance(debt, Miscellaneous) and debt.original_creditor:
        fields["originalCreditorName"] = debt.original_creditor.upper()
    if isinstance(debt, StudentLoan):
        fields["billingAddresses"] = [fields["address"]]
    return fields


def _summary(kind: Kind, debts: list[Debt], now: int) -> dict[str, Any]:
    balance = round(sum(debt.balance for debt in debts), 2)
    fields: dict[str, Any] = {
        kind.count_field: len(debts),
        "currentOutstandingBalance": balance,
        "updatedOn": now,
    }
    cards = [debt for debt in debts if isinstance(debt, CreditCard)]
    if cards:
        limit = sum(card.credit_limit for card in cards)
        fields["availableCredit"] = round(limit - balance, 2)
        fields["creditUtilization"] = round(100 * balance / limit, 2)
    else:
        fields["minimumPaymentAmount"] = round(sum(debt.minimum_payment for debt in debts), 2)
    return fields

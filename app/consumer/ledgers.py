"""Accounts and debts: what was found, and the choice to leave one out."""

from decimal import Decimal
from itertools import groupby

from flask_babel import gettext as _

from app.consumer.context import View
from app.consumer.formats import ago, money
from app.consumer.screen_parts import Entry, Ledger, LedgerGroup, Link
from app.domain.flow import allowed
from app.domain.prefill.answers import Answers, Holding


def ledger_groups(view: View, answers: Answers) -> tuple[LedgerGroup, ...]:
    """Accounts by bank, then debts."""
    groups = []
    if answers.bank_accounts:
        groups.append(_accounts(view, answers))
    if answers.debts:
        groups.append(_debts(view, answers))
    return tuple(groups)


def account_name(holding: Holding) -> str:
    """`Everyday Checking ·· 4821`."""
    details = holding.details
    name = details.get("name") or details.get("creditor") or kind_name(str(details.get("kind", "")))
    return f"{name} ·· {details['mask']}" if details.get("mask") else str(name)


def kind_name(kind: str) -> str:
    """What a debt is called."""
    names = {
        "credit_card": _("Credit card"),
        "auto_loan": _("Car loan"),
        "home_loan": _("Mortgage"),
        "personal_loan": _("Personal loan"),
        "student_loan": _("Student loan"),
    }
    return names.get(kind) or _("Other debt")


def subtype_name(subtype: str) -> str:
    """What an account is called."""
    names = {
        "checking": _("Checking"),
        "savings": _("Savings"),
        "money market": _("Money market"),
        "cd": _("Certificate"),
    }
    return names.get(subtype) or subtype.capitalize()


def _masked(kind: str, mask: str | None) -> str:
    return f"{kind} ·· {mask}" if mask else kind


def _cents(amount: Decimal) -> int:
    return int((amount * 100).to_integral_value())


def _accounts(view: View, answers: Answers) -> LedgerGroup:
    def bank_of(holding: Holding) -> str:
        return str(holding.details.get("institution_name") or _("Your bank"))

    ledgers = []
    for bank, rows in groupby(sorted(answers.bank_accounts, key=bank_of), key=bank_of):
        held = list(rows)
        total = sum((row.balance for row in held if row.shared), start=Decimal(0))
        ledgers.append(
            Ledger(
                heading=bank,
                detail=_("Connected %(when)s", when=ago(held[0].observed_at)),
                monogram="".join(word[0] for word in bank.split() if word[0].isalpha())[:2].upper() or None,
                entries=tuple(_account(view, row) for row in held),
                totals=((_("Shared balance"), money(total)),),
            )
        )
    return LedgerGroup(
        key="accounts",
        title=_("Accounts"),
        ledgers=tuple(ledgers),
        hint=_hint(view, _("account")),
        more=Link(_("Connect another bank"), view.url("connect")) if allowed(view.onboarding, "open_bank") else None,
    )


def _hint(view: View, what: str) -> str | None:
    return _("Leave out any %(what)s you don’t want to share.", what=what) if view.flow.leave_out else None


def _account(view: View, row: Holding) -> Entry:
    details = row.details
    currency = details.get("currency") or "USD"
    return Entry(
        key=row.key,
        name=str(details.get("name") or _("Account")),
        detail=_masked(subtype_name(str(details.get("subtype") or details.get("type"))), details.get("mask")),
        amount=money(row.balance, currency),
        shared=row.shared,
        can_leave_out=view.flow.leave_out,
        sums=(_cents(row.balance),),
    )


def _debts(view: View, answers: Answers) -> LedgerGroup:
    ledgers = []
    for source, rows in groupby(answers.debts, key=lambda row: row.source):
        held = list(rows)
        shared = [row for row in held if row.shared]
        owed = sum((row.balance for row in shared), start=Decimal(0))
        monthly = sum((_monthly(row) for row in shared), start=Decimal(0))
        from_file = source == "spinwheel_credit_file"
        ledgers.append(
            Ledger(
                heading=_("From your credit file") if from_file else _("From your bank"),
                detail=ago(held[0].observed_at),
                entries=tuple(_debt(view, row) for row in held),
                totals=((_("You owe"), money(owed)), (_("You pay each month"), money(monthly))),
            )
        )
    return LedgerGroup(key="debts", title=_("Debts"), ledgers=tuple(ledgers), hint=_hint(view, _("debt")))


def _monthly(row: Holding) -> Decimal:
    return Decimal(row.details.get("monthly_payment") or "0")


def _debt(view: View, row: Holding) -> Entry:
    details, monthly = row.details, _monthly(row)
    return Entry(
        key=row.key,
        name=str(details.get("creditor") or kind_name(str(details["kind"]))),
        detail=_masked(kind_name(str(details["kind"])), details.get("mask")),
        amount=money(row.balance),
        note=_("%(amount)s a month", amount=money(monthly)) if monthly else None,
        shared=row.shared,
        can_leave_out=view.flow.leave_out,
        sums=(_cents(row.balance), _cents(monthly)),
    )

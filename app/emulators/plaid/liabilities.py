"""Plaid's JSON shapes of credit cards, mortgages and student loans; what a persona leaves out is null."""

from __future__ import annotations

from typing import Any

from app.emulators.persona_bank import Account, CreditLiability, MortgageLiability, StudentLiability
from app.emulators.plaid.wire import address


def liabilities(held: dict[str, Account]) -> dict[str, list[dict[str, Any]] | None]:
    """The `liabilities` object; a kind nobody has is null, as at Plaid."""
    found: dict[str, list[dict[str, Any]]] = {"credit": [], "mortgage": [], "student": []}
    for account_id, account in held.items():
        owed = account.liability
        if isinstance(owed, CreditLiability):
            found["credit"].append(_credit(account_id, owed))
        elif isinstance(owed, MortgageLiability):
            found["mortgage"].append(_mortgage(account_id, account, owed))
        elif isinstance(owed, StudentLiability):
            found["student"].append(_student(account_id, account, owed))
    return {kind: listed or None for kind, listed in found.items()}


def _credit(account_id: str, owed: CreditLiability) -> dict[str, Any]:
    apr = {
        "apr_percentage": owed.apr,
        "apr_type": "purchase_apr",
        "balance_subject_to_apr": None,
        "interest_charge_amount": None,
    }
    return {
        "account_id": account_id,
        "aprs": [apr],
        "is_overdue": owed.is_overdue,
        "last_payment_amount": owed.last_payment,
        "last_payment_date": owed.last_payment_day.isoformat(),
        "last_statement_balance": owed.last_statement_balance,
        "last_statement_issue_date": owed.last_statement_day.isoformat(),
        "minimum_payment_amount": owed.minimum_payment,
        "next_payment_due_date": owed.next_payment_day.isoformat(),
    }


def _mortgage(account_id: str, account: Account, owed: MortgageLiability) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "account_number": account.account_number,
        "current_late_fee": None,
        "escrow_balance": owed.escrow_balance,
        "has_pmi": None,
        "has_prepayment_penalty": None,
        "interest_rate": {"percentage": owed.interest_rate, "type": owed.interest_rate_type},
        "last_payment_amount": owed.last_payment,
        "last_payment_date": owed.last_payment_day.isoformat(),
        "loan_term": owed.loan_term,
        "loan_type_description": owed.loan_type,
        "maturity_date": owed.maturity_day.isoformat(),
        "next_monthly_payment": owed.next_monthly_payment,
        "next_payment_due_date": owed.next_payment_day.isoformat(),
        "origination_date": owed.origination_day.isoformat(),
        "origination_principal_amount": owed.origination_principal,
        "past_due_amount": None,
        "property_address": address(owed.property_address),
        "ytd_interest_paid": None,
        "ytd_principal_paid": None,
    }


def _student(account_id: str, account: Account, owed: StudentLiability) -> dict[str, Any]:
    nowhere = {"city": None, "country": None, "postal_code": None, "region": None, "street": None}
    return {
        "account_id": account_id,
        "account_number": account.account_number,
        "disbursement_dates": [owed.origination_day.isoformat()],
        "expected_payoff_date": owed.expected_payoff_day.isoformat(),
        "guarantor": owed.guarantor,
        "interest_rate_percentage": owed.interest_rate,
        "is_overdue": False,
        "last_payment_amount": owed.last_payment,
        "last_payment_date": owed.last_payment_day.isoformat(),
        "last_statement_balance": None,
        "last_statement_issue_date": None,
        "loan_name": owed.loan_name,
        "loan_status": {"end_date": owed.expected_payoff_day.isoformat(), "type": owed.status},
        "minimum_payment_amount": owed.minimum_payment,
        "next_payment_due_date": owed.next_payment_day.isoformat(),
        "origination_date": owed.origination_day.isoformat(),
        "origination_principal_amount": owed.origination_principal,
        "outstanding_interest_amount": None,
        "payment_reference_number": account.account_number,
        "pslf_status": {
            "estimated_eligibility_date": None,
            "payments_made": None,
            "payments_remaining": None,
        },
        "repayment_plan": {"description": "Standard Repayment", "type": "standard"},
        "sequence_number": None,
        "servicer_address": nowhere,
        "ytd_interest_paid": None,
        "ytd_principal_paid": None,
    }

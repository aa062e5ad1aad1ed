"""The result: what the tenant reads once the consumer has shared it."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.consents import Shown, Visitor, consents_of, give_consent
from app.domain.flow import make_move
from app.domain.ids import wire_id
from app.domain.layer_proof import proven_by
from app.domain.onboardings import disconnect_bank_later
from app.domain.prefill.answers import Answers, Holding, answers_of
from app.domain.prefill.fields import FIELDS
from app.domain.prefill.merge import Chosen
from app.domain.risk import LAYER_VERIFIER, risk_of
from app.domain.tenant_settings import settings_of
from app.models import Onboarding, PrefillData, User, utcnow
from app.models.vault import vault

_ZERO = Decimal(0)
SCHEMA_VERSION = "2026-11-24"
BANK_ACCOUNT_PARTS = [
    "name",
    "official_name",
    "type",
    "subtype",
    "mask",
    "institution_name",
    "institution_id",
    "account_number",
    "routing_number",
    "is_tokenized",
]


class IncompleteError(Exception):
    """Required fields have no value yet."""


def complete(session: Session, onboarding: Onboarding, shown: Shown, visitor: Visitor) -> None:
    """The consumer shares: fix the result, tell the tenant, disconnect the bank.

    Raises:
        IncompleteError: a required field is empty.
        MoveError: it was shared already, or cannot be from here.
    """
    answers = answers_of(session, onboarding)
    if answers.missing:
        raise IncompleteError(", ".join(answers.missing))
    now = utcnow()
    filled, asked = answers.counts()
    numbers = {
        "fields_filled": filled,
        "fields_asked": asked,
        "typed": answers.typed_by_consumer(),
        "edited": sum(1 for chosen in answers.chosen.values() if chosen.edited),
        "completion_seconds": int((now - (onboarding.started_at or onboarding.created_at)).total_seconds()),
    }
    give_consent(session, onboarding, shown, visitor)
    make_move(session, onboarding, "complete", numbers, completed_at=now, ended_at=now)
    _keep_result(session, onboarding, answers)
    flow, _ = settings_of(session, onboarding.settings_version)
    days = 0 if flow.keep_bank_connection == "until_completed" else flow.keep_bank_connection
    disconnect_bank_later(session, onboarding, now + dt.timedelta(days=days))


def _keep_result(session: Session, onboarding: Onboarding, answers: Answers) -> None:
    prefill = prefill_document(answers)
    row = PrefillData(
        tenant_id=onboarding.tenant_id,
        mode=onboarding.mode,
        user_id=onboarding.user_id,
        onboarding_id=onboarding.id,
        provenance=provenance(session, onboarding, answers),
        updated_at=utcnow(),
    )
    keep = vault(session)
    for name, value in prefill.items():
        keep.seal(row, name, value)
    keep.seal(row, "result", _result(session, onboarding, answers, prefill, row.provenance))
    session.add(row)
    session.flush()


def kept_result(session: Session, onboarding: Onboarding) -> dict[str, Any] | None:
    """The result as the consumer shared it; None until then."""
    row = session.scalars(select(PrefillData).where(PrefillData.onboarding_id == onboarding.id)).one_or_none()
    result: dict[str, Any] | None = vault(session).open(row, "result") if row is not None else None
    return result


def prefill_document(answers: Answers) -> dict[str, Any]:
    """The seed's four documents: `personal_info, addresses[], employment, financial_info`."""
    document: dict[str, Any] = {"personal_info": {}, "addresses": [], "employment": {}, "financial_info": {}}
    for key, chosen in answers.chosen.items():
        _, part, *rest = FIELDS[key].pointer.split("/")
        if part == "addresses":
            home = document["addresses"] or [{"type": "current"}]
            home[0] |= chosen.value if key == "address" else {key: chosen.value}
            document["addresses"] = home
        else:
            document[part][rest[0]] = chosen.value
    document["financial_info"] = {
        "bank_accounts": [_bank_account(account) for account in answers.bank_accounts if account.shared],
        "credit_accounts": [_debt(debt) for debt in answers.debts if debt.shared],
        "total_assets": _total(answers.bank_accounts),
        "total_liabilities": _total(answers.debts),
    }
    return document


def _bank_account(account: Holding) -> dict[str, Any]:
    details = account.details
    balance = {name: _cents(details.get(name)) for name in ("available", "current", "limit")}
    return {
        **{name: details.get(name) for name in BANK_ACCOUNT_PARTS},
        "balance": {**balance, "currency": details.get("currency") or "USD"},
        "source": account.source,
    }


def _debt(debt: Holding) -> dict[str, Any]:
    names = ("kind", "creditor", "mask", "balance", "limit", "monthly_payment", "rate", "status")
    amounts = {name: _cents(debt.details.get(name)) for name in ("balance", "limit", "monthly_payment")}
    return {**{name: debt.details.get(name) for name in names}, **amounts, "source": debt.source}


def _total(holdings: tuple[Holding, ...]) -> str | None:
    """The sum of what is shared; None where nothing is known, which is not the same as nothing owned or owed."""
    return _cents(str(sum((row.balance for row in holdings if row.shared), start=_ZERO))) if holdings else None


def _cents(amount: str | None) -> str | None:
    """Money on the wire: a decimal string with two places."""
    return None if amount is None else str(Decimal(amount).quantize(Decimal("0.01")))


def provenance(session: Session, onboarding: Onboarding, answers: Answers) -> dict[str, Any]:
    """From JSON pointer to where the value came from. Holds no value; a replaced one only as a keyed hash."""
    told = {FIELDS[key].pointer: _told(session, onboarding, answers, chosen) for key, chosen in answers.chosen.items()}
    for name, holdings in (("bank_accounts", answers.bank_accounts), ("credit_accounts", answers.debts)):
        for position, holding in enumerate(h for h in holdings if h.shared):
            told[f"/financial_info/{name}/{position}"] = {
                "source": holding.source,
                "source_record": holding.key,
                "observed_at": holding.observed_at.isoformat(),
                "verified": True,
                "edited": False,
                "locked": False,
                "disputed": False,
            }
    return told


def _told(session: Session, onboarding: Onboarding, answers: Answers, chosen: Chosen) -> dict[str, Any]:
    told: dict[str, Any] = {
        "source": chosen.source,
        "source_record": chosen.source_record,
        "observed_at": chosen.observed_at.isoformat(),
        "verified": chosen.verified,
        "alternatives": chosen.alternatives,
        "edited": chosen.edited,
        "locked": chosen.locked,
        "disputed": chosen.key in answers.disputed,
    }
    if chosen.edited and chosen.original is not None:
        told["original_source"] = chosen.original.source
        told["original_hash"] = original_hash(session, onboarding, chosen.original)
    return told


def original_hash(session: Session, onboarding: Onboarding, original: Chosen) -> str:
    """A hash of the value the consumer replaced, keyed by the installation (four digits are quickly tried) and bound to
    the onboarding, so that two never compare."""
    value = json.dumps(original.value, sort_keys=True, separators=(",", ":"))
    return vault(session).digest(f"original:{onboarding.id}:{original.key}:{value}").hex()


def _result(
    session: Session, onboarding: Onboarding, answers: Answers, prefill: dict[str, Any], told: dict[str, Any]
) -> dict[str, Any]:
    user = session.get_one(User, onboarding.user_id)
    keep = vault(session)
    assert onboarding.completed_at is not None
    return {
        "schema_version": SCHEMA_VERSION,
        "onboarding_id": wire_id("onboarding", onboarding.id),
        "user_id": wire_id("user", user.id),
        "external_user_id": user.external_user_id,
        "mode": onboarding.mode,
        "status": onboarding.status,
        "completed_at": onboarding.completed_at.isoformat(),
        "state": keep.open(onboarding, "state"),
        "metadata": keep.open(onboarding, "metadata"),
        "prefill": prefill,
        "provenance": told,
        "verifications": _verifications(session, onboarding),
        "risk": risk_of(session, onboarding),
        "consents": [
            {
                "kind": consent.kind,
                "version": consent.version,
                "locale": consent.locale,
                "text_hash": consent.text_hash,
                "given_at": consent.given_at.isoformat(),
                "withdrawn_at": consent.withdrawn_at.isoformat() if consent.withdrawn_at else None,
            }
            for consent in consents_of(session, onboarding)
        ],
        "left_out": [
            {"kind": kind, "count": count}
            for kind, count in (
                ("bank_accounts", sum(1 for account in answers.bank_accounts if not account.shared)),
                ("credit_accounts", sum(1 for debt in answers.debts if not debt.shared)),
            )
            if count
        ],
    }


def _proof(session: Session, onboarding: Onboarding) -> tuple[str, str] | tuple[None, None]:
    """How the phone was proven and who judged it, in the words of `flow.verification`."""
    row = proven_by(session, onboarding)
    if row is None:
        return None, None
    if row.verifier == LAYER_VERIFIER:
        return "plaid_layer", "plaid"
    return f"{row.verifier}_{row.verification_method}", row.verifier


def _verifications(session: Session, onboarding: Onboarding) -> list[dict[str, Any]]:
    """What was proven and how, and what was tried and could not be."""
    proven = onboarding.phone_verified_at
    method, verifier = _proof(session, onboarding) if proven else (None, None)
    checks: list[dict[str, Any]] = [
        {
            "kind": "phone",
            "method": method,
            "verifier": verifier,
            "status": "verified" if proven else "not_verified",
            "verified_at": proven.isoformat() if proven else None,
        },
        {
            "kind": "bank",
            "method": onboarding.rung,
            "status": "linked" if onboarding.rung != "manual" else "not_linked",
        },
    ]
    credit_file = onboarding.progress.get("credit_file")
    if credit_file:
        checks.append({"kind": "credit_file", "method": "spinwheel", "status": credit_file})
    return checks

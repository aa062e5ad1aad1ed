"""Signals of risk: what was seen on the way, as counts and codes alone, for the tenant to judge."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import phonenumbers
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Onboarding, PhoneVerificationSession
from app.models.vault import vault
from app.providers.errors import Reason
from app.providers.plaid_records import EditCounts
from app.providers.spinwheel_records import RiskAssessment

LAYER_VERIFIER = "layer"
# How a refused credit file is told, by the name of its flag.
_FILE_FLAGS = {
    "fraud_alert": Reason.REPORT_FRAUD_ALERT.value,
    "frozen": Reason.REPORT_FROZEN.value,
    "locked": Reason.REPORT_LOCKED.value,
}


def note_assessments(session: Session, onboarding: Onboarding, assessments: Iterable[RiskAssessment]) -> None:
    """What Spinwheel's risk layer said when the phone was connected; nothing where it is not enabled."""
    said = [{"vendor": each.vendor, "version": each.version, **each.signals} for each in assessments]
    if said:
        _note(session, onboarding, "assessments", said)


def note_edits(session: Session, onboarding: Onboarding, counts: Mapping[str, EditCounts]) -> None:
    """How often the person changed each group of fields in Layer, now and before."""
    if counts:
        _note(session, onboarding, "layer_edits", {name: asdict(count) for name, count in counts.items()})


def note_credit_file(session: Session, onboarding: Onboarding, outcome: str) -> None:
    """The flags of a credit file that was asked for; a bureau that gave no answer raises none."""
    if outcome == "received" or outcome in _FILE_FLAGS.values():
        _note(session, onboarding, "credit_file", {name: outcome == told for name, told in _FILE_FLAGS.items()})


def _note(session: Session, onboarding: Onboarding, part: str, said: Any) -> None:
    keep = vault(session)
    keep.seal(onboarding, "risk", {**(keep.open(onboarding, "risk") or {}), part: said})


def risk_of(session: Session, onboarding: Onboarding) -> dict[str, Any]:
    """All signals; None for what nobody told. No value of the consumer's is in it."""
    keep = vault(session)
    noted = keep.open(onboarding, "risk") or {}
    number = keep.open(onboarding, "phone_number")
    return {
        "phone": _line(number) if number is not None else None,
        "codes": _codes(session, onboarding),
        "assessments": noted.get("assessments", []),
        "layer_edits": noted.get("layer_edits"),
        "credit_file": noted.get("credit_file"),
    }


def _line(number: str) -> dict[str, str | None]:
    """What the numbering plan alone says: in the United States it cannot tell a mobile from a landline."""
    parsed = phonenumbers.parse(number, None)
    kind = phonenumbers.PhoneNumberType.to_string(phonenumbers.number_type(parsed))
    return {"country": phonenumbers.region_code_for_number(parsed), "line_type": kind.lower()}


def _codes(session: Session, onboarding: Onboarding) -> dict[str, int]:
    """Codes of ours that were sent (none was where no verifier knows it), and tries at them, right and wrong."""
    row = PhoneVerificationSession
    sent, tried = session.execute(
        select(func.count(row.spinwheel_session_id_sealed), func.coalesce(func.sum(row.attempts), 0)).where(
            row.onboarding_id == onboarding.id, row.verifier != LAYER_VERIFIER
        )
    ).one()
    return {"sent": int(sent), "tries": int(tried)}

"""What the consumer was shown and agreed to, kept word for word."""

import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.events import record
from app.models import Consent, Onboarding, utcnow
from app.models.vault import vault


@dataclass(frozen=True)
class Shown:
    """A text as it stood above the button."""

    kind: str
    version: str
    locale: str
    text: str


@dataclass(frozen=True)
class Visitor:
    """Who pressed: the address and the program, as evidence only."""

    ip_address: str
    user_agent: str


def give_consent(session: Session, onboarding: Onboarding, shown: Shown, visitor: Visitor) -> Consent:
    """Keep the words, their hash, the time and who pressed. The row is never changed, only withdrawn."""
    text_hash = hashlib.sha256(shown.text.encode()).hexdigest()
    consent = Consent(
        tenant_id=onboarding.tenant_id,
        mode=onboarding.mode,
        user_id=onboarding.user_id,
        onboarding_id=onboarding.id,
        kind=shown.kind,
        version=shown.version,
        locale=shown.locale,
        text_hash=text_hash,
        given_at=utcnow(),
    )
    evidence: dict[str, Any] = {
        "text": shown.text,
        "ip_address": visitor.ip_address,
        "user_agent": visitor.user_agent[:512],
    }
    vault(session).seal(consent, "evidence", evidence)
    session.add(consent)
    session.flush()
    return consent


def consents_of(session: Session, onboarding: Onboarding) -> list[Consent]:
    """All consents of an onboarding, oldest first."""
    statement = select(Consent).where(Consent.onboarding_id == onboarding.id).order_by(Consent.given_at)
    return list(session.scalars(statement))


def consent_text(session: Session, consent: Consent) -> str:
    """The words that were shown."""
    return str(vault(session).open(consent, "evidence")["text"])


def withdraw_consent(session: Session, onboarding: Onboarding, consent: Consent) -> None:
    """Take a consent back; the tenant is told. A second time changes nothing."""
    if consent.withdrawn_at is None:
        consent.withdrawn_at = utcnow()
        record(session, onboarding, "consent.withdrawn", {"kind": consent.kind})

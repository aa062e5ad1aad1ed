"""The person behind a user, as providers know them: phone and date of birth, and the id we use for them there."""

import datetime as dt
import hashlib

from sqlalchemy.orm import Session

from app.domain.numbers import age_on
from app.domain.onboardings import end_onboarding
from app.domain.outcomes import Outcome
from app.domain.tenant_settings import settings_of
from app.models import Onboarding, User, utcnow
from app.models.vault import vault


def who_begins(
    session: Session, onboarding: Onboarding, phone_number: str | None, date_of_birth: str | None
) -> tuple[str, str] | Outcome:
    """Phone and date of birth as typed now, else as given before; or why nothing begins. Too young ends it."""
    keep = vault(session)
    phone_number = phone_number or keep.open(onboarding, "phone_number")
    date_of_birth = date_of_birth or keep.open(onboarding, "date_of_birth")
    if phone_number is None or date_of_birth is None:
        return Outcome("incomplete")
    flow, _ = settings_of(session, onboarding.settings_version)
    if age_on(dt.date.fromisoformat(date_of_birth), utcnow().date()) < flow.minimum_age:
        end_onboarding(session, onboarding, "fail", "too_young")
        return Outcome("too_young")
    return phone_number, date_of_birth


def note_person(session: Session, onboarding: Onboarding, user: User, phone_number: str, date_of_birth: str) -> None:
    """Keep phone and birth date. Another person behind the same id gets a new identity at the provider."""
    keep = vault(session)
    phone_digest = keep.index(user, "users", "phone_number", f"{phone_number}|{date_of_birth}")
    if user.phone_digest is not None and user.phone_digest != phone_digest:
        user.generation += 1
        user.phone_verified, user.phone_verification_date, user.credit_file_at = False, None, None
        keep.seal(user, "spinwheel_user_id", None)
    user.phone_digest = phone_digest
    keep.seal(user, "phone_number", phone_number)
    keep.seal(onboarding, "phone_number", phone_number)
    keep.seal(onboarding, "date_of_birth", date_of_birth)


def external_id(user: User) -> str:
    """Spinwheel ties one external id to one person, so it follows tenant, mode, user and generation."""
    name = f"{user.tenant_id}:{user.mode}:{user.id}:{user.generation}"
    return hashlib.sha256(name.encode()).hexdigest()[:40]

"""Whether another code may be sent: our own limits, which come before the provider's."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain import limits
from app.domain.consents import Visitor
from app.domain.flow import allowed, make_move
from app.domain.numbers import number_prefix
from app.domain.outcomes import Outcome
from app.domain.services import Services
from app.models import Onboarding, PhoneVerificationSession, utcnow
from app.models.vault import vault


def refuse_send(
    services: Services, session: Session, onboarding: Onboarding, phone_number: str, visitor: Visitor
) -> Outcome | None:
    """Why no code is sent to this number now; None counts the one that is about to be sent."""
    wait = seconds_until_resend(session, onboarding, phone_number)
    if wait > 0:
        return Outcome("too_soon", wait_seconds=wait)
    if not _within_budget(services, session, onboarding, phone_number, visitor):
        if allowed(onboarding, "run_out_of_codes"):
            make_move(session, onboarding, "run_out_of_codes", {"why": "budget"})
        return Outcome("no_more_codes")
    return None


def _within_budget(
    services: Services, session: Session, onboarding: Onboarding, phone_number: str, visitor: Visitor
) -> bool:
    keys = {
        "send:phone": phone_number,
        "send:prefix": number_prefix(phone_number),
        "send:ip": visitor.ip_address,
        "send:tenant": f"{onboarding.tenant_id}:{onboarding.mode}",
    }
    wrong = limits.used(session, limits.WRONG_CODES, phone_number)
    spent = limits.spend(session, limits.SENDS, keys, services.limit_scale)
    return spent is None and wrong < limits.WRONG_CODES.count * services.limit_scale


def latest_code(session: Session, onboarding: Onboarding) -> PhoneVerificationSession | None:
    """The newest code that was sent."""
    return session.scalars(
        select(PhoneVerificationSession)
        .where(PhoneVerificationSession.onboarding_id == onboarding.id)
        .order_by(PhoneVerificationSession.created_at.desc())
        .limit(1)
    ).one_or_none()


def seconds_until_resend(session: Session, onboarding: Onboarding, phone_number: str | None = None) -> int:
    """Seconds until another text to the same number may be asked for; grows with each one."""
    statement = (
        select(PhoneVerificationSession)
        .where(PhoneVerificationSession.onboarding_id == onboarding.id)
        .order_by(PhoneVerificationSession.created_at.desc())
    )
    sent = list(session.scalars(statement))
    if not sent or (phone_number is not None and vault(session).open(sent[0], "phone_number") != phone_number):
        return 0
    if sent[0].status == "verified":
        # That code is used up: whoever comes back with another browser needs a new one at once.
        return 0
    wait = limits.RESEND_AFTER[min(len(sent), len(limits.RESEND_AFTER)) - 1]
    return max(0, wait - int((utcnow() - sent[0].created_at).total_seconds()))

"""Judging a code: the verifier that sent it does, after our own counts."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.domain import limits
from app.domain.flow import OPEN, allowed, make_move
from app.domain.launch import Consumer, renew_binding
from app.domain.observations import keep_observations
from app.domain.onboardings import current_status
from app.domain.outcomes import Outcome
from app.domain.pace import measured, take_as_long
from app.domain.preverified import connect_later
from app.domain.risk import note_assessments
from app.domain.send_rules import count_confirmed, is_held, latest_code, number_key, proves_number
from app.domain.services import Services
from app.domain.verifiers import VOICE, Verifier, verifiers_of
from app.models import Onboarding, PhoneVerificationSession, User, utcnow
from app.models.vault import vault
from app.providers.errors import Kind, ProviderError, Reason
from app.providers.spinwheel_observations import profile_observations
from app.providers.spinwheel_records import Connected

# Under which name the time that judging takes is remembered.
PACE = "check_code"
# Answers after which another try with the same code text makes no sense.
_FINAL = (
    Reason.CODE_EXPIRED,
    Reason.IDENTITY_MISMATCH,
    Reason.NOT_ELIGIBLE,
    Reason.TOO_MANY_CODES,
    Reason.NUMBER_LOCKED,
)


def confirm_code(services: Services, consumer: Consumer, code: str) -> Outcome:
    """Judge a code. Every try counts, malformed ones too, and of two at once only one is asked."""
    with services.database.session(consumer.scope) as session:
        onboarding = _locked(session, consumer)
        found = verifiers_of(services, session, consumer.scope)
        started = _begin_try(services, session, onboarding, code, consumer.binding_id)
    if isinstance(started, Outcome):
        return started
    try:
        connected = _judge(found, started, code)
    except ProviderError as error:
        return _try_failed(services, consumer, started, error)
    return _proven(services, consumer, started.verification_id, connected)


def _locked(session: Session, consumer: Consumer) -> Onboarding:
    # First of all rows, in every transaction here: two tries at once wait for each other and never in a circle.
    return session.get_one(Onboarding, consumer.onboarding_id, with_for_update=True)


@dataclass(frozen=True)
class _Try:
    """One try that was counted. Without a `reference` the code was never sent, and no code is right."""

    verification_id: uuid.UUID
    verifier: str
    reference: str | None = field(repr=False)
    tries_left: int


def _begin_try(
    services: Services, session: Session, onboarding: Onboarding, code: str, binding_id: uuid.UUID
) -> Outcome | _Try:
    sent = latest_code(session, onboarding, binding_id)
    if sent is None or current_status(onboarding) not in OPEN:
        return Outcome("code_expired")
    if not _count_try(services, session, onboarding, sent):
        if allowed(onboarding, "run_out_of_codes"):
            make_move(session, onboarding, "run_out_of_codes", {"why": "tries"})
        return Outcome("no_more_codes")
    if sent.status != "pending" or sent.expires_at <= utcnow():
        return Outcome("code_expired")
    if not is_held(sent) and not proves_number(session, onboarding, sent):
        return Outcome("code_expired")
    attempts = session.execute(
        update(PhoneVerificationSession)
        .where(
            PhoneVerificationSession.id == sent.id,
            PhoneVerificationSession.status == "pending",
            PhoneVerificationSession.attempts < PhoneVerificationSession.max_attempts,
        )
        .values(attempts=PhoneVerificationSession.attempts + 1, updated_at=utcnow())
        .returning(PhoneVerificationSession.attempts)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if attempts is None:
        return Outcome("tries_used_up", tries_left=0)
    tries_left = sent.max_attempts - attempts
    if len(code) != 6 or not (code.isascii() and code.isdecimal()):
        return Outcome("malformed_code", tries_left=tries_left)
    return _Try(sent.id, sent.verifier, vault(session).open(sent, "spinwheel_session_id"), tries_left)


def _count_try(services: Services, session: Session, onboarding: Onboarding, sent: PhoneVerificationSession) -> bool:
    """Count it against the number; False when the number had too many. A code nobody was sent harms no number."""
    if is_held(sent):
        return True
    return limits.spend_one(session, limits.WRONG_CODES, _number(session, onboarding, sent), services.limit_scale)


def _number(session: Session, onboarding: Onboarding, sent: PhoneVerificationSession) -> str:
    return number_key(onboarding, str(vault(session).open(sent, "phone_number")))


def _judge(found: Mapping[str, Verifier], begun: _Try, code: str) -> Connected | None:
    """Ask the verifier that sent the code. Raises `ProviderError`."""
    if begun.reference is None:
        take_as_long(PACE)
        raise _refusal(Kind.DATA_VALIDATION, Reason.WRONG_CODE, begun)
    verifier = found.get(begun.verifier)
    if verifier is None:
        raise _refusal(Kind.AUTHENTICATION, Reason.NOT_CONFIGURED, begun)
    with measured(PACE):
        return verifier.check(begun.reference, code)


def _refusal(kind: Kind, reason: Reason, begun: _Try) -> ProviderError:
    return ProviderError(
        kind, reason, retryable=False, provider=begun.verifier, operation="check_code", code=reason.value
    )


def _try_failed(services: Services, consumer: Consumer, begun: _Try, error: ProviderError) -> Outcome:
    wrong, tries_left = error.reason == Reason.WRONG_CODE, begun.tries_left
    with services.database.session(consumer.scope) as session:
        onboarding = _locked(session, consumer)
        sent = session.get_one(PhoneVerificationSession, begun.verification_id)
        if sent.status == "verified":
            # The same code came twice at once, and the other one was right.
            return Outcome()
        if not wrong and error.reason not in _FINAL:
            # The provider did not judge, so this try is given back.
            sent.attempts = max(0, sent.attempts - 1)
            return Outcome(error.reason.value, tries_left=tries_left + 1)
        if error.reason in _FINAL or tries_left == 0:
            sent.status, sent.updated_at = "failed", utcnow()
        if error.reason in (Reason.NOT_ELIGIBLE, Reason.TOO_MANY_CODES, Reason.NUMBER_LOCKED):
            if allowed(onboarding, "run_out_of_codes"):
                make_move(session, onboarding, "run_out_of_codes", {"why": error.reason.value})
            return Outcome(error.reason.value)
    if wrong and tries_left == 0:
        return Outcome("tries_used_up", tries_left=0)
    return Outcome(error.reason.value, tries_left=tries_left)


def _proven(services: Services, consumer: Consumer, verification_id: uuid.UUID, connected: Connected | None) -> Outcome:
    with services.database.session(consumer.scope) as session:
        onboarding = _locked(session, consumer)
        sent = session.get_one(PhoneVerificationSession, verification_id)
        if sent.status == "verified":
            return Outcome()
        if not proves_number(session, onboarding, sent):
            # The number was changed while the code was judged.
            sent.status, sent.updated_at = "expired", utcnow()
            return Outcome("code_expired")
        now = utcnow()
        sent.status, sent.verified_at, sent.updated_at = "verified", now, now
        user = session.get_one(User, onboarding.user_id)
        user.phone_verified, user.phone_verification_date = True, now
        if connected is not None:
            vault(session).seal(user, "spinwheel_user_id", connected.user_id)
        limits.clear(session, limits.WRONG_CODES, _number(session, onboarding, sent))
        count_confirmed(session, onboarding, sent)
        if onboarding.phone_verified_at is None:
            how = {"method": sent.verification_method, "verifier": sent.verifier}
            make_move(session, onboarding, "prove_phone", how, phone_verified_at=now)
            _keep_person(session, onboarding, sent, connected)
            if not onboarding.asked["bank"]:
                make_move(session, onboarding, "go_by_hand", rung="manual")
        token, _ = renew_binding(session, consumer)
    return Outcome(token=token)


def _keep_person(
    session: Session, onboarding: Onboarding, sent: PhoneVerificationSession, connected: Connected | None
) -> None:
    """What the verifier knows of the person; where it knows nobody, Spinwheel is asked without another code."""
    if connected is None:
        connect_later(session, onboarding, "voice" if sent.verification_method == VOICE else "sms")
        return
    note_assessments(session, onboarding, connected.risk_assessments)
    if connected.profile is not None:
        keep_observations(session, onboarding, profile_observations(connected.profile, str(sent.id), utcnow()))

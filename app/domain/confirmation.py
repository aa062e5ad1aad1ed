"""Judging a code: the provider does, after our own counts."""

import uuid

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.domain import limits
from app.domain.connections import NoConnectionError, connection, spinwheel_client
from app.domain.flow import OPEN, allowed, make_move
from app.domain.launch import Consumer, renew_binding
from app.domain.observations import keep_observations
from app.domain.onboardings import current_status
from app.domain.outcomes import Outcome
from app.domain.send_rules import latest_code
from app.domain.services import Services
from app.models import Onboarding, PhoneVerificationSession, User, utcnow
from app.models.vault import vault
from app.providers.errors import ProviderError, Reason
from app.providers.spinwheel_observations import profile_observations
from app.providers.spinwheel_records import Connected

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
        try:
            spinwheel = connection(services, session, consumer.scope, "spinwheel")
        except NoConnectionError:
            return Outcome(Reason.NOT_CONFIGURED.value)
        started = _begin_try(services, session, onboarding, code)
    if isinstance(started, Outcome):
        return started
    verification_id, spinwheel_user_id, tries_left = started
    try:
        connected = spinwheel_client(spinwheel).verify_sms(spinwheel_user_id, code)
    except ProviderError as error:
        return _try_failed(services, consumer, verification_id, tries_left, error)
    return _proven(services, consumer, verification_id, connected)


def _locked(session: Session, consumer: Consumer) -> Onboarding:
    # First of all rows, in every transaction here: two tries at once wait for each other and never in a circle.
    return session.get_one(Onboarding, consumer.onboarding_id, with_for_update=True)


def _begin_try(
    services: Services, session: Session, onboarding: Onboarding, code: str
) -> Outcome | tuple[uuid.UUID, str, int]:
    sent = latest_code(session, onboarding)
    if sent is None or current_status(onboarding) not in OPEN:
        return Outcome("code_expired")
    phone_number = vault(session).open(sent, "phone_number")
    if not limits.spend_one(session, limits.WRONG_CODES, phone_number, services.limit_scale):
        if allowed(onboarding, "run_out_of_codes"):
            make_move(session, onboarding, "run_out_of_codes", {"why": "tries"})
        return Outcome("no_more_codes")
    if sent.status != "pending" or sent.expires_at <= utcnow():
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
    return sent.id, str(vault(session).open(sent, "spinwheel_session_id")), tries_left


def _try_failed(
    services: Services, consumer: Consumer, verification_id: uuid.UUID, tries_left: int, error: ProviderError
) -> Outcome:
    wrong = error.reason == Reason.WRONG_CODE
    with services.database.session(consumer.scope) as session:
        onboarding = _locked(session, consumer)
        sent = session.get_one(PhoneVerificationSession, verification_id)
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


def _proven(services: Services, consumer: Consumer, verification_id: uuid.UUID, connected: Connected) -> Outcome:
    with services.database.session(consumer.scope) as session:
        onboarding = _locked(session, consumer)
        sent = session.get_one(PhoneVerificationSession, verification_id)
        now = utcnow()
        sent.status, sent.verified_at, sent.updated_at = "verified", now, now
        user = session.get_one(User, onboarding.user_id)
        user.phone_verified, user.phone_verification_date = True, now
        vault(session).seal(user, "spinwheel_user_id", connected.user_id)
        limits.clear(session, limits.WRONG_CODES, vault(session).open(sent, "phone_number"))
        if onboarding.phone_verified_at is None:
            if connected.profile is not None:
                record_id = str(sent.id)
                keep_observations(session, onboarding, profile_observations(connected.profile, record_id, now))
            make_move(session, onboarding, "prove_phone", {"method": "sms"}, phone_verified_at=now)
            if not onboarding.asked["bank"]:
                make_move(session, onboarding, "go_by_hand", rung="manual")
        token, _ = renew_binding(session, consumer)
    return Outcome(token=token)

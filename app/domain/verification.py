"""Sending a code by text. Our own limits come before the provider's."""

import datetime as dt
import hashlib
import uuid
from dataclasses import dataclass, field

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.domain.connections import NoConnectionError, connection, spinwheel_client
from app.domain.consents import Shown, Visitor, give_consent
from app.domain.flow import OPEN, allowed, make_move
from app.domain.numbers import age_on
from app.domain.onboardings import current_status, end_onboarding
from app.domain.outcomes import Outcome
from app.domain.send_rules import refuse_send
from app.domain.services import Services
from app.domain.tenant_settings import settings_of
from app.models import Onboarding, PhoneVerificationSession, User, utcnow
from app.models.session import Scope
from app.models.vault import vault
from app.providers.errors import ProviderError, Reason


@dataclass(frozen=True)
class CodeRequest:
    """What is needed to send a code. Without `phone_number` the one of the onboarding is used (resend)."""

    visitor: Visitor
    consents: tuple[Shown, ...] = ()
    phone_number: str | None = field(default=None, repr=False)
    date_of_birth: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class _Send:
    phone_number: str = field(repr=False)
    date_of_birth: str = field(repr=False)
    user_id: str | None = field(repr=False)
    external: str
    reserved: uuid.UUID


def send_code(services: Services, scope: Scope, onboarding_id: uuid.UUID, wanted: CodeRequest) -> Outcome:
    """Text a code. Also when the phone is proven already: then it serves a browser that comes back."""
    with services.database.session(scope) as session:
        # Locked, so that of two presses at once only the first finds the way free.
        onboarding = session.get_one(Onboarding, onboarding_id, with_for_update=True)
        try:
            spinwheel = connection(services, session, scope, "spinwheel")
        except NoConnectionError:
            return Outcome(Reason.NOT_CONFIGURED.value)
        prepared = _prepare(services, session, onboarding, wanted)
    if isinstance(prepared, Outcome):
        return prepared
    try:
        sent = spinwheel_client(spinwheel).connect_sms(
            prepared.phone_number,
            prepared.date_of_birth,
            ext_user_id=None if prepared.user_id else prepared.external,
            user_id=prepared.user_id,
            consent_at=utcnow(),
        )
    except ProviderError as error:
        return _send_failed(services, scope, onboarding_id, prepared, error)
    with services.database.session(scope) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        _keep_sent(session, onboarding, prepared.reserved, sent.user_id, sent.expires_at)
        if onboarding.phone_verified_at is None and allowed(onboarding, "send_code"):
            make_move(session, onboarding, "send_code", {"method": "sms"})
    return Outcome()


def _prepare(services: Services, session: Session, onboarding: Onboarding, wanted: CodeRequest) -> Outcome | _Send:
    first_time = onboarding.phone_verified_at is None
    if current_status(onboarding) not in OPEN or (first_time and not allowed(onboarding, "send_code")):
        return Outcome("over")
    keep = vault(session)
    phone_number = wanted.phone_number or keep.open(onboarding, "phone_number")
    date_of_birth = wanted.date_of_birth or keep.open(onboarding, "date_of_birth")
    if phone_number is None or date_of_birth is None:
        return Outcome("incomplete")
    flow, _ = settings_of(session, onboarding.settings_version)
    if age_on(dt.date.fromisoformat(date_of_birth), utcnow().date()) < flow.minimum_age:
        end_onboarding(session, onboarding, "fail", "too_young")
        return Outcome("too_young")
    refused = refuse_send(services, session, onboarding, phone_number, wanted.visitor)
    if refused is not None:
        return refused
    user = session.get_one(User, onboarding.user_id)
    _note_person(session, onboarding, user, phone_number, date_of_birth)
    for shown in wanted.consents:
        give_consent(session, onboarding, shown, wanted.visitor)
    known = keep.open(user, "spinwheel_user_id")
    reserved = _reserve(session, onboarding, phone_number, flow.max_attempts)
    return _Send(phone_number, date_of_birth, known, _external_id(user), reserved)


def _note_person(session: Session, onboarding: Onboarding, user: User, phone_number: str, date_of_birth: str) -> None:
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


def _external_id(user: User) -> str:
    """Spinwheel ties one external id to one person, so it follows tenant, mode, user and generation."""
    name = f"{user.tenant_id}:{user.mode}:{user.id}:{user.generation}"
    return hashlib.sha256(name.encode()).hexdigest()[:40]


def _reserve(session: Session, onboarding: Onboarding, phone_number: str, max_attempts: int) -> uuid.UUID:
    """The row of the text about to be sent: the wait for the next one begins now, its code lives once it is sent."""
    row = PhoneVerificationSession(
        tenant_id=onboarding.tenant_id,
        mode=onboarding.mode,
        user_id=onboarding.user_id,
        onboarding_id=onboarding.id,
        verification_method="sms",
        max_attempts=max_attempts,
        expires_at=utcnow(),
    )
    vault(session).seal(row, "phone_number", phone_number)
    session.add(row)
    session.flush()
    return row.id


def _keep_sent(
    session: Session, onboarding: Onboarding, reserved: uuid.UUID, spinwheel_user_id: str, expires_at: dt.datetime
) -> None:
    session.execute(
        update(PhoneVerificationSession)
        .where(
            PhoneVerificationSession.onboarding_id == onboarding.id,
            PhoneVerificationSession.status == "pending",
            PhoneVerificationSession.id != reserved,
        )
        .values(status="expired", updated_at=utcnow())
        .execution_options(synchronize_session=False)
    )
    sent = session.get_one(PhoneVerificationSession, reserved)
    sent.expires_at = expires_at
    keep = vault(session)
    keep.seal(sent, "spinwheel_session_id", spinwheel_user_id)
    keep.seal(session.get_one(User, onboarding.user_id), "spinwheel_user_id", spinwheel_user_id)


def _send_failed(
    services: Services, scope: Scope, onboarding_id: uuid.UUID, prepared: _Send, error: ProviderError
) -> Outcome:
    final = error.reason in (Reason.NUMBER_LOCKED, Reason.TOO_MANY_CODES)
    with services.database.session(scope) as session:
        session.delete(session.get_one(PhoneVerificationSession, prepared.reserved))
        onboarding = session.get_one(Onboarding, onboarding_id)
        if final and allowed(onboarding, "run_out_of_codes"):
            make_move(session, onboarding, "run_out_of_codes", {"why": error.reason.value})
        if error.reason is Reason.ACCESS_REVOKED:
            # Gone at the provider: the next text makes the user anew there.
            user = session.get_one(User, onboarding.user_id)
            user.generation += 1
            vault(session).seal(user, "spinwheel_user_id", None)
    return Outcome(error.reason.value)

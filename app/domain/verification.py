"""Sending a code by text or call. Our own limits come before the provider's."""

import datetime as dt
import time
import uuid
from dataclasses import dataclass, field, replace

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.domain.consents import Shown, Visitor, give_consent
from app.domain.events import record
from app.domain.flow import OPEN, allowed, make_move
from app.domain.onboardings import current_status
from app.domain.outcomes import Outcome
from app.domain.pace import remember, take_as_long
from app.domain.person import external_id, note_person, who_begins
from app.domain.send_rules import SERVER, Browser, address_hash, hold_code, refuse_send, uncount_send
from app.domain.services import Services
from app.domain.tenant_settings import settings_of
from app.domain.verifiers import (
    REMEMBERED,
    VOICE,
    Recipient,
    Sent,
    Verifier,
    may_step_in,
    method_for,
    senders,
    surely_unsent,
    verifiers_of,
)
from app.models import Onboarding, PhoneVerificationSession, User, utcnow
from app.models.session import Scope
from app.models.vault import vault
from app.providers.errors import ProviderError, Reason

# Under which name the time that sending takes is remembered.
PACE = "send_code"
# Whoever judges it: one life of every code, which the page tells.
LONGEST_LIFE = dt.timedelta(minutes=5)


@dataclass(frozen=True)
class CodeRequest:
    """What is needed to send a code. Without `phone_number` the one of the onboarding is used (resend).

    `method` is `sms` or `voice`; without it, or where it cannot be had, the tenant's usual one.
    """

    visitor: Visitor
    consents: tuple[Shown, ...] = ()
    phone_number: str | None = field(default=None, repr=False)
    date_of_birth: str | None = field(default=None, repr=False)
    method: str | None = None
    browser: Browser = SERVER


@dataclass(frozen=True)
class _Send:
    to: Recipient
    method: str
    senders: list[Verifier]
    reserved: uuid.UUID


def send_code(services: Services, scope: Scope, onboarding_id: uuid.UUID, wanted: CodeRequest) -> Outcome:
    """Text or call a code. Also when the phone is proven already: then it serves a browser that comes back."""
    begun = time.monotonic()
    with services.database.session(scope) as session:
        # Locked, so that of two presses at once only the first finds the way free.
        onboarding = session.get_one(Onboarding, onboarding_id, with_for_update=True)
        flow, _ = settings_of(session, onboarding.settings_version)
        found = verifiers_of(services, session, scope)
        method = method_for(flow, found, wanted.method)
        prepared = _prepare(services, session, onboarding, wanted, found, method)
    outcome = prepared if isinstance(prepared, Outcome) else _send(services, scope, onboarding_id, prepared, wanted)
    if outcome.held is not None:
        # Nothing was sent, and nobody can tell by the clock.
        take_as_long(PACE, begun)
        return Outcome()
    if outcome.problem is None:
        remember(PACE, begun)
    return replace(outcome, by_call=method == VOICE)


def _send(services: Services, scope: Scope, onboarding_id: uuid.UUID, prepared: _Send, wanted: CodeRequest) -> Outcome:
    tried = _try_in_turn(prepared)
    with services.database.session(scope) as session:
        onboarding = session.get_one(Onboarding, onboarding_id, with_for_update=True)
        for verifier, error in tried.failed:
            if error.is_outage or error.reason is Reason.NOT_CONFIGURED or tried.sent is not None:
                # It stands in the timeline, and whoever sends next knows of it.
                why = {"method": prepared.method, "verifier": verifier.name, "why": error.reason.value}
                record(session, onboarding, "code.failed", why)
        if tried.sent is None:
            error = tried.failed[-1][1]
            if surely_unsent(error):
                uncount_send(session, onboarding, prepared.to.phone_number, wanted.visitor)
            return _give_up(session, onboarding, prepared, error)
        verifier, sent = tried.sent
        _keep_sent(session, onboarding, prepared.reserved, verifier.name, sent)
        if onboarding.phone_verified_at is None and allowed(onboarding, "send_code"):
            make_move(session, onboarding, "send_code", {"method": prepared.method, "verifier": verifier.name})
    return Outcome()


@dataclass(frozen=True)
class _Tried:
    sent: tuple[Verifier, Sent] | None
    failed: list[tuple[Verifier, ProviderError]]


def _try_in_turn(prepared: _Send) -> _Tried:
    """One verifier after the other, as long as surely no code is on its way."""
    failed: list[tuple[Verifier, ProviderError]] = []
    for verifier in prepared.senders:
        try:
            return _Tried((verifier, verifier.send(prepared.to, prepared.method)), failed)
        except ProviderError as error:
            failed.append((verifier, error))
            if not may_step_in(error):
                break
    return _Tried(None, failed)


def _prepare(
    services: Services,
    session: Session,
    onboarding: Onboarding,
    wanted: CodeRequest,
    found: dict[str, Verifier],
    method: str,
) -> Outcome | _Send:
    first_time = onboarding.phone_verified_at is None
    if current_status(onboarding) not in OPEN or (first_time and not allowed(onboarding, "send_code")):
        return Outcome("over")
    person = who_begins(session, onboarding, wanted.phone_number, wanted.date_of_birth if first_time else None)
    if isinstance(person, Outcome):
        return person
    phone_number, date_of_birth = person
    # What was proven stays, whatever a form says that was sent before it was.
    stands = first_time or phone_number == vault(session).open(onboarding, "phone_number")
    flow, _ = settings_of(session, onboarding.settings_version)
    able = senders(session, onboarding, found, method)
    if not able:
        return Outcome(Reason.NOT_CONFIGURED.value)
    refused = refuse_send(services, session, onboarding, phone_number, wanted.visitor, wanted.browser, method)
    if refused is not None and refused.held is None:
        return refused
    if stands and (first_time or refused is None):
        note_person(session, onboarding, session.get_one(User, onboarding.user_id), phone_number, date_of_birth)
    for shown in wanted.consents:
        give_consent(session, onboarding, shown, wanted.visitor)
    if refused is not None and refused.held is not None:
        hold_code(session, onboarding, phone_number, refused.held, flow.max_attempts, wanted.browser, method)
        return refused
    to = _recipient(session, onboarding, phone_number, date_of_birth)
    reserved = _reserve(session, onboarding, wanted, phone_number, flow.max_attempts, method, able[0].name)
    return _Send(to, method, able, reserved)


def _recipient(session: Session, onboarding: Onboarding, phone_number: str, date_of_birth: str) -> Recipient:
    user, keep = session.get_one(User, onboarding.user_id), vault(session)
    earlier = session.scalars(
        select(PhoneVerificationSession)
        .where(
            PhoneVerificationSession.onboarding_id == onboarding.id,
            PhoneVerificationSession.status != "verified",
            PhoneVerificationSession.created_at > utcnow() - REMEMBERED,
        )
        .order_by(PhoneVerificationSession.created_at)
    )
    references = {row.verifier: keep.open(row, "spinwheel_session_id") for row in earlier}
    replaces = {verifier: reference for verifier, reference in references.items() if reference}
    return Recipient(
        phone_number,
        date_of_birth,
        user_id=keep.open(user, "spinwheel_user_id"),
        external=external_id(user),
        locale=onboarding.locale,
        replaces=replaces,
    )


def _reserve(
    session: Session,
    onboarding: Onboarding,
    wanted: CodeRequest,
    phone_number: str,
    max_attempts: int,
    method: str,
    verifier: str,
) -> uuid.UUID:
    """The row of the code about to be sent: the wait for the next one begins now, its code lives once it is sent."""
    row = PhoneVerificationSession(
        tenant_id=onboarding.tenant_id,
        mode=onboarding.mode,
        user_id=onboarding.user_id,
        onboarding_id=onboarding.id,
        binding_id=wanted.browser.binding_id,
        address_hash=address_hash(session, onboarding, wanted.visitor),
        verifier=verifier,
        verification_method=method,
        max_attempts=max_attempts,
        expires_at=utcnow(),
    )
    vault(session).seal(row, "phone_number", phone_number)
    session.add(row)
    session.flush()
    return row.id


def _keep_sent(session: Session, onboarding: Onboarding, reserved: uuid.UUID, verifier: str, made: Sent) -> None:
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
    sent.verifier, sent.expires_at = verifier, min(made.expires_at, utcnow() + LONGEST_LIFE)
    keep = vault(session)
    keep.seal(sent, "spinwheel_session_id", made.reference)
    if verifier == "spinwheel":
        keep.seal(session.get_one(User, onboarding.user_id), "spinwheel_user_id", made.reference)


def _give_up(session: Session, onboarding: Onboarding, prepared: _Send, error: ProviderError) -> Outcome:
    session.delete(session.get_one(PhoneVerificationSession, prepared.reserved))
    final = error.reason in (Reason.NUMBER_LOCKED, Reason.TOO_MANY_CODES)
    if final and allowed(onboarding, "run_out_of_codes"):
        make_move(session, onboarding, "run_out_of_codes", {"why": error.reason.value})
    if error.reason is Reason.ACCESS_REVOKED:
        # Gone at the provider: the next text makes the user anew there.
        user = session.get_one(User, onboarding.user_id)
        user.generation += 1
        vault(session).seal(user, "spinwheel_user_id", None)
    unclear = error.is_outage and not surely_unsent(error)
    return Outcome("maybe_sent" if unclear else error.reason.value)

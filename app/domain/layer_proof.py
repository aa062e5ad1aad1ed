"""`flow.verification = plaid_layer`: the bank comes first, and Layer's own code proves the phone.

Proof is what Plaid tells our server of the session: its `phone_number`, which Plaid verified, must be the number of the
onboarding. Neither the browser's word nor `LAYER_AUTHENTICATION_PASSED` is enough: the webhook names no number, and
the number that Layer texted is the one a page gave it, which need not be ours.
"""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.domain.bank_tokens import is_current, put_aside_waiting
from app.domain.consents import give_consent
from app.domain.events import record
from app.domain.flow import allowed, make_move
from app.domain.outcomes import Outcome
from app.domain.person import note_person, who_begins
from app.domain.preverified import connect_later
from app.domain.risk import LAYER_VERIFIER
from app.domain.services import Services
from app.domain.tenant_settings import FlowSettings, settings_of
from app.domain.verification import CodeRequest
from app.models import Binding, Onboarding, PhoneVerificationSession, User, utcnow
from app.models.session import Scope
from app.models.vault import vault
from app.providers.phones import e164
from app.providers.plaid_records import LayerSession


def layer_first(onboarding: Onboarding, flow: FlowSettings) -> bool:
    """Whether the bank comes first here and Layer is to prove, or has proven, the phone."""
    return flow.verification == "plaid_layer" and bool(onboarding.asked["bank"]) and not onboarding.code_needed


def may_prove(session: Session, onboarding: Onboarding) -> bool:
    """Whether the phone is unproven and Layer is the one to prove it now: phone and date of birth were given."""
    flow, _ = settings_of(session, onboarding.settings_version)
    return (
        onboarding.phone_verified_at is None
        and onboarding.step == "bank"
        and onboarding.phone_number_sealed is not None
        and layer_first(onboarding, flow)
    )


def begin_with_bank(services: Services, scope: Scope, onboarding_id: uuid.UUID, wanted: CodeRequest) -> Outcome:
    """The first form, where no code follows it: keep phone and date of birth, and go to the bank."""
    with services.database.session(scope) as session:
        onboarding = session.get_one(Onboarding, onboarding_id, with_for_update=True)
        if onboarding.phone_verified_at is not None or not allowed(onboarding, "begin_with_bank"):
            return Outcome("over")
        person = who_begins(session, onboarding, wanted.phone_number, wanted.date_of_birth)
        if isinstance(person, Outcome):
            return person
        note_person(session, onboarding, session.get_one(User, onboarding.user_id), *person)
        for shown in wanted.consents:
            give_consent(session, onboarding, shown, wanted.visitor)
        make_move(session, onboarding, "begin_with_bank")
    return Outcome()


def prove_by_layer(session: Session, onboarding: Onboarding, shared: Any) -> bool:
    """What Plaid told of a shared session, where the phone was not proven yet. False: nothing of it may be used.

    True where Layer verified the onboarding's own number: the browser that ran the session, and no other, has then
    proven the phone.
    """
    number = vault(session).open(onboarding, "phone_number")
    said = e164(shared.phone_number or "") if isinstance(shared, LayerSession) else None
    if said is None or said != number or not may_prove(session, onboarding):
        code_instead(session, onboarding, "other_number" if said and said != number else "not_proven", layer="refused")
        return False
    now = utcnow()
    _keep_evidence(session, onboarding, said, now)
    user = session.get_one(User, onboarding.user_id)
    user.phone_verified, user.phone_verification_date = True, now
    make_move(session, onboarding, "prove_by_layer", {"method": "layer"}, phone_verified_at=now)
    _trust_the_browser(session, onboarding)
    connect_later(session, onboarding, "layer")
    return True


def _keep_evidence(session: Session, onboarding: Onboarding, number: str, now: dt.datetime) -> None:
    row = PhoneVerificationSession(
        tenant_id=onboarding.tenant_id,
        mode=onboarding.mode,
        user_id=onboarding.user_id,
        onboarding_id=onboarding.id,
        binding_id=onboarding.link_binding_id,
        verifier=LAYER_VERIFIER,
        verification_method="layer",
        status="verified",
        expires_at=now,
        verified_at=now,
        updated_at=now,
    )
    vault(session).seal(row, "phone_number", number)
    session.add(row)


def _trust_the_browser(session: Session, onboarding: Onboarding) -> None:
    """The binding that opened this session, the frame whose window it is and the page it went on to; everybody else
    proves the phone anew."""
    ran = session.get(Binding, onboarding.link_binding_id) if onboarding.link_binding_id else None
    if ran is None:
        return
    mine = Binding.id.in_([ran.id, *([ran.opener_id] if ran.opener_id else [])]) | (Binding.opener_id == ran.id)
    session.execute(
        update(Binding)
        .where(mine, Binding.onboarding_id == onboarding.id, Binding.ended_at.is_(None))
        .values(phone_proven=True)
        .execution_options(synchronize_session=False)
    )


def needs_code_instead(session: Session, onboarding: Onboarding, why: str, *, layer: str | None = None) -> bool:
    """Where Layer was to prove the phone and could not, a code by text does; True where that is so.

    `layer` is what the ladder remembers: `refused` or `left`; None: Layer may be asked again once the phone is proven.
    """
    if not may_prove(session, onboarding) or not allowed(onboarding, "ask_code"):
        return False
    code_instead(session, onboarding, why, layer=layer)
    return True


def code_instead(session: Session, onboarding: Onboarding, why: str, *, layer: str | None = None) -> None:
    """On to the code. What was opened or shared until now counts for nothing."""
    put_aside_waiting(session, onboarding)
    vault(session).seal(onboarding, "link_token", None)
    progress = {"layer": layer} if layer else {}
    columns = {"code_needed": True, "link_binding_id": None, "rung": None, "progress": progress}
    make_move(session, onboarding, "ask_code", {"why": why}, **columns)


def note_passed(session: Session, onboarding: Onboarding, link_token: str | None) -> None:
    """Plaid's signed word that Layer's code was entered in the window that is open: for the timeline.

    Which number it was is told only with the session itself.
    """
    if link_token is not None and is_current(session, onboarding, link_token):
        record(session, onboarding, "bank.layer_passed")


def proven_by(session: Session, onboarding: Onboarding) -> PhoneVerificationSession | None:
    """The row that proved this onboarding's phone first."""
    return session.scalars(
        select(PhoneVerificationSession)
        .where(PhoneVerificationSession.onboarding_id == onboarding.id, PhoneVerificationSession.status == "verified")
        .order_by(PhoneVerificationSession.verified_at)
        .limit(1)
    ).one_or_none()

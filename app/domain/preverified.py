"""Connecting to Spinwheel a phone that another verifier has proven. In the background, and never in anybody's way."""

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy.orm import Session

from app.domain.connections import NoConnectionError, connection, spinwheel_client
from app.domain.credit_file import after_bank, keep_waiting_until
from app.domain.events import record
from app.domain.flow import OPEN
from app.domain.jobs import ClaimedJob, enqueue
from app.domain.observations import keep_observations
from app.domain.onboardings import current_status
from app.domain.person import external_id
from app.domain.risk import note_assessments
from app.domain.services import Services
from app.models import Onboarding, User, utcnow
from app.models.session import Scope
from app.models.vault import vault
from app.providers.errors import ProviderError, Reason
from app.providers.spinwheel import SpinwheelClient
from app.providers.spinwheel_observations import profile_observations
from app.providers.spinwheel_records import Connected

How = Literal["layer", "sms", "voice"]


@dataclass(frozen=True)
class _Person:
    client: SpinwheelClient
    phone_number: str = field(repr=False)
    date_of_birth: str = field(repr=False)
    user_id: str | None = field(repr=False)
    external: str
    verified_at: dt.datetime


def connect_later(session: Session, onboarding: Onboarding, how: How) -> None:
    """Have the worker connect the person whose phone was proven just now, by Layer, a text or a call of others."""
    onboarding.connecting_since = utcnow()
    session.flush()
    scope = Scope(onboarding.tenant_id, onboarding.mode)
    enqueue(session, "spinwheel.connect", scope, {"onboarding_id": str(onboarding.id), "how": how})
    enqueue(
        session,
        "spinwheel.waited",
        scope,
        {"onboarding_id": str(onboarding.id)},
        due_at=keep_waiting_until(onboarding),
    )


def connect_user(services: Services, job: ClaimedJob) -> None:
    """`spinwheel.connect`: one try. Without it the journey only lacks what Spinwheel knows."""
    assert job.scope is not None
    onboarding_id = uuid.UUID(job.payload["onboarding_id"])
    with services.database.session(job.scope, read_only=True) as session:
        person = _person(services, session, job.scope, session.get_one(Onboarding, onboarding_id))
    connected: Connected | None = None
    outcome = person if isinstance(person, str) else "connected"
    if not isinstance(person, str):
        try:
            connected = person.client.connect_preverified(
                person.phone_number,
                person.date_of_birth,
                by_call=job.payload["how"] == "voice",
                verified_at=person.verified_at,
                consent_at=person.verified_at,
                ext_user_id=None if person.user_id else person.external,
                user_id=person.user_id,
            )
        except ProviderError as error:
            outcome = error.reason.value
    with services.database.session(job.scope) as session:
        onboarding = session.get_one(Onboarding, onboarding_id, with_for_update=True)
        _keep(session, onboarding, connected, outcome, job.payload["how"])


def _person(services: Services, session: Session, scope: Scope, onboarding: Onboarding) -> _Person | str:
    """Whom to connect, or the word for why not."""
    keep, user = vault(session), session.get_one(User, onboarding.user_id)
    number, birth = keep.open(onboarding, "phone_number"), keep.open(onboarding, "date_of_birth")
    if onboarding.phone_verified_at is None or number is None or birth is None or not _open(onboarding):
        return "over"
    try:
        spinwheel = connection(services, session, scope, "spinwheel")
    except NoConnectionError:
        return Reason.NOT_CONFIGURED.value
    if spinwheel.settings.get("preverified") != "on":
        return "off"
    known = keep.open(user, "spinwheel_user_id")
    client = spinwheel_client(spinwheel)
    return _Person(client, number, birth, known, external_id(user), onboarding.phone_verified_at)


def _open(onboarding: Onboarding) -> bool:
    return current_status(onboarding) in OPEN


def _keep(session: Session, onboarding: Onboarding, connected: Connected | None, outcome: str, how: str) -> None:
    if not _open(onboarding):
        return
    onboarding.connecting_since = None
    if connected is not None:
        vault(session).seal(session.get_one(User, onboarding.user_id), "spinwheel_user_id", connected.user_id)
        note_assessments(session, onboarding, connected.risk_assessments)
        # What stands on the review is what the consumer saw: it does not grow behind their back.
        if connected.profile is not None and (onboarding.step, onboarding.stage) != ("review", "check"):
            now = utcnow()
            keep_observations(session, onboarding, profile_observations(connected.profile, str(onboarding.id), now))
    record(session, onboarding, "spinwheel.connect_ended", {"how": how, "outcome": outcome})
    if onboarding.progress.get("bank_read"):
        after_bank(session, onboarding)


def stop_waiting(services: Services, job: ClaimedJob) -> None:
    """`spinwheel.waited`: the consumer was kept long enough; what comes later is not needed to go on."""
    assert job.scope is not None
    with services.database.session(job.scope) as session:
        onboarding = session.get_one(Onboarding, uuid.UUID(job.payload["onboarding_id"]), with_for_update=True)
        if onboarding.connecting_since is not None and keep_waiting_until(onboarding) <= utcnow():
            onboarding.connecting_since = None
            if onboarding.progress.get("bank_read"):
                after_bank(session, onboarding)

"""The credit file: asked for with its own consent, pulled once, never needed to go on."""

import datetime as dt
import uuid
from dataclasses import asdict

from sqlalchemy.orm import Session

from app.domain.connections import NoConnectionError, connection, spinwheel_client
from app.domain.consents import Shown, Visitor, give_consent
from app.domain.flow import allowed, make_move
from app.domain.jobs import ClaimedJob, enqueue
from app.domain.observations import keep_observations, keep_value, known_values
from app.domain.prefill.fields import ONLY_CREDIT_FILE
from app.domain.risk import note_credit_file
from app.domain.services import Services
from app.domain.tenant_settings import settings_of
from app.models import Onboarding, User, utcnow
from app.models.session import Scope
from app.models.vault import vault
from app.providers.errors import ProviderError, Reason
from app.providers.observations import SPINWHEEL_CREDIT_FILE
from app.providers.spinwheel_observations import credit_file_observations
from app.providers.spinwheel_records import CreditFile

# Spinwheel gives one report per user and day; asking again would only be refused.
PULL_EVERY = dt.timedelta(days=1)
# A phone that another verifier proved is connected to Spinwheel meanwhile; nobody is kept from the form for longer.
CONNECT_PATIENCE = dt.timedelta(seconds=15)


def after_bank(session: Session, onboarding: Onboarding) -> None:
    """The bank was read: on to the credit file, where it is wanted and can be had, else to the review.

    While the phone is still being connected to Spinwheel it waits for that; the end of the connecting asks again.
    """
    if onboarding.stage != "fetching" or not allowed(onboarding, "show_review"):
        return
    if onboarding.connecting_since is not None and keep_waiting_until(onboarding) > utcnow():
        onboarding.progress = {**onboarding.progress, "bank_read": True}
        return
    if credit_file_wanted(session, onboarding):
        make_move(session, onboarding, "ask_credit_file")
    else:
        make_move(session, onboarding, "show_review")


def keep_waiting_until(onboarding: Onboarding) -> dt.datetime:
    """The end of the patience with a connecting that is under way."""
    assert onboarding.connecting_since is not None
    return onboarding.connecting_since + CONNECT_PATIENCE


def credit_file_wanted(session: Session, onboarding: Onboarding) -> bool:
    """Whether to ask the consumer: by the tenant's policy, and only when a pull could succeed."""
    flow, _ = settings_of(session, onboarding.settings_version)
    user = session.get_one(User, onboarding.user_id)
    if flow.credit_report == "off" or user.spinwheel_user_id_sealed is None:
        return False
    if user.credit_file_at is not None and user.credit_file_at + PULL_EVERY > utcnow():
        return False
    return flow.credit_report == "on" or bool(missing_without_it(session, onboarding))


def missing_without_it(session: Session, onboarding: Onboarding) -> list[str]:
    """The asked fields that no other source has filled and a credit file could."""
    asked = set(onboarding.asked["fields"])
    filled = {known.field for known in known_values(session, onboarding)}
    wanted = (ONLY_CREDIT_FILE | {"credit_accounts"}) & asked
    return sorted(wanted - filled)


def allow_credit_file(session: Session, onboarding: Onboarding, shown: Shown, visitor: Visitor) -> None:
    """The consumer authorised it: keep the words, and have the worker pull it."""
    give_consent(session, onboarding, shown, visitor)
    make_move(session, onboarding, "allow_credit_file")
    scope = Scope(onboarding.tenant_id, onboarding.mode)
    payload = {"onboarding_id": str(onboarding.id)}
    enqueue(session, "credit_file.fetch", scope, payload, dedupe_key=f"credit_file.fetch:{onboarding.id}")


def fetch_credit_file(services: Services, job: ClaimedJob) -> None:
    """`credit_file.fetch`: one billable pull; whatever comes of it, the consumer goes on to the review.

    The pull is noted before it is made, so that a crash in between can never bill a second one.
    """
    assert job.scope is not None
    onboarding_id = uuid.UUID(job.payload["onboarding_id"])
    with services.database.session(job.scope) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        if not _wanted(onboarding):
            return
        user = session.get_one(User, onboarding.user_id)
        try:
            client = spinwheel_client(connection(services, session, job.scope, "spinwheel"))
        except NoConnectionError:
            _keep_report(session, onboarding, None, Reason.NOT_CONFIGURED.value)
            return
        pulled_before = onboarding.progress.get("credit_file") == "asked"
        onboarding.progress = {**onboarding.progress, "credit_file": "asked"}
        user.credit_file_at = utcnow()
        spinwheel_user_id = vault(session).open(user, "spinwheel_user_id")
    report: CreditFile | None = None
    outcome = "unknown"
    if not pulled_before:
        try:
            report = client.debt_profile(spinwheel_user_id)
            outcome = "received"
        except ProviderError as error:
            outcome = error.reason.value
    with services.database.session(job.scope) as session:
        _keep_report(session, session.get_one(Onboarding, onboarding_id), report, outcome)


def _wanted(onboarding: Onboarding) -> bool:
    """Whether the consumer still waits for this."""
    return onboarding.stage == "credit_fetching" and allowed(onboarding, "show_review")


def _keep_report(session: Session, onboarding: Onboarding, report: CreditFile | None, outcome: str) -> None:
    if not _wanted(onboarding):
        return
    now = utcnow()
    note_credit_file(session, onboarding, outcome)
    if report is not None:
        keep_observations(session, onboarding, credit_file_observations(report, now))
        if "credit_accounts" in onboarding.asked["fields"]:
            for debt in report.debts:
                keep_value(
                    session,
                    onboarding,
                    "credit_accounts",
                    asdict(debt),
                    SPINWHEEL_CREDIT_FILE,
                    debt.record_id,
                    now,
                    True,
                )
    progress = {**onboarding.progress, "credit_file": outcome}
    make_move(session, onboarding, "show_review", {"credit_file": outcome}, progress=progress)

"""Connecting to Spinwheel a phone that Layer has proven: in the background, and never in anybody's way."""

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest

from app.domain.connections import NoConnectionError, add_connection
from app.domain.handlers import HANDLERS
from app.domain.jobs import ClaimedJob
from app.domain.onboardings import cancel_onboarding
from app.domain.preverified import How, connect_later
from app.domain.services import Services
from app.models import Event, Job, ObservationRow, Onboarding, User, utcnow
from app.providers.observations import SPINWHEEL_PROFILE
from app.providers.spinwheel import SpinwheelClient
from app.providers.spinwheel_records import Connected
from tests.support.emulator import Emulator
from tests.support.journeys import Consumer
from tests.support.rows import calls_to, place, result_of, rows
from tests.support.tenants import MadeTenant, make_tenant

PREVERIFIED = "/connect/preverified/phoneNumber"
CREDIT, REVIEW = "May we look at your credit file?", "Check your details"


@pytest.fixture
def tenant(services: Services) -> MadeTenant:
    """Acme, with the bank first."""
    return make_tenant(services, verification="plaid_layer")


def share(consumer: Consumer, tenant: MadeTenant) -> Any:
    """Up to where the worker has everything to do."""
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    consumer.tell_bank_finished()
    return onboarding_id


def outcome(tenant: MadeTenant) -> list[str]:
    """How each connecting ended."""
    return [event.data["outcome"] for event in rows(tenant, Event, type="spinwheel.connect_ended")]


def test_the_profile_is_kept_and_the_credit_file_follows(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    onboarding_id = share(consumer, tenant)
    consumer.work()
    assert (consumer.heading, outcome(tenant)) == (CREDIT, ["connected"])
    assert SPINWHEEL_PROFILE in {row.source for row in rows(tenant, ObservationRow)}
    consumer.answer_credit_file("yes")
    consumer.share()
    assert result_of(tenant, onboarding_id)["verifications"][2]["status"] == "received"
    assert (calls_to(emulator, PREVERIFIED), calls_to(emulator, "/debtProfile")) == (1, 1)


def _own_connection(tenant: MadeTenant, emulator: Emulator, **settings: str) -> None:
    urls = {
        "base_url": emulator.settings.spinwheel_base_url,
        "secure_base_url": emulator.settings.spinwheel_secure_base_url,
    }
    secrets = {"api_key": emulator.settings.spinwheel_api_key, "webhook_secret": ""}
    with tenant.services.database.session(tenant.scope) as session:
        add_connection(session, tenant.scope, "spinwheel", "own", urls | settings, secrets)


def test_a_tenants_own_connection_is_not_asked_unless_it_says_so(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    _own_connection(tenant, emulator)
    share(consumer, tenant)
    consumer.work()
    assert (consumer.heading, outcome(tenant), calls_to(emulator, PREVERIFIED)) == (REVIEW, ["off"], 0)


def test_a_tenants_own_connection_that_says_so_is_asked(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    _own_connection(tenant, emulator, preverified="on")
    share(consumer, tenant)
    consumer.work()
    assert (consumer.heading, outcome(tenant)) == (CREDIT, ["connected"])


def test_what_preverified_may_say_is_checked(tenant: MadeTenant, emulator: Emulator) -> None:
    with pytest.raises(ValueError, match="preverified is one of off, on"):
        _own_connection(tenant, emulator, preverified="maybe")


def test_a_refusal_is_final_and_quiet(consumer: Consumer, tenant: MadeTenant, emulator: Emulator) -> None:
    emulator.control("POST", "/spinwheel/switches", {"preverified": False})
    onboarding_id = share(consumer, tenant)
    consumer.work()
    assert (consumer.heading, outcome(tenant)) == (REVIEW, ["not_configured"])
    consumer.share()
    assert place(tenant, onboarding_id) == "completed done/done"
    assert calls_to(emulator, PREVERIFIED) == 1


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", ["500", "429", "503_html", "hang", "drop"])
def test_an_outage_keeps_nobody(fault: str, consumer: Consumer, tenant: MadeTenant, emulator: Emulator) -> None:
    operation = "/v1/users/connect/preverified/phoneNumber"
    emulator.control("POST", "/faults", {"provider": "spinwheel", "operation": operation, "fault": fault})
    share(consumer, tenant)
    consumer.work()
    emulator.control("DELETE", "/faults")
    assert consumer.heading == REVIEW
    assert rows(tenant, Job, kind="spinwheel.connect")[0].state == "done"


# ---------- While it is still under way ----------
def run(tenant: MadeTenant, kind: str, onboarding_id: Any) -> None:
    """One job alone, now."""
    payload = {"onboarding_id": str(onboarding_id), "how": "layer"}
    HANDLERS[kind](tenant.services, ClaimedJob(uuid4(), kind, tenant.scope, payload, 1, uuid4()))


def make_old(tenant: MadeTenant, onboarding_id: Any, seconds: float) -> None:
    """As if the connecting had begun so long ago."""
    with tenant.services.database.session(tenant.scope) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        assert onboarding.connecting_since is not None
        onboarding.connecting_since -= dt.timedelta(seconds=seconds)


def test_the_bank_waits_a_little_for_the_connecting(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id = share(consumer, tenant)
    run(tenant, "bank.fetch", onboarding_id)
    assert place(tenant, onboarding_id) == "in_progress bank/fetching"
    run(tenant, "spinwheel.waited", onboarding_id)
    assert place(tenant, onboarding_id) == "in_progress bank/fetching"
    run(tenant, "spinwheel.connect", onboarding_id)
    assert place(tenant, onboarding_id) == "in_progress bank/credit_file"
    run(tenant, "spinwheel.waited", onboarding_id)
    assert place(tenant, onboarding_id) == "in_progress bank/credit_file"


def test_nobody_waits_for_it_for_long_and_the_review_does_not_grow_afterwards(
    consumer: Consumer, tenant: MadeTenant
) -> None:
    onboarding_id = share(consumer, tenant)
    run(tenant, "bank.fetch", onboarding_id)
    make_old(tenant, onboarding_id, 15)
    run(tenant, "spinwheel.waited", onboarding_id)
    assert place(tenant, onboarding_id) == "in_progress review/check"
    before = len(rows(tenant, ObservationRow))
    run(tenant, "spinwheel.connect", onboarding_id)
    assert len(rows(tenant, ObservationRow)) == before
    assert rows(tenant, User)[0].spinwheel_user_id_sealed is not None
    assert place(tenant, onboarding_id) == "in_progress review/check"


def test_a_connecting_that_began_long_ago_is_not_waited_for(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id = share(consumer, tenant)
    with tenant.services.database.session(tenant.scope) as session:
        connect_later(session, session.get_one(Onboarding, onboarding_id), "sms")
    make_old(tenant, onboarding_id, 15)
    with tenant.services.database.session(tenant.scope) as session:
        session.get_one(Onboarding, onboarding_id).phone_verified_at = utcnow()
    run(tenant, "bank.fetch", onboarding_id)
    assert place(tenant, onboarding_id) == "in_progress review/check"


def test_an_onboarding_that_ended_meanwhile_keeps_nothing(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    onboarding_id = share(consumer, tenant)
    run(tenant, "bank.fetch", onboarding_id)
    with tenant.services.database.session(tenant.scope) as session:
        cancel_onboarding(session, session.get_one(Onboarding, onboarding_id))
    run(tenant, "spinwheel.connect", onboarding_id)
    assert calls_to(emulator, PREVERIFIED) == 0
    assert rows(tenant, User)[0].spinwheel_user_id_sealed is None


@pytest.mark.parametrize(("how", "word"), [("layer", "SMS"), ("sms", "SMS"), ("voice", "PHONE_CALL")])
def test_spinwheel_is_told_how_the_phone_was_proven(
    how: How, word: str, consumer: Consumer, tenant: MadeTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []

    def note(_client: SpinwheelClient, _request: Any, body: dict[str, Any]) -> Connected:
        asked.append(body)
        return Connected("spinwheel-user", None, ())

    monkeypatch.setattr(SpinwheelClient, "_connect", note)
    onboarding_id = share(consumer, tenant)
    with tenant.services.database.session(tenant.scope) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        onboarding.phone_verified_at = utcnow()
        connect_later(session, onboarding, how)
    consumer.worker.run_due()
    today = utcnow().date().isoformat()
    assert asked[0]["audit"] == {"verificationDate": today, "userConsentDate": today, "verificationType": word}
    assert (asked[0]["phoneNumber"], asked[0]["dateOfBirth"]) == ("+14155550011", "1975-01-18")


# ---------- The credit file without a connection ----------
def test_a_tenant_that_loses_its_connection_after_the_consent_goes_on_to_the_review(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    onboarding_id = share(consumer, tenant)
    consumer.work()
    consumer.post(consumer.url("credit-file"), answer="yes")
    assert place(tenant, onboarding_id) == "in_progress bank/credit_fetching"

    def gone(*_: Any) -> None:
        raise NoConnectionError

    monkeypatch.setattr("app.domain.credit_file.connection", gone)
    consumer.work()
    assert consumer.heading == REVIEW
    assert rows(tenant, Job, kind="credit_file.fetch")[0].state == "done"
    assert calls_to(emulator, "/debtProfile") == 0
    consumer.share()
    assert result_of(tenant, onboarding_id)["verifications"][2]["status"] == "not_configured"
    assert rows(tenant, User)[0].credit_file_at is None

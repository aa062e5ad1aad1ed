"""The credit file: asked for in its own words, only where it helps, pulled once, and never needed to go on."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.domain import credit_file
from app.domain.services import Services
from app.models import Consent, ObservationRow, User
from tests.support.emulator import Emulator
from tests.support.journeys import PHONE_E164, Consumer
from tests.support.rows import calls_to, let_pass, place, result_of, rows, work_to_the_end
from tests.support.tenants import MadeTenant, make_tenant

REPORT = "/debtProfile"


def _status(tenant: MadeTenant, onboarding_id: Any) -> str:
    checks = result_of(tenant, onboarding_id)["verifications"]
    return next((check["status"] for check in checks if check["kind"] == "credit_file"), "")


def test_nothing_is_pulled_before_the_consumer_says_yes(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    consumer.finish_bank()
    assert consumer.heading == "May we look at your credit file?"
    assert "It does not affect your score" in consumer.text
    assert "I authorize Acme Credit Union to obtain my credit report" in consumer.text
    consumer.worker.run_due()
    assert calls_to(emulator, REPORT) == 0
    assert "credit_file" not in {consent.kind for consent in rows(tenant, Consent)}
    consumer.answer_credit_file("yes")
    assert calls_to(emulator, REPORT) == 1


def test_no_leads_straight_to_the_review(consumer: Consumer, tenant: MadeTenant, emulator: Emulator) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    consumer.finish_bank()
    consumer.answer_credit_file("no")
    assert consumer.heading == "Check your details"
    assert "From your credit file" not in consumer.text
    consumer.share()
    assert calls_to(emulator, REPORT) == 0
    assert _status(tenant, onboarding_id) == ""
    assert "credit_file" not in {consent.kind for consent in rows(tenant, Consent)}


@pytest.mark.parametrize(
    ("flow", "asked"),
    [
        ({"credit_report": "off"}, False),
        ({"credit_report": "on"}, True),
        ({"credit_report": "when_needed"}, True),
        ({"credit_report": "when_needed", "fields": {"employer_name": "off", "credit_accounts": "off"}}, False),
        ({"credit_report": "on", "fields": {"employer_name": "off", "credit_accounts": "off"}}, True),
    ],
)
def test_it_is_asked_for_as_the_tenant_decided(
    services: Services, consumer: Consumer, flow: dict[str, Any], asked: bool
) -> None:
    own = make_tenant(services, "own", **flow)
    _, token = own.onboard()
    consumer.prove(token)
    consumer.finish_bank()
    expected = "May we look at your credit file?" if asked else "Check your details"
    assert consumer.heading == expected


@pytest.fixture
def maria_s_file(emulator: Emulator) -> Iterator[Callable[[str], None]]:
    """Sets the status of the persona's credit file; it is as it was afterwards."""
    personas = emulator.app.extensions["emulators"].personas
    persona = personas.by_phone(PHONE_E164)
    before = persona.credit_file.status

    def put(status: str) -> None:
        # Past the guard of a frozen model: the persona itself stays the one everybody holds.
        persona.credit_file.__dict__["status"] = status

    yield put
    put(before)


@pytest.mark.parametrize(
    ("status", "told", "flags"),
    [
        ("frozen", "report_frozen", ["frozen"]),
        ("locked", "report_locked", ["locked"]),
        ("fraud", "report_fraud_alert", ["fraud_alert"]),
        ("not_found", "report_unavailable", None),
        ("manual_review", "report_unavailable", None),
    ],
)
def test_a_file_that_cannot_be_read_is_passed_on_and_stops_nobody(
    consumer: Consumer,
    tenant: MadeTenant,
    maria_s_file: Callable[[str], None],
    status: str,
    told: str,
    flags: list[str] | None,
) -> None:
    maria_s_file(status)
    onboarding_id, token = tenant.onboard()
    consumer.to_review(token)
    assert consumer.heading == "Check your details"
    consumer.share()
    assert place(tenant, onboarding_id) == "completed done/done"
    assert _status(tenant, onboarding_id) == told
    risk = result_of(tenant, onboarding_id)["risk"]["credit_file"]
    assert flags == (None if risk is None else [name for name, raised in risk.items() if raised])


@pytest.mark.parametrize(
    ("kind", "told"), [("500", "provider_down"), ("503_html", "provider_down"), ("429", "provider_busy")]
)
def test_an_outage_while_the_file_is_pulled_stops_nobody(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator, kind: str, told: str
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    consumer.finish_bank()
    emulator.control("POST", "/faults", {"provider": "spinwheel", "operation": "*", "fault": kind})
    consumer.answer_credit_file("yes")
    assert consumer.heading == "Check your details"
    emulator.control("DELETE", "/faults")
    consumer.share()
    assert _status(tenant, onboarding_id) == told


def test_the_same_user_is_not_asked_again_the_same_day(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant, emulator: Emulator
) -> None:
    _, token = tenant.onboard()
    consumer.to_review(token)
    consumer.share()
    second = browser()
    _, token = tenant.onboard()
    second.prove(token)
    second.finish_bank()
    assert second.heading == "Check your details"
    assert calls_to(emulator, REPORT) == 1
    let_pass(tenant, 86_401, User)
    third = browser()
    _, token = tenant.onboard()
    third.prove(token)
    third.finish_bank()
    assert third.heading == "May we look at your credit file?"


@pytest.mark.parametrize("when", ["before the pull", "after the pull"])
def test_a_worker_that_dies_around_the_pull_never_bills_twice(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    consumer.finish_bank()

    def die(*_: Any) -> None:
        raise OSError("the machine is gone")

    class Dead:
        debt_profile = staticmethod(die)

    with monkeypatch.context() as patch:
        if when == "before the pull":
            patch.setattr(credit_file, "spinwheel_client", lambda _: Dead)
        else:
            patch.setattr(credit_file, "_keep_report", die)
        consumer.post(consumer.url("credit-file"), answer="yes")
        consumer.worker.run_due()
    consumer.get(consumer.url())
    assert consumer.heading == "We’re filling in your form"
    work_to_the_end(tenant, consumer.worker, "credit_file.fetch")
    consumer.get(consumer.url())
    assert consumer.heading == "Check your details"
    assert calls_to(emulator, REPORT) == (0 if when == "before the pull" else 1)
    consumer.share()
    assert _status(tenant, onboarding_id) == "unknown"


def test_saying_yes_twice_pulls_once(consumer: Consumer, tenant: MadeTenant, emulator: Emulator) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    consumer.finish_bank()
    consumer.post(consumer.url("credit-file"), answer="yes")
    consumer.post(consumer.url("credit-file"), answer="yes")
    consumer.post(consumer.url("credit-file"), answer="no")
    consumer.work()
    assert consumer.heading == "Check your details"
    assert calls_to(emulator, REPORT) == 1
    assert [consent.kind for consent in rows(tenant, Consent)].count("credit_file") == 1


def test_canceling_while_the_file_is_pulled_keeps_nothing_of_it(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    consumer.finish_bank()
    consumer.post(consumer.url("credit-file"), answer="yes")
    consumer.post(consumer.url("cancel"))
    work_to_the_end(tenant, consumer.worker, "credit_file.fetch")
    assert calls_to(emulator, REPORT) == 0
    assert "spinwheel_credit_file" not in {row.source for row in rows(tenant, ObservationRow)}
    assert place(tenant, onboarding_id).startswith("canceled")

"""The whole journey by plain forms, without script: what the consumer reads at each step, and what is kept."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.domain.services import Services
from app.models import AnalyticsEvent, Consent, Job, PlaidItem, PrefillData, User, utcnow
from app.models.vault import vault
from tests.contract.plaid_drive import post as ask_plaid
from tests.support.emulator import Emulator
from tests.support.journeys import MANUAL, Consumer
from tests.support.local_server import local_server
from tests.support.rows import event_types, onboarding_row, place, result_of, rows
from tests.support.tenants import MadeTenant, make_tenant

SEED_NAMES = [
    "phone_verification_started",
    "phone_verification_completed",
    "plaid_link_opened",
    "plaid_link_completed",
    "prefill_completed",
]
# Of the persona and of what was typed: nothing of it may stand in an event.
PERSONAL = ("Maria", "Ortiz", "4155550011", "1975", "Larkspur", "maria.ortiz", "4021", "0011", "3219", "Platypus")


def test_a_consumer_goes_all_the_way_through_layer(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard(state="s-1")
    consumer.open(token)
    assert consumer.heading == "Start with your phone number"
    consumer.start()
    assert consumer.heading == "Enter the code we texted you"
    consumer.confirm()
    assert consumer.heading == "Connect your bank and skip the typing"
    consumer.tell_bank_finished()
    assert consumer.heading == "We’re filling in your form"
    consumer.work()
    assert consumer.heading == "May we look at your credit file?"
    consumer.answer_credit_file("yes")
    assert consumer.heading == "Check your details"
    consumer.share()
    assert consumer.heading == "All done, Maria"
    assert "Back to Acme Credit Union" in consumer.moves
    assert place(tenant, onboarding_id) == "completed done/done"
    assert onboarding_row(tenant, onboarding_id).rung == "layer_phone"
    assert [consent.kind for consent in rows(tenant, Consent)] == ["phone", "bank", "credit_file", "share"]
    result = result_of(tenant, onboarding_id)
    assert result["state"] == "s-1"
    assert result["prefill"]["personal_info"]["phone_number"] == "+14155550011"


def test_the_form_by_hand_after_the_code_completes_with_a_proven_phone(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    assert "Fill in the form yourself" in consumer.moves
    consumer.post(consumer.url("by-hand"))
    assert consumer.heading == "Fill in the form yourself"
    consumer.by_hand()
    assert consumer.heading == "Check your details"
    consumer.share()
    assert consumer.heading.startswith("All done")
    row, result = onboarding_row(tenant, onboarding_id), result_of(tenant, onboarding_id)
    assert (row.status, row.rung) == ("completed", "manual")
    assert result["prefill"]["personal_info"]["phone_number"] == "+14155550011", "the proven number, not a typed one"
    assert result["provenance"]["/personal_info/email"]["source"] == "consumer"
    assert [(check["kind"], check["status"]) for check in result["verifications"]] == [
        ("phone", "verified"),
        ("bank", "not_linked"),
    ]


def test_the_form_by_hand_from_the_first_page_needs_no_phone(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.post(f"{consumer.link}/by-hand")
    assert consumer.heading == "Fill in the form yourself"
    consumer.by_hand()
    assert consumer.heading == "Check your details"
    consumer.share()
    assert consumer.heading == "All done, Theo"
    result = result_of(tenant, onboarding_id)
    assert result["prefill"]["personal_info"] == {
        "first_name": "Theo",
        "last_name": "Lindqvist",
        "date_of_birth": "1996-07-02",
        "phone_number": "+12065550147",
        "email": "theo@example.com",
        "ssn": "4021",
    }
    assert result["prefill"]["addresses"][0]["postal_code"] == MANUAL["address_postal_code"]
    assert result["verifications"][0] == {
        "kind": "phone",
        "method": None,
        "verifier": None,
        "status": "not_verified",
        "verified_at": None,
    }
    assert consumer.emulator.control("GET", "/calls")["calls"] == [], "nobody was asked"


def test_the_seed_s_events_are_counted_and_hold_nothing_personal(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.to_review(token)
    consumer.share()
    consumer.worker.run_due()
    counted = rows(tenant, AnalyticsEvent)
    in_order = sorted(counted, key=lambda event: event.timestamp)
    assert [event.event_type for event in in_order if event.event_type in SEED_NAMES] == SEED_NAMES
    user = rows(tenant, User)[0]
    for event in counted:
        assert (event.session_id, event.user_id) == (onboarding_id, user.id)
        told = json.dumps(event.properties)
        assert not [word for word in PERSONAL if word in told], f"{event.event_type}: {told}"
    completed = next(event for event in counted if event.event_type == "prefill_completed")
    assert (completed.properties["fields_filled"], completed.properties["fields_asked"]) == (10, 10)


def test_the_tenant_is_called_at_every_turn_in_order(consumer: Consumer, tenant: MadeTenant) -> None:
    with local_server() as receiver:
        tenant.endpoint(receiver.url)
        _, token = tenant.onboard()
        consumer.worker.run_due()
        for step in (
            lambda: consumer.prove(token),
            consumer.finish_bank,
            lambda: consumer.answer_credit_file("yes"),
            consumer.share,
        ):
            step()
            consumer.worker.run_due()
    bodies = [json.loads(request.body) for request in receiver.received]
    assert [body["type"] for body in bodies] == [
        "onboarding.created",
        "onboarding.started",
        "onboarding.step_completed",
        "onboarding.phone_verified",
        "onboarding.step_completed",
        "onboarding.bank_linked",
        "onboarding.step_completed",
        "onboarding.completed",
        "onboarding.step_completed",
        "bank.disconnected",
    ]
    assert not [word for word in PERSONAL for request in receiver.received if word.encode() in request.body]


def _access_token(tenant: MadeTenant) -> str:
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        return str(vault(session).open(session.scalars(select(PlaidItem)).one(), "access_token"))


def test_the_bank_is_disconnected_at_plaid_once_all_is_shared(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    _, token = tenant.onboard()
    consumer.to_review(token)
    access_token = _access_token(tenant)
    assert ask_plaid(emulator, "/item/get", {"access_token": access_token}).ok
    consumer.share()
    consumer.worker.run_due()
    assert ask_plaid(emulator, "/item/get", {"access_token": access_token}).json()["error_code"] == "ITEM_NOT_FOUND"
    item = rows(tenant, PlaidItem)[0]
    assert item.removed_at is not None
    assert item.access_token_sealed is None


def test_a_tenant_may_keep_the_bank_for_some_days(
    browser: Callable[[], Consumer], services: Services, emulator: Emulator
) -> None:
    keeper = make_tenant(services, "keeper", keep_bank_connection=2)
    consumer = browser()
    _, token = keeper.onboard()
    consumer.to_review(token)
    consumer.share()
    consumer.worker.run_due()
    assert ask_plaid(emulator, "/item/get", {"access_token": _access_token(keeper)}).ok
    with services.database.session() as session:
        waiting = session.scalars(select(Job).where(Job.kind == "bank.remove", Job.state == "pending")).one()
        assert 47 < (waiting.due_at - utcnow()).total_seconds() / 3600 < 49


def test_a_bank_connected_after_this_is_not_me_is_disconnected_too(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    _, token = tenant.onboard()
    consumer.to_review(token)
    consumer.post(consumer.url("not-me"))
    consumer.worker.run_due()
    consumer.finish_bank()
    second = rows(tenant, PlaidItem)[-1]
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        access_token = vault(session).open(session.get_one(PlaidItem, second.id), "access_token")
    assert ask_plaid(emulator, "/item/get", {"access_token": access_token}).ok
    consumer.post(consumer.url("cancel"))
    consumer.worker.run_due()
    assert ask_plaid(emulator, "/item/get", {"access_token": access_token}).json()["error_code"] == "ITEM_NOT_FOUND"


def test_the_whole_journey_is_there_in_spanish(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    consumer.get(f"/o/{token}?lang=es")
    consumer.link = f"/o/{token}"
    headings = [consumer.heading]
    consumer.start()
    headings.append(consumer.heading)
    consumer.confirm("111111")
    assert "Te quedan 2" in consumer.text or "intentos" in consumer.text
    consumer.confirm()
    headings.append(consumer.heading)
    consumer.finish_bank()
    headings.append(consumer.heading)
    consumer.answer_credit_file("yes")
    headings.append(consumer.heading)
    consumer.share()
    headings.append(consumer.heading)
    english = {"Start with your phone number", "Enter the code we texted you", "Check your details"}
    assert len(set(headings)) == 6
    assert not english & set(headings)
    assert '<html lang="es"' in consumer.page
    assert {consent.locale for consent in rows(tenant, Consent)} == {"es"}
    for words in ("Your phone", "Check and share", "Finish later", "What you shared", "From your", "You agreed"):
        assert words not in consumer.text


def test_a_language_that_is_not_spoken_changes_nothing(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    consumer.get(f"/o/{token}?lang=xx")
    assert consumer.heading == "Start with your phone number"


@pytest.mark.parametrize("wanted", [{"with_bank": False}])
def test_without_a_bank_step_the_code_leads_to_the_form(
    consumer: Consumer, tenant: MadeTenant, wanted: dict[str, bool]
) -> None:
    onboarding_id, token = tenant.onboard(**wanted)
    consumer.prove(token)
    assert consumer.heading == "Fill in the form yourself"
    assert "Your bank" not in consumer.text
    consumer.by_hand()
    consumer.share()
    assert place(tenant, onboarding_id) == "completed done/done"
    assert "bank.opened" not in event_types(tenant, onboarding_id)


def test_what_was_shared_is_sealed_in_the_seed_s_four_documents(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    consumer.to_review(token)
    consumer.share()
    data = rows(tenant, PrefillData)[0]
    for name in ("personal_info", "addresses", "employment", "financial_info", "result"):
        sealed = getattr(data, f"{name}_sealed")
        assert sealed
        assert b"Maria" not in sealed

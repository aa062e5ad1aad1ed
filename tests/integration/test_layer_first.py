"""`flow.verification = plaid_layer`: the bank comes first, and Layer's own code proves the phone."""

import json
import re
from collections.abc import Callable

import pytest

from app.domain.launch import bind
from app.domain.onboardings import add_launch_link
from app.domain.services import Services
from app.models import (
    Binding,
    Event,
    ObservationRow,
    Onboarding,
    PhoneVerificationSession,
    PlaidAccount,
    PlaidItem,
    User,
)
from tests.contract.plaid_drive import Link
from tests.support.emulator import Emulator
from tests.support.journeys import PHONE, PHONE_E164, Consumer
from tests.support.plaid_hooks import hook, layer_passed, post, signature
from tests.support.rows import calls_to, consents, event_types, place, result_of, rows
from tests.support.tenants import EMBED_ORIGIN, MadeTenant, make_tenant

INTRO = "Connect your bank and skip the typing"
ASK = "Let’s confirm your phone with a code"
# Lena, whom Layer knows too.
OTHER_PHONE, OTHER_LAST_NAME = "+14155550015", "Kowalski"
CREDIT = "May we look at your credit file?"


@pytest.fixture
def tenant(services: Services) -> MadeTenant:
    """Acme, with the bank first."""
    return make_tenant(services, verification="plaid_layer")


def texts(emulator: Emulator, sender: str) -> int:
    """Texts this sender has sent."""
    store = emulator.app.extensions["emulators"].store
    return sum(text.sender == sender for text in store.texts())


def test_layer_proves_the_phone_and_no_other_code_is_sent(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    assert "Text me a code" not in consumer.text
    consumer.start()
    assert consumer.heading == INTRO
    assert place(tenant, onboarding_id) == "in_progress bank/intro"
    consumer.finish_bank()
    assert consumer.heading == CREDIT
    consumer.answer_credit_file("yes")
    consumer.share()
    assert place(tenant, onboarding_id) == "completed done/done"
    assert (texts(emulator, "Plaid"), texts(emulator, "Spinwheel")) == (1, 0)

    result = result_of(tenant, onboarding_id)
    phone = result["verifications"][0]
    assert (phone["method"], phone["verifier"], phone["status"]) == ("plaid_layer", "plaid", "verified")
    assert result["prefill"]["personal_info"]["phone_number"] == "+14155550011"
    assert result["prefill"]["financial_info"]["credit_accounts"]
    (row,) = rows(tenant, PhoneVerificationSession)
    assert (row.verifier, row.verification_method, row.status) == ("layer", "layer", "verified")
    (user,) = rows(tenant, User)
    assert user.phone_verified
    assert user.spinwheel_user_id_sealed is not None
    completed = [event.data["completed_step"] for event in rows(tenant, Event, type="onboarding.step_completed")]
    assert completed == ["phone", "bank", "review"]
    (proven,) = rows(tenant, Event, type="onboarding.phone_verified")
    assert proven.data["method"] == "layer"
    assert [consent.kind for consent in consents(tenant)][:2] == ["phone", "bank"]


def test_the_steps_leave_the_code_out_until_it_is_needed(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    consumer.open(token)
    assert "Your code" not in consumer.text
    consumer.start()
    consumer.open_bank()
    consumer.post_json(consumer.url("bank", "exit"), {"status": "requires_code"})
    consumer.get(consumer.url())
    assert "Your code" in consumer.text


def test_a_phone_the_tenant_gave_is_not_asked_for_again(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard(given={"phone_number": PHONE_E164, "date_of_birth": "1975-01-18"})
    consumer.open(token)
    assert "We use (•••) •••-0011 to find your details" in consumer.text
    consumer.post(consumer.link)
    assert place(tenant, onboarding_id) == "in_progress bank/intro"
    consumer.finish_bank()
    assert consumer.heading == CREDIT


# ---------- Where Layer says no ----------
def _refused(consumer: Consumer) -> None:
    consumer.open_bank()
    for by in ("phone", "birth"):
        consumer.post_json(consumer.url("bank", "not-available"), {"by": by, "reason": "not_available"})


def _closed(consumer: Consumer) -> None:
    consumer.open_bank()
    consumer.post_json(consumer.url("bank", "exit"), {"status": "requires_code"})


def _forged(consumer: Consumer) -> None:
    """What a page says it was given is no proof: Plaid knows no such token."""
    consumer.open_bank()
    consumer.post_json(consumer.url("bank", "finished"), {"public_token": "profile-sandbox-forged"})
    consumer.worker.run_due()


def _plaid_is_down(consumer: Consumer) -> None:
    consumer.emulator.control(
        "POST", "/faults", {"provider": "plaid", "operation": "/session/token/create", "fault": "500"}
    )
    consumer.open_bank()
    consumer.emulator.control("DELETE", "/faults")


def _other_way(consumer: Consumer) -> None:
    consumer.post(consumer.url("bank"), way="link")


@pytest.mark.parametrize("no", [_refused, _closed, _forged, _plaid_is_down, _other_way])
def test_a_code_takes_over_and_the_bank_follows(
    no: Callable[[Consumer], None], consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    no(consumer)
    consumer.get(consumer.url())
    assert (consumer.heading, place(tenant, onboarding_id)) == (ASK, "in_progress code/ask")
    assert texts(emulator, "Spinwheel") == 0
    consumer.post(consumer.url("phone"), **consumer.filled_form(consumer.url("phone")))
    assert (consumer.heading, texts(emulator, "Spinwheel")) == ("Enter the code we texted you", 1)
    consumer.confirm()
    assert place(tenant, onboarding_id) == "in_progress bank/intro"
    assert consumer.open_bank()
    assert place(tenant, onboarding_id) == "in_progress bank/link"
    completed = [event.data["completed_step"] for event in rows(tenant, Event, type="onboarding.step_completed")]
    assert completed == ["phone", "code"]


def test_after_a_no_the_number_can_be_changed(consumer: Consumer, tenant: MadeTenant, emulator: Emulator) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start("(415) 555-0012")
    _closed(consumer)
    consumer.get(consumer.url("phone"))
    assert consumer.heading == "Start with your phone number"
    consumer.start()
    assert place(tenant, onboarding_id) == "in_progress code/enter"
    (text,) = [one for one in emulator.app.extensions["emulators"].store.texts() if one.sender == "Spinwheel"]
    assert text.phone_number == "+14155550011"


def test_by_hand_goes_on_without_any_proof(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    _closed(consumer)
    consumer.get(consumer.url())
    consumer.post(consumer.url("by-hand"))
    assert place(tenant, onboarding_id) == "in_progress review/manual"
    consumer.by_hand(phone_number="(415) 555-0011")
    consumer.share()
    assert place(tenant, onboarding_id) == "completed done/done"
    phone = result_of(tenant, onboarding_id)["verifications"][0]
    assert (phone["method"], phone["verifier"], phone["status"]) == (None, None, "not_verified")


def test_too_young_ends_it_before_any_window(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start(birth=("1", "18", "2015"))
    assert place(tenant, onboarding_id) == "failed phone/form"


# ---------- What is proof, and whose ----------
def test_another_number_than_the_onboardings_is_no_proof_and_nothing_of_it_is_used(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    _, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    public_token = consumer.share_at_bank(consumer.open_bank(), OTHER_PHONE)
    consumer.post_json(consumer.url("bank", "finished"), {"public_token": public_token})
    consumer.work()
    consumer.work()
    assert consumer.heading == ASK
    assert OTHER_LAST_NAME not in consumer.page
    row = rows(tenant, Onboarding)[0]
    assert (row.phone_verified_at, rows(tenant, ObservationRow), rows(tenant, PlaidAccount)) == (None, [], [])
    assert rows(tenant, PhoneVerificationSession) == []
    assert rows(tenant, Event, type="onboarding.phone_verified") == []
    assert all(item.removed_at is not None for item in rows(tenant, PlaidItem))
    assert calls_to(emulator, "/item/remove") == len(rows(tenant, PlaidItem)) > 0
    assert calls_to(emulator, "/connect/preverified/phoneNumber") == 0
    assert not any(binding.phone_proven for binding in rows(tenant, Binding))


@pytest.mark.parametrize("order", ["before", "after", "never"])
def test_plaids_word_may_come_before_the_session_after_it_or_never(
    order: str, consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    link_token = consumer.open_bank()
    public_token = consumer.share_at_bank(link_token)
    if order == "before":
        _tell(consumer, tenant, layer_passed(link_token))
        assert rows(tenant, Onboarding)[0].phone_verified_at is None
    consumer.post_json(consumer.url("bank", "finished"), {"public_token": public_token})
    consumer.work()
    if order == "after":
        _tell(consumer, tenant, layer_passed(link_token))
    consumer.get(consumer.url())
    assert consumer.heading == CREDIT
    assert event_types(tenant, onboarding_id).count("onboarding.phone_verified") == 1
    assert ("bank.layer_passed" in event_types(tenant, onboarding_id)) == (order != "never")
    assert texts(emulator, "Spinwheel") == 0


def _tell(consumer: Consumer, tenant: MadeTenant, body: bytes) -> None:
    header = signature(consumer.emulator, body)
    assert post(consumer.client, hook(tenant), body, header).status_code == 200
    consumer.worker.run_due()


def test_the_webhook_alone_names_no_number_and_proves_none(consumer: Consumer, tenant: MadeTenant) -> None:
    """Whoever typed another's number could have given Layer their own."""
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    link_token = consumer.open_bank()
    Link(consumer.emulator, link_token).through_code(OTHER_PHONE)
    _tell(consumer, tenant, layer_passed(link_token))
    consumer.post_json(consumer.url("bank", "exit"), {"status": None})
    consumer.work()
    assert (consumer.heading, rows(tenant, Onboarding)[0].phone_verified_at) == (ASK, None)
    assert "onboarding.phone_verified" not in event_types(tenant, onboarding_id)


def test_a_forged_or_foreign_webhook_is_not_even_noted(
    consumer: Consumer, tenant: MadeTenant, other_tenant: MadeTenant
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    body = layer_passed(consumer.open_bank())
    for header in (None, "a.b.c", signature(consumer.emulator, body, wrong_hash=True)):
        assert post(consumer.client, hook(tenant), body, header).status_code == 401
    foreign = layer_passed("link-sandbox-of-somebody-else")
    for address, sent in ((hook(other_tenant), body), (hook(tenant), foreign)):
        assert post(consumer.client, address, sent, signature(consumer.emulator, sent)).status_code == 200
    consumer.worker.run_due()
    assert "bank.layer_passed" not in event_types(tenant, onboarding_id)
    assert rows(tenant, Onboarding)[0].phone_verified_at is None


def test_only_the_browser_that_ran_the_session_has_proven_the_phone(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    # Somebody else holds a binding to the same onboarding, unproven.
    with tenant.services.database.session(tenant.scope) as session:
        secret, _ = bind(session, tenant.scope, onboarding_id, place="page")  # type: ignore[arg-type]
    other = browser()
    other.headers, other.onboarding = {"Authorization": f"Bearer {secret}"}, consumer.onboarding
    consumer.finish_bank()
    consumer.answer_credit_file("no")
    assert consumer.heading == "Check your details"
    other.get(other.url())
    assert (other.heading, "Ortiz" in other.page) == ("Enter the code we texted you", False)
    assert [row.phone_proven for row in rows(tenant, Binding)] == [True, False]


def test_a_window_proves_it_for_the_frame_that_opened_it(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    _, token = tenant.onboard(embed_origin=EMBED_ORIGIN, return_url=None)
    consumer.headers = {"Sec-Fetch-Dest": "iframe"}
    consumer.open(token)
    consumer.start()
    window = browser()
    window.post(consumer.url("window"), **consumer.filled_form(consumer.url("window")))
    link = re.search(r'data-token="([^"]+)"', window.page)
    assert link is not None
    public_token = window.share_at_bank(link[1])
    window.post_json(window.url("bank", "finished"), {"public_token": public_token})
    consumer.work()
    assert consumer.heading == CREDIT
    assert {row.place: row.phone_proven for row in rows(tenant, Binding)} == {"frame": True, "window": True}


def test_a_fresh_link_before_the_proof_begins_again_and_the_old_session_proves_nothing(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    public_token = consumer.share_at_bank(link_token := consumer.open_bank())
    with tenant.services.database.session(tenant.scope) as session:
        fresh, _ = add_launch_link(session, session.get_one(Onboarding, onboarding_id))
    other = browser()
    other.open(fresh)
    other.start("(415) 555-0015")
    _tell(consumer, tenant, layer_passed(link_token))
    finished = {"webhook_type": "LINK", "webhook_code": "SESSION_FINISHED", "status": "SUCCESS"}
    _tell(
        consumer, tenant, json.dumps({**finished, "link_token": link_token, "public_tokens": [public_token]}).encode()
    )
    consumer.worker.run_due()
    row = rows(tenant, Onboarding)[0]
    assert (row.phone_verified_at, f"{row.step}/{row.stage}") == (None, "bank/intro")
    assert rows(tenant, ObservationRow) == []


def test_a_browser_that_lost_its_secret_proves_the_phone_by_a_code(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    _, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    consumer.finish_bank()
    other = browser()
    other.onboarding = consumer.onboarding
    other.post(other.url("resume"), country="US", phone_number=PHONE)
    other.confirm()
    assert other.heading == CREDIT

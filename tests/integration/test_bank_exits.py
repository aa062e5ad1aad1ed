"""Leaving Plaid's window at any pane: what happened is said, and there is a way on."""

import datetime as dt

import pytest

from app.models import Event, Onboarding, utcnow
from tests.contract.plaid_drive import Link
from tests.support.journeys import Consumer
from tests.support.rows import onboarding_row, place, rows
from tests.support.tenants import MadeTenant

EXITS = [
    ({"status": "requires_credentials"}, "You closed the bank’s window"),
    ({"status": "institution_not_found"}, "Your bank isn’t in the list"),
    ({"status": "institution_not_supported"}, "This bank can’t be connected"),
    ({"status": "requires_oauth"}, "The sign-in at your bank wasn’t finished"),
    ({"error_code": "INVALID_CREDENTIALS", "error_type": "ITEM_ERROR"}, "Your bank didn’t accept the sign-in"),
    ({"error_code": "INVALID_MFA", "error_type": "ITEM_ERROR"}, "Your bank didn’t accept the sign-in"),
    ({"error_code": "ITEM_LOCKED", "error_type": "ITEM_ERROR"}, "Your bank wants to talk to you first"),
    ({"error_code": "ACCESS_NOT_GRANTED", "error_type": "ITEM_ERROR"}, "Your bank kept the details back"),
    ({"error_code": "INSTITUTION_DOWN", "error_type": "INSTITUTION_ERROR"}, "Your bank isn’t answering right now"),
    ({"error_code": "NO_ACCOUNTS", "error_type": "ITEM_ERROR"}, "We found no account there"),
    ({"error_code": "PROFILE_AUTHENTICATION_FAILED", "error_type": "INVALID_INPUT"}, "The code didn’t match"),
    ({"error_code": "SOMETHING_NEW", "error_type": "API_ERROR"}, "The bank’s window had a problem"),
]


def has(consumer: Consumer, *labels: str) -> bool:
    return all(any(move.startswith(label) for move in consumer.moves) for label in labels)


@pytest.mark.parametrize(("told", "title"), EXITS)
def test_every_exit_says_what_happened_and_leads_on(
    consumer: Consumer, tenant: MadeTenant, told: dict[str, str], title: str
) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    link_token = consumer.refuse_layer(consumer.open_bank())
    consumer.get(consumer.tell("exit", link_token=link_token, **told)["location"])
    assert title in consumer.text
    assert has(consumer, "Continue to your bank", "Fill in the form yourself", "Finish later")
    assert not has(consumer, "Choose my bank from a list"), "that is what was left"
    assert consumer.open_bank() != link_token


def test_who_leaves_layer_may_choose_the_bank_from_a_list(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    consumer.get(consumer.tell("exit", link_token=consumer.open_bank())["location"])
    assert has(consumer, "Continue to your bank", "Choose my bank from a list", "Fill in the form yourself")
    consumer.post(consumer.url("bank"), way="link")
    assert onboarding_row(tenant, onboarding_id).rung == "link"
    assert 'data-mode="link"' in consumer.page


def test_layer_that_says_no_only_as_it_closes_leads_to_ordinary_link(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    told = consumer.tell("exit", link_token=consumer.open_bank(), error_code="LAYER_AUTOFILL_NOT_AVAILABLE")
    assert told["mode"] == "link"
    assert onboarding_row(tenant, onboarding_id).rung == "link"


@pytest.mark.parametrize(
    "code",
    ["INVALID_LINK_TOKEN", "INCORRECT_LINK_TOKEN", "OAUTH_STATE_ID_NOT_FOUND", "OAUTH_STATE_ID_ALREADY_PROCESSED"],
)
def test_a_spent_token_is_renewed_once_and_then_said(consumer: Consumer, tenant: MadeTenant, code: str) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    first = consumer.refuse_layer(consumer.open_bank())
    second = consumer.tell("exit", link_token=first, error_code=code)
    assert second["mode"] == "link"
    assert second["token"] != first
    assert place(tenant, onboarding_id) == "in_progress bank/link"
    consumer.get(consumer.tell("exit", link_token=second["token"], error_code=code)["location"])
    assert has(consumer, "Continue to your bank", "Fill in the form yourself", "Finish later")
    assert "Nothing was shared" in consumer.text
    assert consumer.open_bank()


def test_a_window_that_was_replaced_has_no_say(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    first = consumer.open_bank()
    consumer.open_bank()
    consumer.tell("exit", link_token=first)
    consumer.tell("not-available", link_token=first, by="phone")
    assert place(tenant, onboarding_id) == "in_progress bank/link"
    assert onboarding_row(tenant, onboarding_id).rung == "layer_phone"


def test_a_token_near_its_end_is_not_shown_and_the_page_gets_another(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    first = consumer.open_bank()
    with tenant.services.database.session(tenant.scope) as session:
        session.get_one(Onboarding, onboarding_id).link_expires_at = utcnow() + dt.timedelta(seconds=30)
    before = len(rows(tenant, Event))
    consumer.get(consumer.url("bank"))
    assert first not in consumer.page
    assert "data-token" not in consumer.page
    assert len(rows(tenant, Event)) == before, "looking at a page writes nothing"
    told = consumer.tell("renew")
    assert (told["mode"], told["token"] != first) == ("layer", True)
    consumer.get(consumer.url("bank"))
    assert told["token"] in consumer.page


def test_a_renewal_where_no_window_is_open_goes_where_the_onboarding_stands(
    consumer: Consumer, tenant: MadeTenant
) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    assert consumer.tell("renew") == {"location": consumer.url()}


def test_the_timeline_tells_rung_and_reason(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    link_token = consumer.refuse_layer(consumer.open_bank())
    link = Link(consumer.emulator, link_token).act("open").act("continue").act("skip")
    link.act("institution", institution_id="ins_109508")
    link.act("credentials", username="user_good", password="wrong")
    link.act("exit", force=True)
    assert link.result is not None
    error, metadata = link.result["exit"]
    told = {"error_code": (error or {}).get("error_code"), "error_type": (error or {}).get("error_type")}
    consumer.tell("exit", link_token=link_token, status=metadata["status"], **told)
    closed = next(event for event in rows(tenant, Event) if event.type == "bank.closed")
    assert (closed.data["rung"], closed.data["exit_status"]) == ("link", "requires_credentials")
    assert closed.data["why"] in ("login_refused", "closed")

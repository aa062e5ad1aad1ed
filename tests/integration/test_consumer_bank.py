"""The bank step when Plaid does not do its part: a sentence, a way on, and nothing asked twice."""

from typing import Any

import pytest

from app.domain import bank_fetch
from app.domain.services import Services
from app.models import Event, ObservationRow, PlaidAccount, PlaidItem
from app.providers.base import breakers
from tests.support.emulator import Emulator
from tests.support.journeys import PHONE_E164, Consumer
from tests.support.rows import calls_to, event_types, onboarding_row, place, rows, work_to_the_end
from tests.support.tenants import MadeTenant, make_tenant

SESSION, READ = "/session/token/create", "/user_account/session/get"
FETCHES = (READ, "/accounts/get", "/identity/get", "/auth/get", "/liabilities/get")


def fault(emulator: Emulator, operation: str, kind: str, times: int | None = None) -> None:
    body = {"provider": "plaid", "operation": operation, "fault": kind, "times": times}
    emulator.control("POST", "/faults", body)


def forget_outage() -> None:
    """As if the time had gone by that a circuit breaker waits."""
    breakers._all.clear()


def ways(consumer: Consumer, *labels: str) -> bool:
    """Whether the page offers each of these."""
    return all(any(move.startswith(label) for move in consumer.moves) for label in labels)


@pytest.mark.parametrize("kind", ["500", "503_html", "429", "drop"])
def test_plaid_down_before_its_window_opens(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator, kind: str
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    fault(emulator, SESSION, kind)
    consumer.post(consumer.url("bank"))
    assert consumer.heading == "Your bank isn’t answering right now"
    assert "It isn’t you, and nothing is lost." in consumer.text
    assert ways(consumer, "Try again", "Fill in the form yourself", "Finish later")
    assert place(tenant, onboarding_id) == "in_progress bank/failed"
    emulator.control("DELETE", "/faults")
    forget_outage()
    consumer.open_bank()
    assert place(tenant, onboarding_id) == "in_progress bank/link"


@pytest.mark.parametrize("operation", FETCHES)
def test_plaid_down_while_it_is_asked_is_tried_again_then_said(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator, operation: str
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    consumer.tell_bank_finished()
    fault(emulator, operation, "500")
    work_to_the_end(tenant, consumer.worker, "bank.fetch")
    consumer.get(consumer.url())
    assert consumer.heading == "Your bank isn’t answering right now"
    assert ways(consumer, "Try again", "Fill in the form yourself", "Finish later")
    emulator.control("DELETE", "/faults")
    forget_outage()
    reads = calls_to(emulator, READ)
    consumer.post(consumer.url("bank", "retry"))
    assert consumer.heading == "We’re filling in your form"
    consumer.work()
    assert consumer.heading == "May we look at your credit file?"
    assert place(tenant, onboarding_id) == "in_progress bank/credit_file"
    assert calls_to(emulator, READ) == (reads + 1 if operation == READ else reads), "a session is read once"
    assert len(rows(tenant, PlaidItem)) == 1
    assert len(rows(tenant, PlaidAccount)) == 1


@pytest.mark.parametrize("kind", ["429", "503_html", "drop", "slow"])
def test_a_fault_that_passes_is_never_seen(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator, kind: str
) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    consumer.tell_bank_finished()
    body = {"provider": "plaid", "operation": "/identity/get", "fault": kind, "times": 1, "seconds": 0.1}
    emulator.control("POST", "/faults", body)
    work_to_the_end(tenant, consumer.worker, "bank.fetch")
    consumer.get(consumer.url())
    assert consumer.heading == "May we look at your credit file?"


@pytest.mark.usefixtures("impatient")
def test_a_plaid_that_hangs_is_waited_for_only_so_long(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    fault(emulator, SESSION, "hang", times=1)
    consumer.post(consumer.url("bank"))
    assert consumer.heading == "Your bank isn’t answering right now"
    emulator.control("DELETE", "/faults")
    consumer.tell_bank_finished()
    fault(emulator, "/accounts/get", "hang")
    work_to_the_end(tenant, consumer.worker, "bank.fetch")
    consumer.get(consumer.url())
    assert consumer.heading == "Your bank isn’t answering right now"
    emulator.control("DELETE", "/faults")


def test_after_a_failure_the_form_by_hand_goes_to_the_end(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    fault(emulator, SESSION, "500")
    consumer.post(consumer.url("bank"))
    consumer.post(consumer.url("by-hand"))
    consumer.by_hand()
    consumer.share()
    assert place(tenant, onboarding_id) == "completed done/done"


def test_plaid_down_when_the_bank_is_opened_from_the_form_keeps_the_answers(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    consumer.post(consumer.url("by-hand"))
    consumer.post(consumer.url("manual", "save"), email="kept@example.com")
    fault(emulator, SESSION, "500")
    consumer.post(consumer.url("bank"))
    assert consumer.heading == "Your bank isn’t answering right now"
    consumer.post(consumer.url("by-hand"))
    assert "kept@example.com" in consumer.page


def test_closing_the_bank_s_window_leads_back_with_a_word(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    consumer.open_bank()
    answer = consumer.post_json(consumer.url("bank", "exit"), {"status": "requires_code", "error_code": "<script>"})
    consumer.get(answer.get_json()["location"])
    assert consumer.heading == "Connect your bank and skip the typing"
    event = next(event for event in rows(tenant, Event) if event.type == "bank.closed")
    assert (event.data["exit_status"], event.data["error_code"]) == ("requires_code", None)
    consumer.open_bank()
    assert place(tenant, onboarding_id) == "in_progress bank/link"


@pytest.mark.parametrize(
    ("events", "kept"),
    [
        (
            [{"name": "OPEN", "view_name": "CONSENT", "phone": "+14155550011"}],
            [{"name": "OPEN", "view_name": "CONSENT"}],
        ),
        ([{"name": "Maria Ortiz"}, {"name": "maria@mail.example"}, {"name": "415 555"}], None),
        ([{"view_name": "OPEN"}, "OPEN", None, 3], None),
        ({"name": "OPEN"}, None),
        ("OPEN", None),
        (None, None),
        ([{"name": "X" * 60}], None),
        ([{"name": ["OPEN"]}], None),
    ],
)
def test_of_what_the_window_tells_only_known_shapes_are_kept(
    consumer: Consumer, tenant: MadeTenant, events: Any, kept: Any
) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    consumer.open_bank()
    assert consumer.post_json(consumer.url("bank", "events"), {"events": events}).status_code == 204
    seen = [event.data["events"] for event in rows(tenant, Event) if event.type == "bank.events_seen"]
    assert seen == ([kept] if kept else [])


@pytest.mark.parametrize("body", [{}, {"public_token": ""}, {"public_token": 7}, {"public_token": "x" * 201}, []])
def test_a_finish_without_a_token_changes_nothing(consumer: Consumer, tenant: MadeTenant, body: Any) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    consumer.open_bank()
    assert consumer.post_json(consumer.url("bank", "finished"), body).get_json() == {"location": consumer.url()}
    assert place(tenant, onboarding_id) == "in_progress bank/link"


def test_a_public_token_told_twice_is_taken_once(consumer: Consumer, tenant: MadeTenant, emulator: Emulator) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    public_token = consumer.tell_bank_finished()
    consumer.post_json(consumer.url("bank", "finished"), {"public_token": public_token})
    consumer.work()
    consumer.post_json(consumer.url("bank", "finished"), {"public_token": public_token})
    consumer.work()
    assert event_types(tenant, onboarding_id).count("onboarding.bank_linked") == 1
    assert calls_to(emulator, READ) == 1
    assert len(rows(tenant, PlaidItem)) == 1


def test_a_made_up_public_token_leads_to_connecting_once_more(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    consumer.open_bank()
    consumer.post_json(consumer.url("bank", "finished"), {"public_token": "profile-sandbox-made-up"})
    consumer.work()
    assert consumer.heading == "The connection to your bank has ended"
    assert ways(consumer, "Try again", "Fill in the form yourself")
    assert consumer.url("bank") in consumer.actions, "trying the same token again would be no use"
    consumer.finish_bank()
    assert place(tenant, onboarding_id) == "in_progress bank/credit_file"


@pytest.mark.parametrize("step", ["_keep_session", "_read_item", "_keep_item", "_decide"])
def test_a_worker_that_dies_between_two_steps_is_taken_up_where_it_stopped(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    consumer.tell_bank_finished()
    whole = getattr(bank_fetch, step)

    def die(*_: Any, **__: Any) -> None:
        if step == "_keep_session":
            whole(*_, **__)
        raise OSError("the machine is gone")

    monkeypatch.setattr(bank_fetch, step, die)
    consumer.worker.run_due()
    monkeypatch.setattr(bank_fetch, step, whole)
    consumer.get(consumer.url())
    assert consumer.heading == "We’re filling in your form"
    work_to_the_end(tenant, consumer.worker, "bank.fetch")
    consumer.get(consumer.url())
    assert consumer.heading == "May we look at your credit file?"
    assert calls_to(emulator, READ) == 1
    assert len(rows(tenant, PlaidAccount)) == 1
    said = [(row.field, row.source) for row in rows(tenant, ObservationRow)]
    assert len(said) == len(set(said)), "nothing is kept twice"


def test_canceling_while_the_worker_fetches_leaves_no_bank_connected(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    consumer.tell_bank_finished()
    consumer.post(consumer.url("cancel"))
    work_to_the_end(tenant, consumer.worker, "bank.fetch")
    consumer.worker.run_due()
    item = rows(tenant, PlaidItem)[0]
    assert item.removed_at is not None
    assert calls_to(emulator, "/item/remove") == 1
    assert rows(tenant, PlaidAccount) == []
    assert {row.source for row in rows(tenant, ObservationRow)} <= {"spinwheel_profile"}
    assert place(tenant, onboarding_id).startswith("canceled")


def test_a_disconnect_that_fails_is_tried_again(consumer: Consumer, tenant: MadeTenant, emulator: Emulator) -> None:
    _, token = tenant.onboard()
    consumer.to_review(token)
    fault(emulator, "/item/remove", "500", times=3)
    consumer.share()
    consumer.worker.run_due()
    assert rows(tenant, PlaidItem)[0].removed_at is None
    work_to_the_end(tenant, consumer.worker, "bank.remove")
    assert rows(tenant, PlaidItem)[0].removed_at is not None


def test_a_tenant_without_plaid_still_has_the_form(services: Services, consumer: Consumer) -> None:
    bare = make_tenant(services, "bare", mode="live")
    onboarding_id, token = bare.onboard()
    consumer.open(token)
    consumer.start()
    assert "Texting isn’t possible right now. You can go on without a code." in consumer.text
    assert ways(consumer, "Fill in the form yourself")
    consumer.post(consumer.url("by-hand"))
    consumer.by_hand()
    consumer.share()
    assert place(bare, onboarding_id) == "completed done/done"


def test_without_entry_by_hand_a_dead_end_still_has_a_button(
    services: Services, consumer: Consumer, emulator: Emulator
) -> None:
    strict = make_tenant(services, "strict", by_hand=False)
    onboarding_id, token = strict.onboard()
    consumer.open(token)
    assert not ways(consumer, "Fill in the form yourself")
    consumer.post(f"{consumer.link}/by-hand")
    assert place(strict, onboarding_id) == "created phone/form"
    consumer.start()
    consumer.confirm()
    consumer.post(consumer.url("by-hand"))
    assert consumer.heading == "Connect your bank and skip the typing"
    fault(emulator, SESSION, "500", times=3)
    consumer.post(consumer.url("bank"))
    assert ways(consumer, "Try again", "Finish later")
    assert not ways(consumer, "Fill in the form yourself")
    forget_outage()
    consumer.open_bank()
    consumer.post_json(consumer.url("bank", "not-available"), {})
    consumer.get(consumer.url())
    assert ways(consumer, "Try again", "Finish later")


def test_the_bank_s_page_is_told_the_proven_phone_and_nothing_else(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    consumer.open_bank()
    assert PHONE_E164 in consumer.page
    assert "1975" not in consumer.page
    assert "Maria" not in consumer.page
    assert onboarding_row(tenant, onboarding_id).rung == "layer_phone"

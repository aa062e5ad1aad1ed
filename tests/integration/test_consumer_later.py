"""Finish later: a link by text or mail, sent by the worker, that asks for the phone before it shows anything."""

from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from sqlalchemy import select

from app.domain.messages import TRIES
from app.models import Job, LaunchLink, Onboarding
from app.providers.errors import Kind, ProviderError, Reason
from app.providers.twilio_messages import TwilioMessagesClient
from tests.support.emulator import Emulator
from tests.support.inbox import link_in, mails_to, texts_to
from tests.support.journeys import PHONE, PHONE_E164, Consumer
from tests.support.rows import event_types, expire, let_pass, onboarding_row, place, rows, work_to_the_end
from tests.support.tenants import MadeTenant

MAIL = "maria@example.com"
PERSONAL = ("Maria", "Ortiz", "0011", "Larkspur", PHONE, PHONE_E164)


def ask_for_text(consumer: Consumer) -> None:
    """Press the button, and let the worker do it."""
    consumer.post(consumer.url("later", "text"))
    consumer.worker.run_due()


def ask_for_mail(consumer: Consumer, email: str = MAIL) -> None:
    consumer.post(consumer.url("later", "email"), email=email)
    consumer.worker.run_due()


def jobs(tenant: MadeTenant, kind: str) -> list[Job]:
    with tenant.services.database.session(read_only=True) as session:
        return list(session.scalars(select(Job).where(Job.kind == kind)))


def other_texts(emulator: Emulator) -> list[str]:
    """Texts that carry a link."""
    return [body for body in texts_to(emulator, PHONE_E164) if "/o/" in body]


@pytest.mark.parametrize("channel", ["text", "email"])
def test_a_sent_link_leads_back_to_the_same_place_once_the_phone_is_proven_again(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant, emulator: Emulator, channel: str
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.to_review(token)
    consumer.get(consumer.url("later"))
    assert consumer.heading.startswith("Come back any time until")
    (ask_for_text if channel == "text" else ask_for_mail)(consumer)
    assert ("We’re texting you a link" if channel == "text" else "We’re mailing you a link") in consumer.text
    said = other_texts(emulator)[0] if channel == "text" else mails_to(emulator, MAIL)[0]["text"]
    assert [word for word in PERSONAL if word in said] == []
    assert "Acme" in said
    other = browser()
    other.open(link_in(said))
    assert other.heading == "Pick up where you left off"
    assert [word for word in PERSONAL if word in other.text] == []
    let_pass(tenant, 301)
    other.post(other.link, country="US", phone_number=PHONE)
    assert other.heading == "Enter the code we texted you"
    assert "Maria" not in other.page
    other.confirm()
    assert other.heading == "Check your details"
    assert "Maria Elena" in other.page
    assert place(tenant, onboarding_id) == "in_progress review/check"
    third = browser()
    third.open(link_in(said))
    assert third.status == 410, "it works once"


def test_a_link_lives_until_the_onboarding_ends(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    ask_for_mail(consumer)
    (link,) = rows(tenant, LaunchLink, purpose="later")
    assert link.expires_at == onboarding_row(tenant, onboarding_id).expires_at
    assert link.used_at is None


def test_a_mail_is_in_the_consumer_s_language_and_the_tenant_s_dress(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    _, token = tenant.onboard(locale="es")
    consumer.prove(token)
    ask_for_mail(consumer)
    (mail,) = mails_to(emulator, MAIL)
    assert mail["sender"] == "Acme Credit Union <no-reply@prefill.example>"
    assert mail["subject"] == "Su formulario en Acme Credit Union"
    assert "enlace" in mail["text"]
    assert link_in(mail["text"]) == link_in(mail["html"])


def test_neither_job_nor_event_holds_address_number_or_token(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    ask_for_mail(consumer)
    ask_for_text(consumer)
    assert {frozenset(job.payload) for job in jobs(tenant, "message.send")} == {frozenset({"onboarding_id", "channel"})}
    token = link_in(mails_to(emulator, MAIL)[0]["text"])
    written = repr([(job.payload, job.last_error) for job in jobs(tenant, "message.send")])
    assert token not in written
    assert event_types(tenant, onboarding_id)[-4:] == ["message.asked", "message.sent"] * 2
    sealed: Any = onboarding_row(tenant, onboarding_id).contact_email_sealed
    assert sealed is not None
    assert MAIL.encode() not in sealed


def test_a_reload_after_sending_sends_nothing(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    answer = consumer.client.post(consumer.url("later", "text"), data={"csrf_token": consumer.token})
    assert (answer.status_code, answer.headers["Location"]) == (303, consumer.url("later?sent=text"))
    consumer.get(consumer.url("later?sent=text"))
    consumer.get(consumer.url("later?sent=text"))
    assert len(jobs(tenant, "message.send")) == 1


@pytest.mark.parametrize(
    "typed",
    ["", "maria", "maria@", "a b@example.com", "maria@example.com\r\nBcc: all@example.com", "m" * 120 + "@x.yz"],
)
def test_a_wrong_address_is_said_beside_the_box_and_sends_nothing(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator, typed: str
) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    ask_for_mail(consumer, typed)
    assert consumer.status == 422
    assert 'id="email-error"' in consumer.page
    assert jobs(tenant, "message.send") == []


def test_three_an_hour_and_then_no_more(consumer: Consumer, tenant: MadeTenant, emulator: Emulator) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    for number in range(3):
        ask_for_mail(consumer, f"maria{number}@example.com")
        assert consumer.status == 200
    ask_for_text(consumer)
    assert consumer.status == 422
    assert "We sent a few already" in consumer.text
    assert "Go on now" in consumer.moves
    assert other_texts(emulator) == []


def test_one_address_is_not_flooded_from_many_onboardings(
    browser: Callable[[], Consumer], tenant: MadeTenant, emulator: Emulator
) -> None:
    for number in range(5):
        each = browser()
        each.open(tenant.onboard(f"member-{number}")[1])
        each.post(f"{each.link}/by-hand")
        for _ in range(2):
            ask_for_mail(each, "Victim@example.com" if number % 2 else "victim@example.com")
    assert len(mails_to(emulator, "victim@example.com") + mails_to(emulator, "Victim@example.com")) == 8


def test_a_browser_that_is_not_proven_again_can_send_nothing_and_sees_no_mask(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    _, token = tenant.onboard()
    consumer.to_review(token)
    let_pass(tenant, 301)
    other = browser()
    other.post(f"/onboarding/{consumer.onboarding}/resume", country="US", phone_number=PHONE)
    other.get(other.url("later"))
    assert other.heading.startswith("Come back any time")
    assert "0011" not in other.text
    assert "Text me a link" not in other.moves
    ask_for_text(other)
    ask_for_mail(other, "mallory@example.com")
    other.post(other.url("device"))
    assert "<svg role" not in other.page
    assert jobs(tenant, "message.send") == []


def test_without_a_proven_phone_there_is_no_text_and_a_link_begins_anew(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant, emulator: Emulator
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.post(f"{consumer.link}/by-hand")
    consumer.by_hand()
    consumer.get(consumer.url("later"))
    assert "you begin anew" in consumer.text
    assert "Text me a link" not in consumer.moves
    ask_for_text(consumer)
    assert jobs(tenant, "message.send") == []
    ask_for_mail(consumer)
    other = browser()
    other.open(link_in(mails_to(emulator, MAIL)[0]["text"]))
    assert other.heading == "Start with your phone number"
    assert "theo@example.com" not in other.page
    assert place(tenant, onboarding_id) == "in_progress review/check", "opening it changed nothing"


def test_a_message_is_tried_a_few_times_and_then_let_go(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    fault: dict[str, object] = {"provider": "twilio", "fault": "500", "operation": "*"}
    emulator.control("POST", "/faults", fault)
    ask_for_text(consumer)
    work_to_the_end(tenant, consumer.worker, "message.send")
    (job,) = jobs(tenant, "message.send")
    assert (job.state, job.attempts) == ("done", TRIES)
    assert event_types(tenant, onboarding_id)[-1] == "message.failed"
    assert place(tenant, onboarding_id) == "in_progress bank/intro"


def test_nothing_is_sent_for_what_has_ended_meanwhile(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    consumer.post(consumer.url("later", "email"), email=MAIL)
    expire(tenant, onboarding_id)
    consumer.worker.run_due()
    assert mails_to(emulator, MAIL) == []
    assert rows(tenant, LaunchLink, purpose="later") == []
    assert rows(tenant, Onboarding)[0].status in ("in_progress", "expired")


def test_a_text_that_may_have_left_is_not_sent_again(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.to_review(token)
    lost = ProviderError(
        Kind.NETWORK, Reason.PROVIDER_SLOW, retryable=True, provider="twilio", operation="send_text", code="timeout"
    )
    with mock.patch.object(TwilioMessagesClient, "send", side_effect=lost) as sent:
        ask_for_text(consumer)
        work_to_the_end(tenant, consumer.worker, "message.send")
    assert sent.call_count == 1
    assert event_types(tenant, onboarding_id)[-1] == "message.failed"

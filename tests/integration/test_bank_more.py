"""Several banks, the same bank again, a bank that asks to sign in again, and what nobody waits for any more."""

import json

import pytest

from app.domain import bank_fetch
from app.domain.onboardings import end_onboarding
from app.domain.provider_hooks import store_event
from app.models import Event, Onboarding, PlaidAccount, PlaidItem
from app.models.vault import vault
from tests.contract.plaid_drive import Link, post
from tests.support.emulator import Emulator
from tests.support.journeys import PHONE_E164, Consumer
from tests.support.rows import calls_to, let_jobs_run, onboarding_row, place, result_of, rows, work_to_the_end
from tests.support.tenants import MadeTenant

SECOND_BANK = "ins_109509"
REMOVE = "/item/remove"


def connect_another(consumer: Consumer, institution_id: str = SECOND_BANK, *accounts: str) -> None:
    """From the review to the review, with one bank more."""
    consumer.get(consumer.url("connect"))
    assert consumer.heading == "Connect another bank"
    link_token = consumer.open_bank()
    public_token = consumer.sign_in_at_bank(link_token, institution_id, "pass_good", *accounts)
    consumer.tell("finished", public_token=public_token, link_token=link_token)
    consumer.work()


def masks(tenant: MadeTenant) -> list[str]:
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        return [vault(session).open(row, "details")["mask"] for row in session.query(PlaidAccount)]


def item_token(tenant: MadeTenant) -> str:
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        token: str = vault(session).open(session.query(PlaidItem).one(), "access_token")
    return token


def webhook(tenant: MadeTenant, consumer: Consumer, kind: str, **body: object) -> None:
    """A webhook whose signature was verified."""
    whole = {"webhook_type": kind.split("/")[0], "webhook_code": kind.split("/")[1], **body}
    store_event(tenant.services, tenant.scope, "plaid", kind, json.dumps(whole).encode(), whole)
    consumer.worker.run_due()


def item_id(tenant: MadeTenant) -> str:
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        found: str = vault(session).open(session.query(PlaidItem).one(), "item_id")
    return found


def test_a_second_bank_is_added_from_the_review_and_what_was_chosen_there_stays(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.to_review(token)
    assert "Connect another bank" in consumer.moves
    before = masks(tenant)
    consumer.post(consumer.url("review", "save"), email="kept@example.com", share=[])
    connect_another(consumer)
    assert consumer.heading == "Check your details"
    assert "kept@example.com" in consumer.page
    assert len(masks(tenant)) == len(before) + 1
    assert onboarding_row(tenant, onboarding_id).progress["left_out"], "a second bank takes back no choice"
    assert [event.type for event in rows(tenant, Event)].count("credit_file.asked") == 1
    consumer.share()
    consumer.worker.run_due()
    assert all(item.removed_at for item in rows(tenant, PlaidItem))
    assert calls_to(emulator, REMOVE) == 2


def test_who_does_not_connect_a_second_bank_is_back_at_the_review(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.to_review(token)
    consumer.get(consumer.url("connect"))
    assert "Back to your form" in consumer.moves
    consumer.get(consumer.tell("exit", link_token=consumer.open_bank(), status="requires_credentials")["location"])
    assert consumer.heading == "Check your details"
    consumer.share()
    bank = next(one for one in result_of(tenant, onboarding_id)["verifications"] if one["kind"] == "bank")
    assert bank == {"kind": "bank", "method": "layer_phone", "status": "linked"}


def test_the_same_bank_connected_again_lists_nothing_twice(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    _, token = tenant.onboard()
    consumer.to_review(token)
    before = masks(tenant)
    debts = consumer.page.count("Blue Card")
    # The persona's own bank, by the phone that is passed on: the same accounts under new ids.
    connect_another(consumer, "ins_109508", "0", "1", "2")
    assert len(masks(tenant)) == 3
    assert set(before) <= set(masks(tenant))
    assert len(set(masks(tenant))) == 3
    assert consumer.page.count("Blue Card") <= max(debts, 2)
    assert calls_to(emulator, REMOVE) == 1, "the connection that was replaced is ended"
    assert [item.removed_at is None for item in rows(tenant, PlaidItem)] == [False, True]


def sign_in_again(link: Link) -> Link:
    return link.act("open").act("credentials", username="user_good", password="pass_good").act("finish")


def reset_login(emulator: Emulator, access_token: str) -> None:
    assert post(emulator, "/sandbox/item/reset_login", {"access_token": access_token}).ok


def test_a_bank_that_asks_to_sign_in_again_is_opened_in_update_mode(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    consumer.tell_bank_finished()
    _read_then_log_out(consumer, tenant, emulator, monkeypatch)
    assert consumer.heading == "Your bank asks you to sign in again"
    assert consumer.moves[0] == "Sign in again"
    link_token = consumer.open_bank()
    assert onboarding_row(tenant, onboarding_id).rung == "link_update"
    assert 'data-mode="link"' in consumer.page
    link = sign_in_again(Link(emulator, link_token))
    exchanges = calls_to(emulator, "/item/public_token/exchange")
    consumer.tell("finished", public_token=link.public_token, link_token=link_token)
    consumer.work()
    assert consumer.heading == "May we look at your credit file?"
    assert calls_to(emulator, "/item/public_token/exchange") == exchanges, "there is nothing to exchange"
    assert len(rows(tenant, PlaidItem)) == 1


def _read_then_log_out(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session is read, and before its accounts are, the bank ends the sign-in."""
    whole = bank_fetch._read_items

    def log_out_first(*given: object) -> None:
        monkeypatch.setattr(bank_fetch, "_read_items", whole)
        reset_login(emulator, item_token(tenant))
        whole(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(bank_fetch, "_read_items", log_out_first)
    work_to_the_end(tenant, consumer.worker, "bank.fetch")
    consumer.get(consumer.url())


def test_a_sign_in_mended_elsewhere_lets_the_waiting_go_on(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    consumer.tell_bank_finished()
    _read_then_log_out(consumer, tenant, emulator, monkeypatch)
    body = {"client_name": "Bank", "language": "en", "country_codes": ["US"], "user": {"client_user_id": "u"}}
    made = post(emulator, "/link/token/create", {**body, "access_token": item_token(tenant)}).json()
    sign_in_again(Link(emulator, made["link_token"]))
    webhook(tenant, consumer, "ITEM/LOGIN_REPAIRED", item_id=item_id(tenant))
    consumer.work()
    assert consumer.heading == "May we look at your credit file?"


def test_a_permission_taken_back_ends_the_connection(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.to_review(token)
    webhook(tenant, consumer, "ITEM/USER_PERMISSION_REVOKED", item_id=item_id(tenant))
    (item,) = rows(tenant, PlaidItem)
    assert (item.removed_at is not None, item.access_token_sealed) == (True, None)
    ended = [event for event in rows(tenant, Event) if event.type == "bank.disconnected"]
    assert [event.data["by"] for event in ended] == ["consumer"]
    consumer.share()
    assert place(tenant, onboarding_id) == "completed done/done"


def test_news_about_items_nobody_knows_changes_nothing(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.to_review(token)
    before = place(tenant, onboarding_id)
    for body in ({"item_id": "unknown"}, {"item_id": 7}, {}):
        webhook(tenant, consumer, "ITEM/USER_PERMISSION_REVOKED", **body)
    webhook(tenant, consumer, "ITEM/ERROR", item_id=item_id(tenant), error={"error_code": "ITEM_LOGIN_REQUIRED"})
    assert place(tenant, onboarding_id) == before
    assert "bank.needs_sign_in" in [event.type for event in rows(tenant, Event)]


@pytest.mark.parametrize("by", ["browser", "webhook"])
@pytest.mark.parametrize("rung", ["layer", "link"])
def test_a_bank_shared_after_the_form_by_hand_was_chosen_is_disconnected(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator, by: str, rung: str
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    link_token = consumer.open_bank()
    if rung == "link":
        link_token = consumer.refuse_layer(link_token)
        public_token = consumer.sign_in_at_bank(link_token)
    else:
        public_token = consumer.share_at_bank(link_token, PHONE_E164)
    consumer.post(consumer.url("by-hand"))
    if by == "browser":
        consumer.tell("finished", public_token=public_token, link_token=link_token)
    else:
        webhook(
            tenant,
            consumer,
            "LINK/SESSION_FINISHED",
            link_token=link_token,
            status="SUCCESS",
            public_tokens=[public_token],
        )
    let_jobs_run(tenant, consumer.worker, "bank.fetch")
    consumer.worker.run_due()
    assert place(tenant, onboarding_id) == "in_progress review/manual"
    assert [item.removed_at is not None for item in rows(tenant, PlaidItem)] == [True]
    assert calls_to(emulator, REMOVE) == 1
    assert rows(tenant, PlaidAccount) == []


def test_a_session_with_several_banks_is_taken_whole_from_the_webhook(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    link_token = consumer.refuse_layer(consumer.open_bank())
    one = consumer.sign_in_at_bank(link_token)
    other = post(
        consumer.emulator,
        "/sandbox/public_token/create",
        {"institution_id": SECOND_BANK, "initial_products": ["identity"]},
    ).json()["public_token"]
    webhook(
        tenant,
        consumer,
        "LINK/SESSION_FINISHED",
        link_token=link_token,
        status="SUCCESS",
        public_tokens=[one, other],
    )
    consumer.work()
    assert consumer.heading == "May we look at your credit file?"
    assert len(rows(tenant, PlaidItem)) == 2
    consumer.tell("finished", public_token=one, link_token=link_token)
    consumer.worker.run_due()
    assert [item.removed_at for item in rows(tenant, PlaidItem)] == [None, None], "told twice is taken once"


def test_what_was_shared_and_not_read_is_disconnected_when_the_onboarding_ends(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    consumer.tell_bank_finished()
    with tenant.services.database.session(tenant.scope) as session:
        end_onboarding(session, session.get_one(Onboarding, onboarding_id), "cancel", "by_tenant")
    work_to_the_end(tenant, consumer.worker, "bank.remove")
    assert [item.removed_at is not None for item in rows(tenant, PlaidItem)] == [True]
    assert calls_to(emulator, REMOVE) == 1

"""Down the ladder: Layer by phone, by date of birth, ordinary Link. Nothing is asked twice, no rung is a dead end."""

from typing import Any

import pytest

from app.domain.bank import refuse_layer
from app.domain.services import Services
from app.models import Consent, Event, Onboarding, PlaidAccount, PlaidItem
from app.providers.plaid import PlaidClient
from app.providers.plaid_records import LinkToken
from tests.contract.plaid_drive import Link
from tests.support.emulator import Emulator
from tests.support.journeys import PHONE_E164, Consumer
from tests.support.rows import calls_to, onboarding_row, place, result_of, rows, work_to_the_end
from tests.support.tenants import MadeTenant, make_tenant

BY_BIRTH = "+15155550017"
READ, EXCHANGE, CREATE = "/user_account/session/get", "/item/public_token/exchange", "/link/token/create"


def fault(emulator: Emulator, operation: str, kind: str, times: int | None = None) -> None:
    body: dict[str, Any] = {"provider": "plaid", "operation": operation, "fault": kind, "times": times}
    emulator.control("POST", "/faults", body)


def rungs(tenant: MadeTenant) -> list[tuple[str, str]]:
    """What the timeline tells of the rungs."""
    told = ("bank.opened", "bank.not_available", "onboarding.bank_linked")
    return [(event.type, event.data["rung"]) for event in rows(tenant, Event) if event.type in told]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the last link token was asked for with."""
    kept: dict[str, Any] = {}
    whole = PlaidClient.create_link_token

    def create(self: PlaidClient, user_id: str, name: str, **wanted: Any) -> LinkToken:
        kept.clear()
        kept.update(wanted, client_name=name)
        return whole(self, user_id, name, **wanted)

    monkeypatch.setattr(PlaidClient, "create_link_token", create)
    return kept


def test_a_phone_layer_refuses_is_asked_for_by_date_of_birth_on_the_same_handler(
    consumer: Consumer, tenant: MadeTenant
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start(phone="(515) 555-0017")
    consumer.confirm()
    link_token = consumer.open_bank()
    assert "1975" not in consumer.page, "the date goes to Plaid only where the phone was refused"
    link = Link(consumer.emulator, link_token).act("submit", phone_number=BY_BIRTH)
    assert link.live == ["LAYER_NOT_AVAILABLE"]
    told = consumer.tell("not-available", by="phone", reason="not_available", link_token=link_token)
    assert told == {"date_of_birth": "1975-01-18"}
    assert consumer.tell("not-available", by="phone", reason="not_available", link_token=link_token) == told
    link.act("submit", **told).act("open").act("continue").act("code", code="123456")
    public_token = link.act("share", account=["0-0"]).public_token
    consumer.tell("finished", public_token=public_token, link_token=link_token)
    consumer.work()
    assert consumer.heading == "May we look at your credit file?"
    assert onboarding_row(tenant, onboarding_id).rung == "layer_birth"
    assert rungs(tenant) == [
        ("bank.opened", "layer_phone"),
        ("bank.not_available", "layer_phone"),
        ("onboarding.bank_linked", "layer_birth"),
    ]


def test_who_layer_does_not_know_goes_on_in_ordinary_link_in_the_same_page(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator, sent: dict[str, Any]
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    link_token = consumer.refuse_layer(consumer.open_bank())
    assert (sent["client_name"], sent["language"], sent["phone_number"]) == ("Acme", "en", PHONE_E164)
    assert (list(sent["products"]), list(sent["optional_products"])) == (["identity"], ["auth", "liabilities"])
    assert sent["redirect_uri"] is None, "Plaid refuses an address that is not on its list"
    consumer.get(consumer.url("bank"))
    assert f'data-token="{link_token}"' in consumer.page
    assert 'data-mode="link"' in consumer.page
    public_token = consumer.sign_in_at_bank(link_token)
    consumer.tell("finished", public_token=public_token, link_token=link_token)
    consumer.work()
    assert consumer.heading == "May we look at your credit file?"
    assert (calls_to(emulator, EXCHANGE), calls_to(emulator, READ)) == (1, 0)
    assert len(rows(tenant, PlaidAccount)) == 1
    assert rungs(tenant) == [
        ("bank.opened", "layer_phone"),
        ("bank.not_available", "layer_phone"),
        ("bank.not_available", "layer_birth"),
        ("bank.opened", "link"),
        ("onboarding.bank_linked", "link"),
    ]
    consumer.answer_credit_file("no")
    consumer.share()
    result = result_of(tenant, onboarding_id)
    assert {"kind": "bank", "method": "link", "status": "linked"} in result["verifications"]
    assert result["prefill"]["financial_info"]["bank_accounts"]


def test_the_agreement_is_asked_once_for_the_whole_ladder(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    consumer.refuse_layer(consumer.open_bank())
    assert [consent.kind for consent in rows(tenant, Consent)].count("bank") == 1


def test_without_a_layer_template_the_ladder_begins_with_ordinary_link(
    consumer: Consumer, tenant: MadeTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(tenant.services.plaid.settings, "template_id", "")
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    assert consumer.open_bank()
    assert 'data-mode="link"' in consumer.page
    assert onboarding_row(tenant, onboarding_id).rung == "link"


def test_a_layer_template_plaid_refuses_is_no_reason_to_stop(
    consumer: Consumer, tenant: MadeTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(tenant.services.plaid.settings, "template_id", "template_gone")
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    assert consumer.open_bank()
    assert onboarding_row(tenant, onboarding_id).rung == "link"


def test_ordinary_link_that_cannot_be_opened_leaves_ways_on(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    link_token = consumer.open_bank()
    fault(emulator, CREATE, "500")
    told = consumer.tell("not-available", by="birth", reason="silent", link_token=link_token)
    assert told == {"location": consumer.url()}
    consumer.get(told["location"])
    assert consumer.heading == "Your bank isn’t answering right now"
    assert any(move.startswith("Fill in the form yourself") for move in consumer.moves)
    assert place(tenant, onboarding_id) == "in_progress bank/failed"


def test_a_page_that_died_between_two_rungs_finds_the_next_one(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    link_token = consumer.open_bank()
    with tenant.services.database.session(tenant.scope) as session:
        refuse_layer(session, session.get_one(Onboarding, onboarding_id))
    consumer.get(consumer.url())
    assert consumer.heading == "Choose your bank"
    assert consumer.open_bank() != link_token
    assert onboarding_row(tenant, onboarding_id).rung == "link"


def test_a_brand_s_language_and_products_go_to_plaid(
    services: Services, consumer: Consumer, sent: dict[str, Any]
) -> None:
    other = make_tenant(services, "other", bank_products=("identity", "transactions"))
    _, token = other.onboard(locale="es")
    consumer.prove(token)
    consumer.refuse_layer(consumer.open_bank())
    assert sent["language"] == "es"
    assert list(sent["products"]) == ["identity", "transactions"]
    assert list(sent["optional_products"]) == ["auth", "liabilities"]


@pytest.mark.parametrize("operation", [EXCHANGE, "/accounts/get"])
def test_a_fault_while_an_ordinary_bank_is_read_exchanges_once(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator, operation: str
) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    link_token = consumer.refuse_layer(consumer.open_bank())
    consumer.tell("finished", public_token=consumer.sign_in_at_bank(link_token), link_token=link_token)
    fault(emulator, operation, "503_html", times=1)
    work_to_the_end(tenant, consumer.worker, "bank.fetch")
    consumer.get(consumer.url())
    assert consumer.heading == "May we look at your credit file?"
    assert calls_to(emulator, EXCHANGE) == (2 if operation == EXCHANGE else 1)
    assert len(rows(tenant, PlaidItem)) == 1

"""The review: where every answer came from, what may be changed, and what the tenant gets of it."""

import re
from typing import Any

import pytest

from app.domain.prefill.answers import answers_of
from app.domain.result import original_hash
from app.domain.services import Services
from app.models import ObservationRow, Onboarding, PlaidAccount, User
from app.models.vault import vault
from tests.support.journeys import Consumer
from tests.support.rows import event_types, onboarding_row, place, result_of, rows
from tests.support.tenants import MadeTenant, make_tenant


@pytest.fixture
def at_review(consumer: Consumer, tenant: MadeTenant) -> tuple[Consumer, Any]:
    """A consumer with a filled form."""
    onboarding_id, token = tenant.onboard()
    consumer.to_review(token)
    return consumer, onboarding_id


AtReview = tuple[Consumer, Any]


def test_under_each_answer_stands_where_it_came_from(at_review: AtReview) -> None:
    consumer, _ = at_review
    for words in (
        "From your phone check · just now",
        "Confirmed by text · just now",
        "You entered it at the start",
        "From your bank · just now",
        "From Plaid · just now",
        "From your credit file · just now",
        "10 of 10 answers filled in for you.",
    ):
        assert words in consumer.text, words


def test_digits_and_account_numbers_are_masked_in_the_page(at_review: AtReview) -> None:
    consumer, _ = at_review
    boxes = re.findall(r'value="([^"]*)"', consumer.page)
    assert "0011" not in boxes
    assert "••••" in boxes
    assert "111122223334021" not in consumer.page
    assert "011401533" not in consumer.page
    assert "·· 4021" in consumer.text


def test_the_digits_are_shown_on_asking_and_only_there(at_review: AtReview) -> None:
    consumer, _ = at_review
    answer = consumer.post_json(consumer.url("reveal", "ssn_last_four"), {})
    assert answer.get_json() == {"value": "0011"}
    for key in ("first_name", "bank_accounts", "nothing", "date_of_birth"):
        assert consumer.post_json(consumer.url("reveal", key), {}).status_code == 404
    assert consumer.client.get(consumer.url("reveal", "ssn_last_four")).status_code == 405
    consumer.share()
    assert consumer.post_json(consumer.url("reveal", "ssn_last_four"), {}).status_code == 404


def test_a_change_is_kept_with_its_source_and_the_original_s_hash(at_review: AtReview, tenant: MadeTenant) -> None:
    consumer, onboarding_id = at_review
    consumer.share(first_name="Mary Ellen")
    result = result_of(tenant, onboarding_id)
    assert result["prefill"]["personal_info"]["first_name"] == "Mary Ellen"
    told = result["provenance"]["/personal_info/first_name"]
    assert (told["source"], told["edited"], told["verified"]) == ("consumer", True, False)
    assert told["original_source"] == "spinwheel_profile"
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        chosen = answers_of(session, onboarding).chosen["first_name"]
        assert chosen.original is not None
        assert told["original_hash"] == original_hash(session, onboarding, chosen.original)
    assert "Maria" not in str(result)
    completed = result["provenance"]["/personal_info/last_name"]
    assert (completed["edited"], completed["source"]) == (False, "spinwheel_profile")


def test_undo_brings_the_source_s_answer_back(at_review: AtReview, tenant: MadeTenant) -> None:
    consumer, onboarding_id = at_review
    consumer.post(consumer.url("review", "save"), first_name="Mary")
    consumer.get(consumer.url())
    assert "You changed this" in consumer.text
    form = consumer.filled_form(consumer.url("review"))
    assert form["first_name"] == "Mary"
    consumer.post(consumer.url("review"), **form, undo="first_name")
    assert place(tenant, onboarding_id) == "in_progress review/check"
    assert "You changed this" not in consumer.text
    assert consumer.filled_form(consumer.url("review"))["first_name"] == "Maria Elena"


def test_typing_the_old_answer_again_is_no_change(at_review: AtReview, tenant: MadeTenant) -> None:
    consumer, onboarding_id = at_review
    consumer.post(consumer.url("review", "save"), first_name="Mary")
    consumer.post(consumer.url("review", "save"), first_name="  Maria   Elena ")
    consumer.get(consumer.url())
    assert "You changed this" not in consumer.text
    consumer.share()
    assert result_of(tenant, onboarding_id)["provenance"]["/personal_info/first_name"]["edited"] is False


def test_what_is_fixed_can_be_disputed_and_not_typed_over(at_review: AtReview, tenant: MadeTenant) -> None:
    consumer, onboarding_id = at_review
    form = consumer.filled_form(consumer.url("review"))
    consumer.post(consumer.url("review"), **form, dispute="date_of_birth")
    assert "You told us this isn’t right. Acme will check it with you." in consumer.text
    consumer.post(consumer.url("review"), **form, undispute="date_of_birth")
    assert "You told us this isn’t right." not in consumer.text
    consumer.post(consumer.url("review"), **form, dispute="phone_number")
    consumer.share(
        phone_number="(404) 555-0101", date_of_birth_month="2", date_of_birth_day="2", date_of_birth_year="1980"
    )
    result = result_of(tenant, onboarding_id)
    assert result["prefill"]["personal_info"]["phone_number"] == "+14155550011"
    assert result["prefill"]["personal_info"]["date_of_birth"] == "1975-01-18"
    assert result["provenance"]["/personal_info/phone_number"]["disputed"] is True
    assert result["provenance"]["/personal_info/date_of_birth"]["disputed"] is False


def test_wrong_digits_can_be_typed_anew(at_review: AtReview, tenant: MadeTenant) -> None:
    consumer, onboarding_id = at_review
    consumer.post(consumer.url("review"), **consumer.filled_form(consumer.url("review")), dispute="ssn_last_four")
    assert consumer.filled_form(consumer.url("review"))["ssn_last_four"] == ""
    consumer.share(ssn_last_four="12a4")
    assert consumer.status == 422
    assert "Enter the last four digits" in consumer.text
    assert consumer.filled_form(consumer.url("review"))["ssn_last_four"] == "12a4"
    consumer.share(ssn_last_four="9876")
    result = result_of(tenant, onboarding_id)
    assert result["prefill"]["personal_info"]["ssn"] == "9876"
    assert result["provenance"]["/personal_info/ssn"]["edited"] is True


def test_a_missing_answer_is_said_at_the_top_and_at_the_field_and_nothing_typed_is_lost(
    at_review: AtReview, tenant: MadeTenant
) -> None:
    consumer, onboarding_id = at_review
    consumer.share(email="", first_name="Mary", address_postal_code="9")
    assert consumer.status == 422
    assert "Enter your email address" in consumer.text
    assert "Enter a ZIP code with five digits" in consumer.text
    form = consumer.filled_form(consumer.url("review"))
    assert (form["first_name"], form["address_postal_code"], form["email"]) == ("Mary", "9", "")
    assert 'href="#' in consumer.page, "a summary that leads to the fields"
    assert place(tenant, onboarding_id) == "in_progress review/check"
    consumer.share(email="mary@example.com", address_postal_code="94577")
    assert place(tenant, onboarding_id) == "completed done/done"


def test_what_no_source_knew_comes_first_and_is_needed(services: Services, consumer: Consumer) -> None:
    asking = make_tenant(services, "asking", fields={"income": "required", "employment_type": "required"})
    onboarding_id, token = asking.onboard()
    consumer.to_review(token)
    assert consumer.text.index("Income before tax") < consumer.text.index("First and middle name")
    consumer.share()
    assert consumer.status == 422
    assert "Enter your income before tax" in consumer.text
    consumer.share(income="$52,000", employment_type="full_time")
    employment = result_of(asking, onboarding_id)["prefill"]["employment"]
    assert (employment["income"], employment["employment_type"]) == ("52000.00", "full_time")


def test_an_account_or_a_debt_left_out_is_not_in_the_result(at_review: AtReview, tenant: MadeTenant) -> None:
    consumer, onboarding_id = at_review
    kept = consumer.filled_form(consumer.url("review"))["share"]
    consumer.share(share=kept[2:])
    assert re.search(r"What you left out .*Everyday Checking ·· 4021 .*(?i:First Platypus Bank)", consumer.text)
    result = result_of(tenant, onboarding_id)
    money = result["prefill"]["financial_info"]
    assert money["bank_accounts"] == []
    assert len(money["credit_accounts"]) == len(kept) - 2
    assert float(money["total_assets"]) == 0
    assert result["left_out"] == [{"kind": "bank_accounts", "count": 1}, {"kind": "credit_accounts", "count": 1}]
    assert "4021" not in str(money)
    assert "3307" not in str(money)


def test_the_choice_is_kept_while_the_reader_goes_on(at_review: AtReview) -> None:
    consumer, _ = at_review
    kept = consumer.filled_form(consumer.url("review"))["share"]
    consumer.post(consumer.url("review", "save"), share=kept[1:])
    consumer.get(consumer.url())
    assert consumer.filled_form(consumer.url("review"))["share"] == kept[1:]


def test_where_the_tenant_allows_no_choice_all_is_shared(services: Services, consumer: Consumer) -> None:
    strict = make_tenant(services, "strict", leave_out=False)
    onboarding_id, token = strict.onboard()
    consumer.to_review(token)
    assert "share" not in consumer.filled_form(consumer.url("review"))
    assert "Leave out" not in consumer.text
    consumer.share()
    result = result_of(strict, onboarding_id)
    assert len(result["prefill"]["financial_info"]["bank_accounts"]) == 1
    assert result["left_out"] == []


def test_this_is_not_me_erases_everything_and_goes_on_by_hand(at_review: AtReview, tenant: MadeTenant) -> None:
    consumer, onboarding_id = at_review
    consumer.get(consumer.url("not-me"))
    assert consumer.url("not-me") in consumer.actions
    assert "Maria Elena" not in consumer.text
    assert rows(tenant, PlaidAccount), "asking alone erases nothing"
    consumer.post(consumer.url("not-me"))
    assert consumer.heading == "Fill in the form yourself"
    for word in ("Maria", "Larkspur", "Platypus", "Bayview", "maria.ortiz"):
        assert word not in consumer.page
    assert rows(tenant, ObservationRow) == []
    assert rows(tenant, PlaidAccount) == []
    assert "identity.rejected" in event_types(tenant, onboarding_id)
    user = rows(tenant, User)[0]
    assert user.spinwheel_user_id_sealed is None
    assert user.generation == 2
    consumer.worker.run_due()
    assert "bank.disconnected" in event_types(tenant, onboarding_id)
    consumer.by_hand()
    consumer.share()
    result = result_of(tenant, onboarding_id)
    assert result["prefill"]["personal_info"]["last_name"] == "Lindqvist"
    assert result["prefill"]["financial_info"]["bank_accounts"] == []
    assert "Maria" not in str(result)


def test_this_is_not_me_forgets_what_the_tenant_gave_too(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard(
        given={"phone_number": "+14155550011", "date_of_birth": "1975-01-18", "email": "given@example.com"},
        locked=("email",),
    )
    consumer.open(token)
    consumer.post(consumer.link)
    consumer.confirm()
    consumer.finish_bank()
    consumer.answer_credit_file("no")
    consumer.post(consumer.url("not-me"))
    assert "given@example.com" not in consumer.page
    assert "date_of_birth_year" in consumer.filled_form(consumer.url("manual"))
    consumer.by_hand()
    consumer.share()
    personal = result_of(tenant, onboarding_id)["prefill"]["personal_info"]
    assert (personal["email"], personal["date_of_birth"]) == ("theo@example.com", "1996-07-02")


def test_what_the_tenant_locked_wins_over_everybody(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard(
        given={"email": "locked@acme.example", "first_name": "Given", "employer_name": "Acme"},
        locked=("email", "employer_name"),
    )
    consumer.to_review(token)
    assert "locked@acme.example" in consumer.page
    assert "From Acme" in consumer.text
    assert "email" not in consumer.filled_form(consumer.url("review"))
    consumer.share(email="mine@example.com", employer_name="Mine")
    result = result_of(tenant, onboarding_id)
    personal = result["prefill"]["personal_info"]
    assert (personal["email"], personal["first_name"]) == ("locked@acme.example", "Maria Elena")
    assert result["prefill"]["employment"]["employer_name"] == "Acme"
    told = result["provenance"]["/personal_info/email"]
    assert (told["source"], told["locked"], told["edited"]) == ("tenant", True, False)


def test_a_value_the_tenant_gave_fills_what_nobody_else_knows(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard(given={"income": "48000.00"}, fields={"income": "optional"})
    consumer.to_review(token)
    consumer.share()
    result = result_of(tenant, onboarding_id)
    assert result["prefill"]["employment"]["income"] == "48000.00"
    assert result["provenance"]["/employment/income"]["source"] == "tenant"


def test_what_is_typed_by_hand_is_kept_from_the_first_letter(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    consumer.open(token)
    consumer.post(f"{consumer.link}/by-hand")
    consumer.post(consumer.url("manual", "save"), email="kept@example.com", address_postal_code="9")
    consumer.get(consumer.url())
    assert consumer.filled_form(consumer.url("manual"))["email"] == "kept@example.com"
    consumer.by_hand(email="nonsense", address_state="ZZ", ssn_last_four="12")
    assert consumer.status == 422
    for sentence in ("Enter your whole email address", "Choose your state", "Enter the last four digits"):
        assert sentence in consumer.text
    form = consumer.filled_form(consumer.url("manual"))
    assert (form["email"], form["ssn_last_four"], form["last_name"]) == ("nonsense", "12", "Lindqvist")


def test_markup_in_an_answer_is_only_text(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.post(f"{consumer.link}/by-hand")
    consumer.by_hand(first_name='"><script>alert(1)</script>', address_city="O'Fallon & Söhne")
    assert "<script>alert" not in consumer.page
    consumer.share()
    assert "<script>alert" not in consumer.page
    assert result_of(tenant, onboarding_id)["prefill"]["addresses"][0]["city"] == "O'Fallon & Söhne"


def test_every_pointer_of_the_provenance_leads_to_a_value(at_review: AtReview, tenant: MadeTenant) -> None:
    consumer, onboarding_id = at_review
    consumer.share()
    result = result_of(tenant, onboarding_id)
    assert set(result) == {
        "schema_version",
        "onboarding_id",
        "user_id",
        "external_user_id",
        "mode",
        "status",
        "completed_at",
        "state",
        "metadata",
        "prefill",
        "provenance",
        "verifications",
        "risk",
        "consents",
        "left_out",
    }
    assert set(result["prefill"]) == {"personal_info", "addresses", "employment", "financial_info"}
    for pointer, told in result["provenance"].items():
        value: Any = result["prefill"]
        for part in pointer.split("/")[1:]:
            value = value[int(part)] if isinstance(value, list) else value[part]
        assert value not in (None, "", {}), pointer
        assert told["source"]
    filled = {f"/personal_info/{name}" for name in result["prefill"]["personal_info"]}
    assert filled <= set(result["provenance"])
    assert (result["status"], result["schema_version"]) == ("completed", "2026-11-24")
    assert onboarding_row(tenant, onboarding_id).progress.get("left_out") == []


def test_a_result_keeps_what_was_shared_whatever_comes_later(at_review: AtReview, tenant: MadeTenant) -> None:
    consumer, onboarding_id = at_review
    consumer.share()
    before = result_of(tenant, onboarding_id)
    consumer.post(consumer.url("review", "save"), first_name="Mallory")
    consumer.post(consumer.url("not-me"))
    assert result_of(tenant, onboarding_id) == before
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        assert vault(session).open(session.get_one(Onboarding, onboarding_id), "phone_number") == "+14155550011"

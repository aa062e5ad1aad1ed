"""The review in a browser: edits, masks, what is left out, and "this isn't me"."""

import pytest
from playwright.sync_api import expect

from app.domain.ids import parse_id
from tests.e2e.conftest import PHONE, NewPerson
from tests.e2e.person import Person
from tests.support.rows import result_of
from tests.support.served import Product, eventually

pytestmark = pytest.mark.e2e


def test_edits_masks_and_what_is_left_out_reach_the_result(maria: Person, product: Product) -> None:
    maria.begin()
    maria.to_review()
    _edit_and_undo(maria)
    _reveal_and_hide(maria)
    savings = maria.here.get_by_role("switch", name="Share Rainy Day Savings").first
    book = maria.here.get_by_role("list").filter(has=savings).locator("xpath=..")
    total = book.get_by_text("Shared balance").locator("xpath=following-sibling::dd")
    before = total.inner_text()
    savings.uncheck()
    expect(total).not_to_have_text(before)
    maria.field("Employer").fill("Harbor Clinic")
    maria.share()
    maria.here.get_by_text("What you left out", exact=True).click()
    expect(maria.here.get_by_text("Rainy Day Savings").filter(visible=True)).to_be_visible()
    result = result_of(product.tenant, parse_id("onboarding", maria.onboarding_id))
    assert result["prefill"]["personal_info"]["last_name"] == "Ortiz Reyes"
    assert "Harbor Clinic" in str(result["prefill"]["employment"])
    accounts = str(result["prefill"]["financial_info"])
    assert "Everyday Checking" in accounts
    assert "Rainy Day Savings" not in accounts
    assert len(result["left_out"]) == 1


def _edit_and_undo(person: Person) -> None:
    name = person.field("Last name")
    name.fill("Somebody Else")
    with person.page.expect_response("**/review/save"):
        name.blur()
    person.page.reload()
    expect(name).to_have_value("Somebody Else")
    expect(person.here.get_by_text("You changed this")).to_be_visible()
    person.button("Undo").click()
    expect(name).to_have_value("Ortiz Reyes")
    expect(name).to_be_focused()


def _reveal_and_hide(person: Person) -> None:
    digits = person.here.get_by_role("textbox", name="Last four digits of your SSN")
    expect(digits).to_have_value("••••")
    person.button("Show").click()
    expect(digits).to_have_value("0011")
    person.button("Hide").click()
    expect(digits).to_have_value("••••")


def test_this_is_not_me_clears_what_was_shown(new_person: NewPerson) -> None:
    person = new_person(viewport=PHONE)
    person.begin()
    person.to_review()
    person.link("This isn’t me").click()
    person.reads("Are these details about someone else?")
    person.link("It’s me. Go back").click()
    person.reads("Check your details")
    person.link("This isn’t me").click()
    removed = person.product.calls("/item/remove")
    person.press("This isn’t me. Clear it")
    person.reads("Fill in the form yourself")
    assert "Larkspur" not in person.page.content()
    eventually(lambda: person.product.calls("/item/remove") == removed + 2)
    person.type_everything()
    person.press("Save and continue")
    person.reads("Check your details")
    person.share()


def test_the_credit_file_can_be_declined(maria: Person, product: Product) -> None:
    maria.begin()
    maria.prove_phone()
    maria.connect_bank()
    maria.press("No, I’ll list my debts myself")
    maria.reads("Check your details")
    maria.type_everything()
    maria.share()
    assert product.calls("/debtProfile") == 0


def test_the_language_can_be_changed_on_the_way(maria: Person) -> None:
    maria.begin()
    maria.prove_phone()
    maria.language("Español").click()
    expect(maria.here.get_by_role("heading", level=1)).to_contain_text("Conecte su banco")
    expect(maria.page.locator("html")).to_have_attribute("lang", "es")
    maria.page.reload()
    expect(maria.here.get_by_role("heading", level=1)).to_contain_text("Conecte su banco")
    maria.language("English").click()
    maria.reads("Connect your bank and skip the typing")

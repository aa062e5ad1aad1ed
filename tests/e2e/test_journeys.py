"""Both rungs from the tenant's page to its signed result, by redirect and in a frame."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import DESK, PHONE, NewPerson
from tests.support.served import eventually

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("locale", ["en", "es"])
@pytest.mark.parametrize(("framed", "viewport"), [(False, PHONE), (True, DESK)])
def test_through_layer(new_person: NewPerson, framed: bool, viewport: Any, locale: str) -> None:
    person = new_person(framed=framed, viewport=viewport, locale=locale)
    person.apply()
    person.to_review()
    expect(person.field("Last name")).to_have_value("Ortiz Reyes")
    person.share()
    _reaches_the_tenant(person)


@pytest.mark.parametrize("locale", ["en", "es"])
@pytest.mark.parametrize(("framed", "viewport"), [(False, DESK), (True, PHONE)])
def test_by_hand(new_person: NewPerson, framed: bool, viewport: Any, locale: str) -> None:
    person = new_person(framed=framed, viewport=viewport, locale=locale)
    person.apply()
    person.prove_phone()
    person.fill_by_hand()
    person.share()
    _reaches_the_tenant(person)


def _reaches_the_tenant(person: Any) -> None:
    page, product = person.page, person.product
    if person.framed:
        expect(page.get_by_text("Welcome to Acme.")).to_be_visible()
        page.get_by_role("link", name="See your application").click()
    else:
        person.go_back_to_tenant()
        expect(page.get_by_role("heading", name="Welcome to Acme")).to_be_visible()
        expect(page.get_by_text("Return verified")).to_be_visible()
    eventually(lambda: "onboarding.completed" in product.callbacks(person.onboarding_id))
    page.goto(f"{product.tenant_url}/callbacks")
    row = page.get_by_role("row").filter(has_text="onboarding.completed").filter(has_text=person.onboarding_id)
    expect(row).to_contain_text("Verified")

"""Reloads, the Back button, second tabs, double clicks, links that are spent: the person always goes on."""

import datetime as dt
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from app.domain.ids import parse_id
from app.models import Consent, LaunchLink, PhoneVerificationSession, utcnow
from tests.e2e.conftest import PHONE, NewPerson
from tests.e2e.person import CODE, Person
from tests.support.browser import Watch
from tests.support.rows import event_types, let_pass, rows
from tests.support.served import Product, eventually

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("framed", [False, True])
def test_a_reload_at_every_step_keeps_the_place(new_person: NewPerson, product: Product, framed: bool) -> None:
    person = new_person(framed=framed, viewport=PHONE)

    def reload() -> None:
        if framed:
            frame = next(frame for frame in person.page.frames if frame.url.startswith(product.app_url))
            with person.page.expect_event("framenavigated", lambda moved: moved == frame):
                frame.evaluate("location.reload()")
            frame.wait_for_load_state()
        else:
            person.page.reload()

    person.apply()
    reload()
    person.reads("Start with your phone number")
    person.give_phone()
    reload()
    person.reads("Enter the code we texted you")
    person.give_code()
    person.reads("Connect your bank and skip the typing")
    reload()
    _to_the_end(person, reload)


def _to_the_end(person: Person, reload: Callable[[], None]) -> None:
    bank = person.open_bank()
    expect(bank.get_by_title("Plaid Link").content_frame.get_by_role("button", name="Continue")).to_be_visible()
    bank.reload()
    person.product.fault("plaid", "/user_account/session/get", "slow", seconds=4, times=1)
    person.share_at_bank(bank)
    if person.framed:
        # The reader closes the bank's window before going on in the frame.
        expect(bank.get_by_role("heading", name="Your bank is connected")).to_be_visible()
        bank.close()
    person.reads("We’re filling in your form")
    reload()
    person.reads("May we look at your credit file?")
    reload()
    person.press("Yes, get my credit file")
    person.reads("Check your details")
    person.field("Last name").fill("Ortiz")
    person.field("Last name").blur()
    person.page.wait_for_timeout(800)
    reload()
    expect(person.field("Last name")).to_have_value("Ortiz")
    person.share()
    reload()
    person.reads("All done")


def test_back_leads_to_the_step_that_is_due(maria: Person) -> None:
    maria.apply()
    maria.give_phone()
    maria.page.go_back()
    maria.reads("Enter the code we texted you")
    maria.give_code()
    maria.reads("Connect your bank and skip the typing")
    bank = maria.open_bank()
    expect(bank.get_by_title("Plaid Link")).to_be_visible()
    maria.page.go_back()
    maria.reads("Connect your bank and skip the typing")
    maria.connect_bank()
    maria.page.go_back()
    maria.reads("May we look at your credit file?")
    maria.press("Yes, get my credit file")
    maria.share()
    maria.go_back_to_tenant()
    expect(maria.page.get_by_text("Return verified")).to_be_visible()
    maria.page.go_back()
    maria.reads("All done")


def test_a_second_tab_follows_and_an_old_one_is_put_right(maria: Person, watch: Watch) -> None:
    watch.expect("403")
    maria.begin()
    maria.give_phone()
    first, address = maria.page, maria.page.url
    maria.page = maria.context.new_page()
    maria.page.goto(address)
    maria.reads("Enter the code we texted you")
    maria.give_code()
    maria.reads("Connect your bank and skip the typing")
    maria.fill_by_hand()
    maria.page = first
    maria.give_code()
    maria.link("Go on now").click()
    maria.reads("Check your details")
    maria.share()


def test_a_double_click_does_everything_once(maria: Person, product: Product) -> None:
    maria.apply()
    maria.field("Mobile number").fill("4155550011")
    for part, value in (("Month", "1"), ("Day", "18"), ("Year", "1975")):
        maria.field(part).fill(value)
    maria.button("Text me a code").dblclick()
    maria.reads("Enter the code we texted you")
    maria._note_onboarding()
    maria.field("Six-digit code").fill(CODE)
    maria.button("Confirm").dblclick()
    maria.reads("Connect your bank and skip the typing")
    maria.button("Continue to your bank").dblclick()
    maria.share_at_bank(maria.page)
    maria.reads("May we look at your credit file?")
    maria.button("Yes, get my credit file").dblclick()
    maria.reads("Check your details")
    maria.button("Share with %(tenant)s", tenant="Acme").dblclick()
    maria.reads("All done")
    for path in ("/users/connect/sms", "/connect/sms/verify", "/session/token/create", "/debtProfile"):
        assert product.calls(path) == 1, path
    _everything_once(maria, product)


def _everything_once(person: Person, product: Product) -> None:
    wanted = parse_id("onboarding", person.onboarding_id)
    kinds = [row.kind for row in rows(product.tenant, Consent, onboarding_id=wanted)]
    assert sorted(kinds) == ["bank", "credit_file", "phone", "share"]
    happened = event_types(product.tenant, wanted)
    for once in ("onboarding.started", "code.sent", "bank.opened", "onboarding.completed"):
        assert happened.count(once) == 1, happened


def test_a_double_click_in_a_frame_opens_one_window(new_person: NewPerson) -> None:
    person = new_person(framed=True)
    person.apply()
    person.prove_phone()
    person.button("Continue to your bank").dblclick()
    person.page.wait_for_timeout(1500)
    assert len(person.context.pages) == 2
    expect(person.context.pages[1].get_by_title("Plaid Link")).to_be_visible()


def test_a_window_that_was_closed_opens_again(new_person: NewPerson) -> None:
    person = new_person(framed=True)
    person.apply()
    person.prove_phone()
    bank = person.open_bank()
    expect(bank.get_by_title("Plaid Link")).to_be_visible()
    bank.close()
    # Within a second of the first press another one counts as a double click.
    person.page.wait_for_timeout(1200)
    person.connect_bank()


def test_a_used_link_shows_nothing_and_asks_for_the_phone(
    new_person: NewPerson, product: Product, watch: Watch
) -> None:
    watch.expect("410")
    first = new_person()
    link = first.begin()
    stranger = new_person(viewport=PHONE)
    first.give_phone()
    stranger.page.goto(link)
    stranger.reads("This link was used already")
    first.give_code()
    first.reads("Connect your bank and skip the typing")
    stranger.page.reload()
    stranger.reads("This link was used already")
    assert "0011" not in stranger.page.content()
    let_pass(product.tenant, 60, PhoneVerificationSession)
    stranger.field("Your mobile number").fill("4155550011")
    stranger.press("Text me a code")
    stranger.give_code()
    stranger.reads("Connect your bank and skip the typing")


def test_an_expired_link_says_so_and_leads_back(maria: Person, product: Product, watch: Watch) -> None:
    watch.expect("410")
    link = maria.begin()
    _expire_link(product, maria.onboarding_id)
    maria.page.goto(link)
    maria.reads("This link has ended")
    assert maria.link("Start again at %(tenant)s", tenant="Acme Credit Union").is_visible()


def _expire_link(product: Product, onboarding_id: str) -> None:
    with product.tenant.services.database.session(product.tenant.scope) as session:
        session.execute(
            update(LaunchLink)
            .where(LaunchLink.onboarding_id == parse_id("onboarding", onboarding_id))
            .values(expires_at=utcnow() - dt.timedelta(seconds=1))
            .execution_options(synchronize_session=False)
        )


def test_cancel_asks_first_and_tells_the_tenant(maria: Person, product: Product) -> None:
    maria.apply()
    maria.prove_phone()
    maria.link("Cancel").click()
    maria.reads("Do you want to cancel?")
    maria.link("No, go back").click()
    maria.reads("Connect your bank and skip the typing")
    maria.link("Cancel").click()
    maria.press("Yes, cancel")
    maria.reads("This form was canceled")
    eventually(lambda: "onboarding.canceled" in product.callbacks(maria.onboarding_id))
    maria.go_back_to_tenant()
    expect(maria.page.get_by_text("Return verified")).to_be_visible()


def test_finish_later_on_another_device(new_person: NewPerson, product: Product) -> None:
    desk, phone = new_person(), new_person(viewport=PHONE)
    desk.begin()
    desk.prove_phone()
    desk.link("Finish later").click()
    expect(desk.here.get_by_role("heading", level=1)).to_contain_text("Come back any time until")
    desk.link("Go on now").click()
    desk.reads("Connect your bank and skip the typing")
    fresh = product.api("POST", f"/onboardings/{desk.onboarding_id}/link")
    phone.page.goto(fresh["url"])
    phone.reads("Pick up where you left off")
    let_pass(product.tenant, 60, PhoneVerificationSession)
    phone.field("The mobile number you used before").fill("4155550011")
    phone.press("Text me a code")
    phone.give_code()
    phone.reads("Connect your bank and skip the typing")
    phone.fill_by_hand()
    phone.share()
    desk.page.reload()
    desk.reads("All done")

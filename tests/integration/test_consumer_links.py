"""Launch links: opening one uses nothing up, and none shows a stranger anything."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask

from app.domain.onboardings import add_launch_link
from app.models import Binding, LaunchLink, ObservationRow, Onboarding, PlaidAccount
from tests.support.clients import CheckedClient
from tests.support.journeys import BIRTH, MANUAL, PHONE, Consumer
from tests.support.rows import event_types, let_pass, onboarding_row, place, result_of, rows
from tests.support.tenants import MadeTenant

PERSONAL = ("Maria", "Ortiz", "Larkspur", "maria.ortiz", "Platypus", "1975", "0011")


def fresh_link(tenant: MadeTenant, onboarding_id: Any) -> str:
    """What `POST /link` gives the tenant."""
    with tenant.services.database.session(tenant.scope) as session:
        return add_launch_link(session, session.get_one(Onboarding, onboarding_id))[0]


def shows_nothing_personal(consumer: Consumer) -> bool:
    """Not even the last digits of the phone."""
    return not [word for word in PERSONAL if word in consumer.text]


def test_opening_a_link_uses_nothing_up_and_sets_no_cookie(browser: Callable[[], Consumer], tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    for _ in range(3):
        scanner = browser()
        answer = scanner.client.get(f"/o/{token}")
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
    assert place(tenant, onboarding_id) == "created phone/form"
    assert rows(tenant, Binding) == []
    assert rows(tenant, LaunchLink)[0].used_at is None
    assert event_types(tenant, onboarding_id) == ["onboarding.created"]


def test_a_used_link_leads_on_in_its_own_browser(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    consumer.get(f"/o/{token}")
    assert consumer.heading == "Connect your bank and skip the typing"
    consumer.post(f"/o/{token}", phone_number=PHONE)
    assert consumer.heading == "Connect your bank and skip the typing"


def test_a_used_link_in_another_browser_asks_for_the_phone_again(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.to_review(token)
    other = browser()
    other.open(token)
    assert other.status == 410
    assert shows_nothing_personal(other)
    assert "Text me a code" in other.moves
    resume = f"/onboarding/{consumer.onboarding}/resume"
    other.post(resume, country="US", phone_number="(404) 555-0101")
    assert "If (•••) •••-0101 is the number you used before" in other.text
    assert shows_nothing_personal(other)
    let_pass(tenant, 301)
    other.post(resume, country="US", phone_number=PHONE)
    assert other.heading == "Enter the code we texted you"
    for path in ("", "/step", "/progress", "/bank", "/not-me", "/copy"):
        other.get(other.url() + path)
        assert "Maria" not in other.page
        assert "Larkspur" not in other.page
    assert other.post(other.url("reveal", "ssn_last_four")).status_code == 404
    other.get(other.url())
    other.confirm()
    assert other.heading == "Check your details"
    assert "Maria Elena" in other.page
    assert place(tenant, onboarding_id) == "in_progress review/check"


def test_a_browser_that_is_not_proven_again_changes_nothing(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.to_review(token)
    let_pass(tenant, 301)
    other = browser()
    other.post(f"/onboarding/{consumer.onboarding}/resume", country="US", phone_number=PHONE)
    assert other.heading == "Enter the code we texted you"
    before = onboarding_row(tenant, onboarding_id)
    for path in ("cancel", "review", "not-me", "by-hand", "bank", "manual", "review/save", "credit-file", "bank/retry"):
        other.post(other.url(path), first_name="Mallory", answer="yes", share="x")
    for path in ("bank/finished", "bank/not-available", "bank/exit", "bank/events"):
        other.post_json(other.url(path), {"public_token": "profile-x", "events": [{"name": "OPEN"}]})
    after = onboarding_row(tenant, onboarding_id)
    assert (before.version, before.progress, before.status) == (after.version, after.progress, after.status)
    consumer.get(consumer.url())
    assert "Mallory" not in consumer.page


def test_an_expired_link_says_so(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    let_pass(tenant, 3601, LaunchLink)
    consumer.open(token)
    assert consumer.status == 410
    assert "Back to" in " ".join(consumer.moves) or "Acme" in " ".join(consumer.moves)
    month, day, year = BIRTH
    consumer.post(f"/o/{token}", phone_number=PHONE, birth_month=month, birth_day=day, birth_year=year)
    consumer.post(f"/o/{token}/by-hand")
    assert place(tenant, onboarding_id) == "created phone/form"
    assert rows(tenant, Binding) == []


def test_a_link_of_nobody_is_a_plain_page(consumer: Consumer, tenant: MadeTenant) -> None:
    assert tenant
    for path in ("/o/nothing", "/o/" + "x" * 43, "/o/%00"):
        consumer.get(path)
        assert consumer.status == 404
        assert consumer.heading
        assert consumer.post(path).status_code == 404
        assert consumer.post(path + "/by-hand").status_code == 404


def test_of_two_who_press_one_link_at_once_one_wins(app: Flask, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    month, day, year = BIRTH
    form = {"country": "US", "phone_number": PHONE, "birth_month": month, "birth_day": day, "birth_year": year}

    def press(_: int) -> tuple[int, bool]:
        client = app.test_client()
        assert isinstance(client, CheckedClient)
        answer = client.post(f"/o/{token}", data=form)
        return answer.status_code, "Set-Cookie" in answer.headers

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(press, range(6)))
    assert {status for status, _ in answers} <= {303, 410}
    assert [bound for _, bound in answers].count(True) == 1
    assert len(rows(tenant, Binding)) == 1
    assert event_types(tenant, onboarding_id).count("onboarding.started") == 1


def test_a_fresh_link_to_a_proven_onboarding_asks_for_the_phone_before_anything(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.to_review(token)
    other = browser()
    other.open(fresh_link(tenant, onboarding_id))
    assert other.status == 200
    assert shows_nothing_personal(other)
    let_pass(tenant, 301)
    other.post(other.link, country="US", phone_number="(404) 555-0101")
    assert (other.status, shows_nothing_personal(other)) == (200, True)
    assert "Change the number" in other.moves
    other.get(other.url("resume"))
    other.post(other.url("resume"), country="US", phone_number=PHONE)
    assert other.heading == "Enter the code we texted you"
    other.get(other.url())
    assert "Maria" not in other.page
    other.confirm("111111")
    assert "Maria" not in other.page
    other.confirm()
    assert other.heading == "Check your details"
    other.share()
    assert result_of(tenant, onboarding_id)["prefill"]["personal_info"]["first_name"] == "Maria Elena"


def test_what_was_typed_by_hand_and_never_proven_is_not_shown_to_another_browser(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.post(f"{consumer.link}/by-hand")
    consumer.by_hand()
    assert MANUAL["email"] in consumer.page
    other = browser()
    other.open(token)
    assert other.status == 410
    assert MANUAL["email"] not in other.page
    other.open(fresh_link(tenant, onboarding_id))
    assert other.heading == "Start with your phone number"
    other.post(f"{other.link}/by-hand")
    assert other.heading == "Fill in the form yourself"
    assert MANUAL["email"] not in other.page
    assert MANUAL["last_name"] not in other.page
    assert rows(tenant, ObservationRow) == []
    assert rows(tenant, PlaidAccount) == []


def test_after_another_browser_began_anew_the_first_reads_nothing_of_it(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.post(f"{consumer.link}/by-hand")
    other = browser()
    other.open(fresh_link(tenant, onboarding_id))
    other.post(f"{other.link}/by-hand")
    other.by_hand()
    assert MANUAL["email"] in other.page
    consumer.get(consumer.url())
    assert MANUAL["email"] not in consumer.page


def test_the_link_of_a_canceled_onboarding_opens_nothing(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    consumer.post(consumer.url("cancel"))
    other = browser()
    other.open(token)
    assert other.heading == "This form was canceled"
    other.post(f"/o/{token}", phone_number=PHONE)
    other.post(f"/o/{token}/by-hand")
    assert other.heading == "This form was canceled"
    assert place(tenant, onboarding_id).startswith("canceled")


def test_coming_back_has_a_limit_of_its_own(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    stranger = browser()
    for _ in range(10):
        stranger.post(f"/onboarding/{consumer.onboarding}/resume", country="US", phone_number="(404) 555-0101")
        assert stranger.status == 200
    stranger.post(f"/onboarding/{consumer.onboarding}/resume", country="US", phone_number=PHONE)
    assert stranger.status == 429
    assert stranger.heading == "That was a lot at once"


def test_a_fresh_link_cannot_be_used_to_guess_the_number(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    pages = []
    for phone in ("(404) 555-0101", PHONE):
        stranger = browser()
        stranger.open(fresh_link(tenant, onboarding_id))
        stranger.post(stranger.link, country="US", phone_number=phone)
        pages.append((stranger.status, stranger.text.replace(phone[-5:], "")))
    assert pages[0] == pages[1]

"""Who may act for an onboarding: cookies, bearers, other sites' pages, and time."""

import re
from collections.abc import Callable
from itertools import product

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.models import Binding, Onboarding
from tests.support.clients import CheckedClient
from tests.support.journeys import BIRTH, CODE, PHONE, Consumer
from tests.support.rows import let_pass, onboarding_row, place, rows
from tests.support.settings import APP_URL
from tests.support.tenants import EMBED_ORIGIN, MadeTenant

FRAME = {"Sec-Fetch-Dest": "iframe"}


def _press(consumer: Consumer, token: str, **headers: str) -> TestResponse:
    """The first form, as a browser sends it from a document or a frame."""
    month, day, year = BIRTH
    form = {"country": "US", "phone_number": PHONE, "birth_month": month, "birth_day": day, "birth_year": year}
    return consumer.client.post(f"/o/{token}", data=form, headers=headers)


def _attributes(answer: TestResponse) -> tuple[str, set[str]]:
    """Name of the only cookie, and its attributes."""
    (header,) = answer.headers.getlist("Set-Cookie")
    first, *rest = [part.strip() for part in header.split(";")]
    return first.split("=")[0], set(rest)


def test_at_top_level_the_cookie_is_lax(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    answer = _press(consumer, token)
    name, attributes = _attributes(answer)
    assert answer.status_code == 303
    assert name == f"__Host-prefill-{answer.headers['Location'].split('/')[-1]}"
    assert attributes == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}


def test_in_a_frame_the_cookie_is_partitioned_and_the_page_brings_a_bearer(
    consumer: Consumer, tenant: MadeTenant
) -> None:
    _, token = tenant.onboard(embed_origin=EMBED_ORIGIN, return_url=None)
    answer = _press(consumer, token, **FRAME)
    _, attributes = _attributes(answer)
    assert answer.status_code == 200
    assert attributes == {"Secure", "HttpOnly", "Path=/", "SameSite=None", "Partitioned"}
    assert f"frame-ancestors {EMBED_ORIGIN}" in answer.headers["Content-Security-Policy"]
    assert _bearer(answer.get_data(as_text=True))


def test_the_secret_is_long_and_never_in_a_page_at_top_level(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    answer = _press(consumer, token)
    secret = answer.headers["Set-Cookie"].split(";")[0].split("=", 1)[1]
    assert len(secret) >= 43
    assert secret not in consumer.client.get(answer.headers["Location"]).get_data(as_text=True)


def _bearer(page: str) -> str:
    found = re.search(r'name="prefill-bearer" content="([^"]+)"', page) or re.search(r'data-bearer="([^"]+)"', page)
    return found[1] if found else ""


def test_where_cookies_are_blocked_a_bearer_does_the_whole_journey(
    app: Flask, tenant: MadeTenant, consumer: Consumer
) -> None:
    onboarding_id, token = tenant.onboard(embed_origin=EMBED_ORIGIN, return_url=None)
    blocked = app.test_client(use_cookies=False)
    assert isinstance(blocked, CheckedClient)
    consumer.client = blocked
    first = _press(consumer, token, **FRAME)
    consumer._keep(first)
    consumer.headers = {"Authorization": f"Bearer {_bearer(consumer.page)}", "HX-Request": "true"}
    confirmed = consumer.client.post(
        consumer.url("code"), data={"code": CODE}, headers={**consumer.headers, "X-CSRF-Token": consumer.token}
    )
    assert confirmed.status_code == 200
    renewed = confirmed.headers["Prefill-Bearer"]
    assert consumer.client.get(consumer.url("step"), headers=consumer.headers).status_code == 401
    consumer.headers["Authorization"] = f"Bearer {renewed}"
    step = consumer.client.get(consumer.url("step"), headers=consumer.headers)
    assert step.status_code == 200
    assert "<html" not in step.get_data(as_text=True), "htmx swaps a fragment"
    assert "Connect your bank" in step.get_data(as_text=True)
    consumer._keep(step)
    consumer.post(consumer.url("by-hand"))
    consumer.by_hand()
    consumer.share()
    assert place(tenant, onboarding_id) == "completed done/done"


def test_without_a_credential_the_page_is_an_empty_shell(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    _, token = tenant.onboard()
    consumer.to_review(token)
    other = browser()
    other.get(consumer.url())
    assert other.status == 200
    assert "Maria" not in other.page
    assert "0011" not in other.text
    other.headers = {"Authorization": "Bearer made-up", "HX-Request": "true"}
    other.get(consumer.url("step"))
    assert other.status == 401
    assert "Maria" not in other.page


def test_a_browser_idle_for_half_an_hour_is_asked_again(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    consumer.to_review(token)
    let_pass(tenant, 1740, Binding)
    consumer.get(consumer.url("step"))
    assert consumer.heading == "Check your details"
    let_pass(tenant, 1740, Binding)
    consumer.get(consumer.url("step"))
    assert consumer.heading == "Check your details", "each page starts the time anew"
    let_pass(tenant, 1801, Binding)
    consumer.get(consumer.url("step"))
    assert consumer.status == 401
    assert "Maria" not in consumer.page
    assert "Text me a code" in consumer.moves


def test_after_four_hours_any_browser_is_asked_again(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    consumer.to_review(token)
    for _ in range(9):
        let_pass(tenant, 1700, Binding)
        consumer.get(consumer.url("step"))
    assert consumer.status == 401


def test_a_press_that_another_site_caused_is_refused(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    before = onboarding_row(tenant, onboarding_id).version
    for site, path in product(
        ("cross-site", "same-site", "none"), ("cancel", "code", "by-hand", "phone", "code/resend")
    ):
        consumer.headers = {"Sec-Fetch-Site": site}
        consumer.post(consumer.url(path), code=CODE)
        assert consumer.status == 403, (site, path)
        assert consumer.heading == "This page can’t do that"
    assert onboarding_row(tenant, onboarding_id).version == before


SITES = ("cross-site", "same-site", "none", "same-origin", None)
ORIGINS = (None, APP_URL, "https://evil.example", "null")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_launch_link_is_pressed_from_our_own_page_alone(app: Flask, tenant: MadeTenant, method: str) -> None:
    client = app.test_client()
    for number, (site, origin) in enumerate(product(SITES, ORIGINS)):
        onboarding_id, token = tenant.onboard(f"member-{number}")
        headers = {name: value for name, value in (("Sec-Fetch-Site", site), ("Origin", origin)) if value}
        # Without the headers that a checked client adds.
        answer = FlaskClient.open(client, f"/o/{token}/by-hand", method=method, base_url=APP_URL, headers=headers)
        good = method == "POST" and (site == "same-origin" or (site is None and origin == APP_URL))
        assert answer.status_code in ((303,) if good else (403, 405)), (site, origin)
        assert (onboarding_row(tenant, onboarding_id).status == "in_progress") == good, (site, origin)


def test_a_press_needs_the_token_of_its_own_page(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    other = browser()
    _, other_token = tenant.onboard("member-2")
    other.open(other_token)
    other.start("(404) 555-0101", ("6", "8", "1967"))
    own = consumer.token
    for foreign in ("", "made-up", other.token, own[:-2] + "xx", "é"):
        consumer.token = foreign
        consumer.post(consumer.url("cancel"))
        assert consumer.status == 403, foreign
        assert place(tenant, onboarding_id) == "in_progress code/enter"
        consumer.page = ""
    consumer.token = own
    consumer.post(consumer.url("cancel"))
    assert place(tenant, onboarding_id).startswith("canceled")


def test_one_browser_holds_two_onboardings_side_by_side(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant, other_tenant: MadeTenant
) -> None:
    first_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    tab = browser()
    tab.client = consumer.client
    second_id, second = other_tenant.onboard()
    tab.open(second)
    tab.start("(404) 555-0101", ("6", "8", "1967"))
    consumer.confirm()
    tab.confirm()
    assert place(tenant, first_id) == "in_progress bank/intro"
    assert place(other_tenant, second_id) == "in_progress bank/intro"


def test_the_secret_of_one_onboarding_opens_no_other(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    _, token = tenant.onboard()
    consumer.to_review(token)
    thief = browser()
    _, second = tenant.onboard("member-2")
    thief.open(second)
    thief.post(f"{thief.link}/by-hand")
    cookie = thief.client.get_cookie(f"__Host-prefill-{thief.onboarding}")
    assert cookie is not None
    thief.headers = {"Authorization": f"Bearer {cookie.value}"}
    thief.get(consumer.url("step"))
    assert thief.status == 401
    assert "Maria" not in thief.page
    thief.get(consumer.url("copy"))
    assert thief.status == 401


@pytest.mark.parametrize("wire", ["onb_" + "0" * 32, "nonsense", "usr_" + "0" * 32])
def test_an_onboarding_that_is_not_there_is_a_404(consumer: Consumer, tenant: MadeTenant, wire: str) -> None:
    assert tenant
    for path in ("", "/step", "/resume", "/copy", "/bank"):
        consumer.get(f"/onboarding/{wire}{path}")
        assert consumer.status == 404
    consumer.post(f"/onboarding/{wire}/code", code=CODE)
    assert consumer.status == 404


def test_pages_are_never_kept_by_caches(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    consumer.to_review(token)
    for path in ("", "/step", "/bank", "/not-me", "/cancel", "/later"):
        answer = consumer.client.get(consumer.url() + path)
        assert answer.headers["Cache-Control"] == "no-store"


# ---------- The bank in a window of its own ----------
def _handoff(consumer: Consumer) -> str:
    found = re.search(r'name="handoff" value="([^"]+)"', consumer.page)
    assert found is not None
    return found[1]


def _framed(consumer: Consumer, tenant: MadeTenant) -> object:
    onboarding_id, token = tenant.onboard(embed_origin=EMBED_ORIGIN, return_url=None)
    consumer._keep(_press(consumer, token, **FRAME))
    consumer.headers = dict(FRAME)
    consumer.confirm()
    assert consumer.heading == "Connect your bank and skip the typing"
    return onboarding_id


def test_a_frame_hands_over_to_a_window_once(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    onboarding_id = _framed(consumer, tenant)
    value = _handoff(consumer)
    window = browser()
    window.post(consumer.url("window"), handoff=value)
    assert window.onboarding == consumer.onboarding
    assert place(tenant, onboarding_id) == "in_progress bank/link"
    assert [row.place for row in rows(tenant, Binding)][-1] == "window"
    again = browser()
    again.post(consumer.url("window"), handoff=value)
    assert again.status == 401
    assert len([row for row in rows(tenant, Binding) if row.place == "window"]) == 1


def test_a_forged_or_old_or_foreign_value_opens_no_window(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    _framed(consumer, tenant)
    value = _handoff(consumer)
    binding, made, nonce, mac = value.split(".")
    forged = (
        "",
        "x",
        "a.b.c.d",
        "é",
        f"{binding}.{made}.{nonce}.{'0' * len(mac)}",
        f"{binding}.{int(made) + 60}.{nonce}.{mac}",
        f"{rows(tenant, Onboarding)[0].id.hex}.{made}.{nonce}.{mac}",
    )
    for wrong in forged:
        window = browser()
        window.post(consumer.url("window"), handoff=wrong)
        assert window.status == 401, wrong
    window = browser()
    monkeypatch.setattr("app.access.HANDOFF_SECONDS", -1)
    window.post(consumer.url("window"), handoff=value)
    assert window.status == 401


def test_each_page_carries_a_new_value(consumer: Consumer, tenant: MadeTenant) -> None:
    _framed(consumer, tenant)
    first = _handoff(consumer)
    consumer.get(consumer.url())
    assert _handoff(consumer) != first


def test_while_the_window_works_the_frame_waits_then_goes_on(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    _framed(consumer, tenant)
    window = browser()
    window.post(consumer.url("window"), handoff=_handoff(consumer))
    assert consumer.client.get(consumer.url("progress"), headers=FRAME).status_code == 204
    link = re.search(r'data-token="([^"]+)"', window.page)
    assert link is not None
    public_token = window.share_at_bank(link[1])
    window.post_json(window.url("bank", "finished"), {"public_token": public_token})
    window.get(window.url())
    assert window.heading == "Your bank is connected"
    assert "Go on here instead" in window.moves
    consumer.worker.run_due()
    consumer.get(consumer.url("progress"))
    assert consumer.heading == "May we look at your credit file?"
    window.post(window.url("here"))
    assert window.heading == "May we look at your credit file?"

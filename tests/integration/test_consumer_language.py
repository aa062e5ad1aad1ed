"""The other language: a link before the binding, a form after it; with cookies blocked and without script too."""

from collections.abc import Callable

from flask import Flask

from app.consumer.context import LANGUAGE_COOKIE
from tests.support.clients import CheckedClient
from tests.support.journeys import BIRTH, PHONE, Consumer
from tests.support.rows import let_pass, onboarding_row
from tests.support.tenants import MadeTenant

FORM = dict(zip(("birth_month", "birth_day", "birth_year"), BIRTH, strict=True)) | {"phone_number": PHONE}


def test_it_is_changed_by_a_form_and_kept_everywhere(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    assert consumer.url("language") in consumer.actions
    consumer.post(consumer.url("language"), lang="es")
    assert '<html lang="es"' in consumer.page
    assert onboarding_row(tenant, onboarding_id).locale == "es"
    let_pass(tenant, 301)
    other = browser()
    other.post(f"/onboarding/{consumer.onboarding}/resume", country="US", phone_number=PHONE)
    assert '<html lang="es"' in other.page
    other.get(other.url())
    other.post(other.url("language"), lang="en")
    consumer.get(consumer.url())
    assert '<html lang="en"' in consumer.page


def test_asking_by_get_keeps_nothing_once_a_browser_is_bound(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    answer = consumer.get(consumer.url() + "?lang=es")
    assert '<html lang="en"' in consumer.page
    assert "Set-Cookie" not in answer.headers
    assert onboarding_row(tenant, onboarding_id).locale == "en"


def test_a_language_that_is_not_offered_changes_nothing(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    for wish in ("xx", "", "../es"):
        consumer.post(consumer.url("language"), lang=wish)
        assert onboarding_row(tenant, onboarding_id).locale == "en"


def test_with_every_cookie_blocked_the_first_form_carries_it(app: Flask, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    for wish, locale in (("es", "es"), ("xx", "en")):
        onboarding_id, token = tenant.onboard(f"member-{wish}")
        client = app.test_client(use_cookies=False)
        assert isinstance(client, CheckedClient)
        page = client.get(f"/o/{token}?lang={wish}").get_data(as_text=True)
        assert f'name="lang" value="{locale}"' in page
        client.post(f"/o/{token}", data={**FORM, "lang": locale})
        assert onboarding_row(tenant, onboarding_id).locale == locale


def test_in_a_frame_without_cookies_the_script_asks_and_the_page_is_loaded_anew(app: Flask, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard(embed_origin="http://127.0.0.1:8002")
    client = app.test_client(use_cookies=False)
    assert isinstance(client, CheckedClient)
    framed = Consumer(client, None, None, headers={"Sec-Fetch-Dest": "iframe"})  # type: ignore[arg-type]
    framed.open(token)
    framed.start()
    bearer = framed.page.split('name="prefill-bearer" content="')[1].split('"')[0]
    framed.headers = {"Authorization": f"Bearer {bearer}", "HX-Request": "true", "Sec-Fetch-Dest": "empty"}
    answer = framed.post(framed.url("language"), lang="es")
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (200, "true")
    assert onboarding_row(tenant, onboarding_id).locale == "es"
    framed.get(framed.url("step"))
    assert "Escriba el código" in framed.page or "código" in framed.heading


def test_a_form_needs_the_browser_s_own_value(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    consumer.token = "forged"
    assert consumer.post(consumer.url("language"), lang="es").status_code == 403
    assert onboarding_row(tenant, onboarding_id).locale == "en"


def test_the_cookie_of_before_does_not_outlive_a_later_choice(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    consumer.get(f"/o/{token}?lang=es")
    consumer.open(token)
    consumer.start()
    consumer.post(consumer.url("language"), lang="en")
    kept = consumer.client.get_cookie(LANGUAGE_COOKIE, domain="localhost")
    assert kept is not None
    assert kept.value == "en"

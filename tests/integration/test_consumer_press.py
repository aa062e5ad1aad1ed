"""A double click on the first form without script: two requests of one page, of which the browser sees the second."""

import re

from flask import Flask

from app.domain.launch import DOUBLE_CLICK
from app.models import Binding, LaunchLink
from tests.support.clients import CheckedClient
from tests.support.journeys import BIRTH, PHONE
from tests.support.rows import codes_sent, event_types, place, rows
from tests.support.tenants import MadeTenant

FORM = dict(zip(("birth_month", "birth_day", "birth_year"), BIRTH, strict=True)) | {"phone_number": PHONE}


def press_of(page: str) -> str:
    found = re.search(r'name="press" value="([\w-]+)"', page)
    assert found is not None
    return found[1]


def without_memory(app: Flask) -> CheckedClient:
    """A browser that saw no answer yet."""
    client = app.test_client(use_cookies=False)
    assert isinstance(client, CheckedClient)
    return client


def test_the_second_press_of_the_same_page_goes_on(app: Flask, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    client = without_memory(app)
    press = press_of(client.get(f"/o/{token}").get_data(as_text=True))
    answers = [client.post(f"/o/{token}", data={**FORM, "press": press}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len({answer.headers["Set-Cookie"] for answer in answers}) == 2, "each has a secret of its own"
    assert place(tenant, onboarding_id) == "in_progress code/enter"
    assert len(codes_sent(tenant)) == 1, "one text"
    assert event_types(tenant, onboarding_id).count("onboarding.started") == 1
    assert [row.ended_at for row in rows(tenant, Binding)] == [None, None]


def test_by_hand_it_goes_on_too(app: Flask, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    client = without_memory(app)
    press = press_of(client.get(f"/o/{token}").get_data(as_text=True))
    answers = [client.post(f"/o/{token}/by-hand", data={"press": press}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert place(tenant, onboarding_id) == "in_progress review/manual"


def test_another_page_of_the_same_link_is_a_stranger(app: Flask, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    client = without_memory(app)
    first = press_of(client.get(f"/o/{token}").get_data(as_text=True))
    other = press_of(client.get(f"/o/{token}").get_data(as_text=True))
    assert first != other
    client.post(f"/o/{token}", data={**FORM, "press": first})
    for press in (other, "", "x", first + "x"):
        answer = client.post(f"/o/{token}", data={**FORM, "press": press})
        assert (answer.status_code, "Set-Cookie" in answer.headers) == (410, False)
    assert len(rows(tenant, Binding)) == 1


def test_a_link_used_up_without_a_press_opens_to_nobody(app: Flask, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    client = without_memory(app)
    client.post(f"/o/{token}", data=FORM)
    assert client.post(f"/o/{token}", data=FORM).status_code == 410
    assert client.post(f"/o/{token}", data={**FORM, "press": ""}).status_code == 410


def test_a_moment_later_it_is_over(app: Flask, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    client = without_memory(app)
    press = press_of(client.get(f"/o/{token}").get_data(as_text=True))
    client.post(f"/o/{token}", data={**FORM, "press": press})
    with tenant.services.database.session(tenant.scope) as session:
        (link,) = rows(tenant, LaunchLink)
        session.get_one(LaunchLink, link.id).used_at = link.used_at - DOUBLE_CLICK
    assert client.post(f"/o/{token}", data={**FORM, "press": press}).status_code == 410


def test_once_the_phone_is_proven_a_press_needs_the_number_and_shows_nothing(app: Flask, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    client = app.test_client()
    assert isinstance(client, CheckedClient)
    press = press_of(client.get(f"/o/{token}").get_data(as_text=True))
    page = client.post(f"/o/{token}", data={**FORM, "press": press}, follow_redirects=True).get_data(as_text=True)
    address = re.search(r'action="(/onboarding/\w+/code)"', page)
    token_value = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert address is not None
    assert token_value is not None
    client.post(address[1], data={"code": "123456", "csrf_token": token_value[1]})
    answer = without_memory(app).post(f"/o/{token}", data={"press": press, "phone_number": "12"})
    assert answer.status_code == 422
    assert "Set-Cookie" not in answer.headers

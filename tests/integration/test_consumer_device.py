"""Going on with another device: a code to scan, single use, short lived; the first page follows."""

import re
from collections.abc import Callable

from app.consumer.leave import DEVICE_LINK_MINUTES
from app.consumer.qr import qr_code
from app.models import LaunchLink
from tests.support.journeys import PHONE, Consumer
from tests.support.rows import let_pass, place, rows
from tests.support.tenants import MadeTenant


def scanned(consumer: Consumer) -> str:
    """The token of the link under the code."""
    found = re.search(r'id="device-link"[^>]*value="http://localhost:8000/o/([\w-]+)"', consumer.page)
    assert found is not None
    return found[1]


def followed(consumer: Consumer) -> int:
    """What the page's own question is answered with; 200 shows what has changed."""
    found = re.search(r'data-hx-get="([^"]+follow=[^"]+)"', consumer.page)
    assert found is not None
    answer = consumer.client.get(found[1], headers={"HX-Request": "true"})
    if answer.status_code == 200:
        consumer.page = answer.get_data(as_text=True)
    return answer.status_code


def test_another_device_goes_on_and_the_first_page_follows(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    consumer.post(consumer.url("device"))
    assert consumer.heading == "Go on with your phone"
    assert followed(consumer) == 204
    phone = browser()
    phone.open(scanned(consumer))
    assert phone.heading == "Pick up where you left off"
    assert followed(consumer) == 204, "opening it, as a scanner may, says nothing"
    let_pass(tenant, 301)
    phone.post(phone.link, country="US", phone_number=PHONE)
    assert followed(consumer) == 200
    assert "The form is open there" in consumer.page
    phone.confirm()
    assert followed(consumer) == 204
    phone.open_bank()
    assert followed(consumer) == 204, "signing in is the phone's matter"
    phone.finish_bank()
    assert followed(consumer) == 200
    assert "May we look at your credit file?" in consumer.page
    consumer.get(consumer.url())
    consumer.answer_credit_file("no")
    assert consumer.heading == "Check your details"
    assert place(tenant, onboarding_id) == "in_progress review/check"


def test_the_code_works_once_for_ten_minutes_and_a_new_one_ends_it(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    consumer.post(consumer.url("device"))
    first = scanned(consumer)
    consumer.post(consumer.url("device"))
    second = scanned(consumer)
    phone = browser()
    phone.open(first)
    assert phone.status == 410
    (newest,) = [link for link in rows(tenant, LaunchLink, purpose="device") if link.used_at is None][-1:]
    assert (newest.expires_at - newest.created_at).total_seconds() <= DEVICE_LINK_MINUTES * 60 + 1
    let_pass(tenant, DEVICE_LINK_MINUTES * 60 + 1, LaunchLink)
    phone.open(second)
    assert phone.status == 410
    assert followed(consumer) == 200
    assert "This code has ended" in consumer.page
    assert "follow=" not in consumer.page, "the asking has ended"


def test_before_the_phone_is_proven_there_is_no_code(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    consumer.post(consumer.url("device"))
    assert consumer.heading == "Enter the code we texted you"
    assert rows(tenant, LaunchLink, purpose="device") == []


def test_a_page_that_follows_says_how_it_ended(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    consumer.post(consumer.url("device"))
    shown = consumer.page
    consumer.post(consumer.url("cancel"))
    consumer.page = shown
    assert followed(consumer) == 200
    assert "This form was canceled" in consumer.page
    assert place(tenant, onboarding_id).startswith("canceled")


def test_the_drawing_is_the_code() -> None:
    path, size = qr_code("https://onboarding.example.com/o/" + "x" * 43)
    dark = set()
    for column, row, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path):
        dark |= {(int(column) + step, int(row)) for step in range(int(length))}
    finder = [(x, y) for x in range(7) for y in range(7) if max(abs(x - 3), abs(y - 3)) != 2]
    for left, top in ((0, 0), (size - 7, 0), (0, size - 7)):
        assert {(left + x, top + y) for x, y in finder} <= dark, "the three eyes of every QR code"
        assert not {(left + 1, top + 1), (left + 5, top + 1)} & dark
    assert (size - 17) % 4 == 0
    # The line of alternating squares between the eyes tells a reader the size.
    assert [(x, 6) in dark for x in range(8, size - 8)] == [x % 2 == 0 for x in range(8, size - 8)]

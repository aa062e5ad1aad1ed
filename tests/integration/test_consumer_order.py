"""Steps cannot be skipped or replayed, and whatever is pressed the due screen is shown."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from app.models import Consent
from tests.support.journeys import CODE, MANUAL, Consumer
from tests.support.rows import event_types, expire, onboarding_row, place, rows
from tests.support.tenants import MadeTenant

Reach = Callable[[Consumer, str], None]


def _code(consumer: Consumer, token: str) -> None:
    consumer.open(token)
    consumer.start()


def _bank(consumer: Consumer, token: str) -> None:
    consumer.prove(token)


def _link(consumer: Consumer, token: str) -> None:
    consumer.prove(token)
    consumer.open_bank()


def _fetching(consumer: Consumer, token: str) -> None:
    consumer.prove(token)
    consumer.tell_bank_finished()


def _credit_file(consumer: Consumer, token: str) -> None:
    consumer.prove(token)
    consumer.finish_bank()


def _credit_fetching(consumer: Consumer, token: str) -> None:
    _credit_file(consumer, token)
    consumer.post(consumer.url("credit-file"), answer="yes")


def _manual(consumer: Consumer, token: str) -> None:
    consumer.prove(token)
    consumer.post(consumer.url("by-hand"))


def _review(consumer: Consumer, token: str) -> None:
    consumer.to_review(token)


def _done(consumer: Consumer, token: str) -> None:
    consumer.to_review(token)
    consumer.share()


PLACES: dict[str, tuple[Reach, str]] = {
    "code/enter": (_code, "Enter the code we texted you"),
    "bank/intro": (_bank, "Connect your bank and skip the typing"),
    "bank/link": (_link, ""),
    "bank/fetching": (_fetching, "We’re filling in your form"),
    "bank/credit_file": (_credit_file, "May we look at your credit file?"),
    "bank/credit_fetching": (_credit_fetching, "We’re filling in your form"),
    "review/manual": (_manual, "Fill in the form yourself"),
    "review/check": (_review, "Check your details"),
    "done/done": (_done, "All done, Maria"),
}

# What can be pressed anywhere, and the places where it may move something.
PRESSES: dict[str, tuple[str, dict[str, Any], set[str]]] = {
    "phone": ("phone", {"country": "US", "phone_number": "(404) 555-0101"}, set()),
    "code": ("code", {"code": CODE}, {"code/enter"}),
    "resend": ("code/resend", {}, set()),
    "bank": ("bank", {}, {"bank/intro", "bank/link", "review/manual", "review/check"}),
    "retry": ("bank/retry", {}, set()),
    "by hand": ("by-hand", {}, {"code/enter", "bank/intro", "bank/link", "bank/credit_file"}),
    "credit yes": ("credit-file", {"answer": "yes"}, {"bank/credit_file"}),
    "credit no": ("credit-file", {"answer": "no"}, {"bank/credit_file"}),
    "credit maybe": ("credit-file", {"answer": "maybe"}, set()),
    "manual": ("manual", dict(MANUAL), {"review/manual"}),
    "review": ("review", {"first_name": "Mallory"}, {"review/check"}),
    "not me": ("not-me", {}, {"review/check"}),
    "feedback": ("feedback", {"how": "easy"}, set()),
}


@pytest.mark.parametrize("at", PLACES)
def test_no_step_is_skipped_or_replayed(consumer: Consumer, tenant: MadeTenant, at: str) -> None:
    reach, heading = PLACES[at]
    onboarding_id, token = tenant.onboard()
    reach(consumer, token)
    before = onboarding_row(tenant, onboarding_id)
    assert f"{before.step}/{before.stage}" == at
    events = event_types(tenant, onboarding_id)
    agreed = len(rows(tenant, Consent))
    for name, (path, form, moves) in PRESSES.items():
        if at in moves:
            continue
        consumer.post(consumer.url(*path.split("/")), **form)
        assert consumer.status in (200, 422), name
        after = onboarding_row(tenant, onboarding_id)
        assert (after.step, after.stage, after.status) == (before.step, before.stage, before.status), name
    consumer.get(consumer.url())
    assert consumer.heading == heading or at == "bank/link"
    new = event_types(tenant, onboarding_id)[len(events) :]
    assert set(new) <= {"onboarding.rated"}
    assert len(rows(tenant, Consent)) == agreed


@pytest.mark.parametrize("at", PLACES)
def test_reload_and_the_other_addresses_always_show_what_is_due(
    consumer: Consumer, tenant: MadeTenant, at: str
) -> None:
    reach, heading = PLACES[at]
    onboarding_id, token = tenant.onboard()
    reach(consumer, token)
    before = onboarding_row(tenant, onboarding_id).version
    for path in ("", "step", "progress", "bank", "not-me", "later", "cancel", "phone"):
        answer = consumer.client.get("/".join(filter(None, (consumer.url(), path))), follow_redirects=True)
        assert answer.status_code in (200, 204), path
    consumer.get(consumer.url())
    assert heading in consumer.heading
    assert onboarding_row(tenant, onboarding_id).version == before, "reading moves nothing"


@pytest.mark.parametrize("at", [name for name in PLACES if name != "done/done"])
def test_cancel_is_there_at_every_step_and_is_final(consumer: Consumer, tenant: MadeTenant, at: str) -> None:
    onboarding_id, token = tenant.onboard(state="s-1")
    PLACES[at][0](consumer, token)
    consumer.get(consumer.url("cancel"))
    assert consumer.heading == "Do you want to cancel?"
    assert {"Yes, cancel", "No, go back"} <= set(consumer.moves)
    consumer.post(consumer.url("cancel"))
    assert consumer.heading == "This form was canceled"
    assert "status=canceled" in consumer.page
    assert "return_token=" in consumer.page
    consumer.worker.run_due()
    for path, form, _ in PRESSES.values():
        consumer.post(consumer.url(*path.split("/")), **form)
    consumer.post(consumer.url("cancel"))
    assert consumer.heading == "This form was canceled"
    assert onboarding_row(tenant, onboarding_id).status == "canceled"
    assert event_types(tenant, onboarding_id).count("onboarding.canceled") == 1


@pytest.mark.parametrize("at", [name for name in PLACES if name != "done/done"])
def test_past_its_time_nothing_moves_even_before_the_job_has_noticed(
    consumer: Consumer, tenant: MadeTenant, at: str
) -> None:
    onboarding_id, token = tenant.onboard()
    PLACES[at][0](consumer, token)
    expire(tenant, onboarding_id)
    before = onboarding_row(tenant, onboarding_id)
    consumer.get(consumer.url())
    assert consumer.heading == "This form has ended"
    for path, form, _ in PRESSES.values():
        consumer.post(consumer.url(*path.split("/")), **form)
        assert consumer.heading == "This form has ended", path
    consumer.post(consumer.url("manual", "save"), email="late@example.com")
    assert consumer.post(consumer.url("reveal", "ssn_last_four")).status_code == 404
    assert onboarding_row(tenant, onboarding_id).version == before.version


def test_when_the_time_is_over_the_job_ends_it(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard(expires_in=dt.timedelta(milliseconds=1))
    consumer.worker.run_due()
    assert place(tenant, onboarding_id) == "expired phone/form"
    consumer.open(token)
    assert consumer.heading == "This form has ended"
    consumer.worker.run_due()
    assert event_types(tenant, onboarding_id).count("onboarding.expired") == 1


def test_sharing_twice_shares_once(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.to_review(token)
    form = consumer.filled_form(consumer.url("review"))
    consumer.post(consumer.url("review"), **form)
    consumer.post(consumer.url("review"), **{**form, "first_name": "Mallory"})
    assert consumer.heading == "All done, Maria"
    types = event_types(tenant, onboarding_id)
    assert types.count("onboarding.completed") == 1
    assert [consent.kind for consent in rows(tenant, Consent)].count("share") == 1


def test_a_second_tab_sees_what_the_first_one_did(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant
) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    tab = browser()
    tab.client = consumer.client
    tab.get(consumer.url())
    consumer.post(consumer.url("by-hand"))
    tab.post(tab.url("bank"))
    assert tab.status == 200
    consumer.get(consumer.url())
    assert consumer.status == 200


def test_finish_later_says_until_when_and_leads_back(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    consumer.prove(token)
    consumer.get(consumer.url("later"))
    assert consumer.status == 200
    assert consumer.url("step") in consumer.page
    consumer.get(consumer.url("step"))
    assert consumer.heading == "Connect your bank and skip the typing"

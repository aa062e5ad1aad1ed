"""Fifty presses at the same moment: one success, and never more tries than are allowed, whoever judges the code."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask

from app.domain.services import Services
from app.models import Binding, SendCounter
from app.security.csrf import new_csrf_token
from tests.support.emulator import Emulator
from tests.support.journeys import CODE, Consumer
from tests.support.rows import calls_to, codes_sent, event_types, place, rows
from tests.support.tenants import MadeTenant, make_tenant

PRESSES = 50
JUDGES = {"spinwheel": ("sms", "/verify"), "twilio": ("voice", "/VerificationCheck")}


@pytest.fixture(params=sorted(JUDGES))
def verifier(request: pytest.FixtureRequest) -> str:
    judge: str = request.param
    return judge


@pytest.fixture
def at_code(consumer: Consumer, services: Services, verifier: str) -> tuple[Consumer, MadeTenant, object]:
    """A consumer who was sent a code by this verifier."""
    tenant = make_tenant(services, verification_method=JUDGES[verifier][0])
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    assert [row.verifier for row in codes_sent(tenant)] == [verifier]
    return consumer, tenant, onboarding_id


def press_at_once(app: Flask, consumer: Consumer, tenant: MadeTenant, code_of: Callable[[int], str]) -> list[int]:
    """The code form from fifty threads that wait for each other; the statuses of the answers."""
    binding = rows(tenant, Binding)[-1]
    csrf = new_csrf_token(tenant.services.database.hash_key, binding.id)
    cookie = consumer.client.get_cookie(f"__Host-prefill-{consumer.onboarding}")
    assert cookie is not None
    headers = {"Cookie": f"{cookie.key}={cookie.value}"}
    together = Barrier(PRESSES)

    def press(number: int) -> int:
        client = app.test_client(use_cookies=False)
        together.wait(30)
        form = {"csrf_token": csrf, "code": code_of(number)}
        return client.post(consumer.url("code"), data=form, headers=headers).status_code

    with ThreadPoolExecutor(PRESSES) as pool:
        return list(pool.map(press, range(PRESSES)))


def test_fifty_right_answers_prove_the_phone_once(
    at_code: tuple[Consumer, MadeTenant, object], app: Flask, emulator: Emulator, verifier: str
) -> None:
    consumer, tenant, onboarding_id = at_code
    answers = press_at_once(app, consumer, tenant, lambda _: CODE)
    assert max(answers) < 500
    assert place(tenant, onboarding_id) == "in_progress bank/intro"
    assert event_types(tenant, onboarding_id).count("onboarding.phone_verified") == 1
    assert [binding.phone_proven for binding in rows(tenant, Binding)].count(True) == 1
    assert [row.status for row in codes_sent(tenant)] == ["verified"]
    assert calls_to(emulator, JUDGES[verifier][1]) <= 3


def test_fifty_wrong_answers_get_the_tries_that_are_allowed(
    at_code: tuple[Consumer, MadeTenant, object], app: Flask, emulator: Emulator, services: Services, verifier: str
) -> None:
    consumer, tenant, onboarding_id = at_code
    answers = press_at_once(app, consumer, tenant, lambda number: f"9{number:05d}")
    assert set(answers) == {422}
    assert codes_sent(tenant)[0].attempts == 3
    assert calls_to(emulator, JUDGES[verifier][1]) == 3
    consumer.confirm()
    assert place(tenant, onboarding_id).startswith("in_progress code/"), "the right one is too late now"
    with services.database.session(read_only=True) as session:
        counted = session.query(SendCounter).filter(SendCounter.scope == "wrong:phone").one().count
    assert counted == 12, "and the number has no more tries today"


def test_the_right_answer_among_forty_nine_wrong_ones_counts_once_or_not_at_all(
    at_code: tuple[Consumer, MadeTenant, object], app: Flask, emulator: Emulator, verifier: str
) -> None:
    consumer, tenant, onboarding_id = at_code
    press_at_once(app, consumer, tenant, lambda number: CODE if number == PRESSES // 2 else f"9{number:05d}")
    assert calls_to(emulator, JUDGES[verifier][1]) <= 3
    proven = event_types(tenant, onboarding_id).count("onboarding.phone_verified")
    assert proven == (1 if place(tenant, onboarding_id) == "in_progress bank/intro" else 0)
    assert codes_sent(tenant)[0].status == ("verified" if proven else "failed")

"""Many requests at the same moment."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from app.domain.ids import wire_id
from app.models import Event, Onboarding, User
from tests.integration.test_api_onboardings import URL
from tests.support.tenants import MadeTenant

MANY = 16


def all_at_once(app: Flask, tenant: MadeTenant, send: Callable[[Any, int], Any]) -> list[Any]:
    """`send(client, number)` from so many threads, released together."""
    barrier = Barrier(MANY)

    def one(number: int) -> Any:
        client = app.test_client()
        barrier.wait(10)
        return send(client, number)

    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(one, range(MANY)))


def count(tenant: MadeTenant, model: type[Onboarding] | type[User] | type[Event]) -> int:
    """Rows of the tenant."""
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        return session.scalar(select(func.count(model.id))) or 0


def test_one_key_has_one_effect(app: Flask, tenant: MadeTenant) -> None:
    headers = {**tenant.headers, "Idempotency-Key": "k-1"}
    body = {"external_user_id": "member-1"}
    answers = all_at_once(app, tenant, lambda client, _: client.post(URL, json=body, headers=headers))
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) <= {201, 409}
    made = {answer.json["id"] for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    assert count(tenant, Onboarding) == 1


def test_first_onboardings_of_one_user_all_succeed(app: Flask, tenant: MadeTenant) -> None:
    def send(client: Any, number: int) -> Any:
        headers = {**tenant.headers, "Idempotency-Key": f"k-{number}"}
        return client.post(URL, json={"external_user_id": "member-1", "state": "s"}, headers=headers)

    answers = all_at_once(app, tenant, send)
    assert [answer.status_code for answer in answers] == [201] * MANY
    assert count(tenant, Onboarding) == MANY
    assert count(tenant, User) == 1


def test_cancelled_by_many_it_is_cancelled_once(app: Flask, tenant: MadeTenant) -> None:
    onboarding_id, _ = tenant.onboard()
    url = f"{URL}/{wire_id('onboarding', onboarding_id)}/cancel"  # type: ignore[arg-type]
    answers = all_at_once(app, tenant, lambda client, _: client.post(url, headers=tenant.headers))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert any(answer.status_code == 200 for answer in answers)
    # One that it was created, one that it was canceled.
    assert count(tenant, Event) == 2

"""A proven phone is the one that stands in the result: a code of one number never proves another."""

from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from app.domain import confirmation, limits
from app.domain.consents import Visitor
from app.domain.person import note_person
from app.domain.verification import CodeRequest, send_code
from app.models import Onboarding, User
from app.models.vault import vault
from tests.support.emulator import Emulator
from tests.support.journeys import PHONE, PHONE_E164, Consumer
from tests.support.rows import let_pass, onboarding_row, rows
from tests.support.tenants import MadeTenant

OTHER, OTHER_E164 = "(415) 555-0015", "+14155550015"


def use_up(tenant: MadeTenant, number: str) -> None:
    """As if the number had had all its texts of the day elsewhere."""
    with tenant.services.database.session() as session:
        limits.add(session, {"phone": f"test:{number}"}, ["send:phone"], 100)


def change_to_held(tenant: MadeTenant, emulator: Emulator, consumer: Consumer) -> None:
    use_up(tenant, OTHER_E164)
    consumer.start(OTHER)


def change_to_failing(tenant: MadeTenant, emulator: Emulator, consumer: Consumer) -> None:
    fault = {"operation": "*", "fault": "500", "times": 9}
    for provider in ("spinwheel", "twilio"):
        emulator.control("POST", "/faults", {"provider": provider, **fault})
    consumer.start(OTHER)
    emulator.control("DELETE", "/faults")


@pytest.mark.parametrize("change", [change_to_held, change_to_failing])
def test_the_code_of_the_number_before_proves_nothing_after_a_change(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator, change: Callable[..., None]
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start(PHONE)
    change(tenant, emulator, consumer)
    consumer.confirm()
    assert onboarding_row(tenant, onboarding_id).phone_verified_at is None
    assert [user.phone_verified for user in rows(tenant, User)] == [False]


def test_a_number_changed_while_its_code_is_judged_is_not_proven(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start(PHONE)
    judge = confirmation._judge

    def and_meanwhile(*args: Any) -> Any:
        judged = judge(*args)
        with tenant.services.database.session(tenant.scope) as session:
            onboarding = session.get_one(Onboarding, onboarding_id)
            note_person(session, onboarding, session.get_one(User, onboarding.user_id), OTHER_E164, "1975-01-18")
        return judged

    with mock.patch.object(confirmation, "_judge", and_meanwhile):
        consumer.confirm()
    assert onboarding_row(tenant, onboarding_id).phone_verified_at is None


def test_the_number_before_can_be_typed_again(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start(PHONE)
    use_up(tenant, OTHER_E164)
    consumer.start(OTHER)
    let_pass(tenant, 301)
    consumer.start(PHONE)
    consumer.confirm()
    assert onboarding_row(tenant, onboarding_id).phone_verified_at is not None


def test_a_form_sent_before_the_proof_changes_no_proven_number(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    wanted = CodeRequest(Visitor("", ""), phone_number=OTHER_E164, date_of_birth="1980-02-02")
    send_code(tenant.services, tenant.scope, onboarding_id, wanted)
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        said = [vault(session).open(onboarding, name) for name in ("phone_number", "date_of_birth")]
    assert said == [PHONE_E164, "1975-01-18"]

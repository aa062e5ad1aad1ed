"""Whether a clock tells what a number met before: texts that are sent against texts that are held."""

import statistics
import time
from itertools import product
from typing import Any

import pytest

from app.domain import limits
from app.domain.consents import Visitor
from app.domain.flow import make_move
from app.domain.verification import CodeRequest, send_code
from app.models import Onboarding
from tests.integration.conftest import more_settings  # noqa: F401 - a fixture: both providers are the emulators
from tests.support.emulator import Emulator
from tests.support.tenants import MadeTenant

SAMPLES, PROVIDER_SECONDS = 40, 0.05
# How often a held text takes longer than a sent one: a half when nobody can tell them apart.
LEAST, MOST = 0.2, 0.8

pytestmark = pytest.mark.timeout(170)


def seconds(tenant: MadeTenant, number: int, phone_number: str) -> float:
    """How long a fresh browser waits for the answer to its first form."""
    onboarding_id: Any = tenant.onboard(f"asker-{number}")[0]
    with tenant.services.database.session(tenant.scope) as session:
        make_move(session, session.get_one(Onboarding, onboarding_id), "start")
    visitor = Visitor(f"2001:db8:{number:x}::1", "")
    wanted = CodeRequest(visitor, phone_number=phone_number, date_of_birth="1975-01-18")
    begun = time.perf_counter()
    assert send_code(tenant.services, tenant.scope, onboarding_id, wanted).problem is None
    return time.perf_counter() - begun


def test_what_is_held_takes_as_long_as_what_is_sent(tenant: MadeTenant, emulator: Emulator) -> None:
    body = {"provider": "spinwheel", "operation": "*", "fault": "slow", "seconds": PROVIDER_SECONDS}
    emulator.control("POST", "/faults", body)
    with tenant.services.database.session() as session:
        limits.add(session, {"phone": "test:+14155550011"}, ["send:phone"], 8)
    sent, held = [], []
    for number in range(SAMPLES):
        # A number of its own each time, or it would be held too.
        sent.append(seconds(tenant, number, f"+1{212 + number % 3}555{1000 + number}"))
        held.append(seconds(tenant, SAMPLES + number, "+14155550011"))
    longer = sum(after > before for before, after in product(sent, held)) / SAMPLES**2
    kind = tenant.services.database.engine.dialect.name
    print(
        f"\nanswers on {kind}: sent {statistics.median(sent) * 1000:.0f} ms, held {statistics.median(held) * 1000:.0f} "
        f"ms (medians of {SAMPLES}); a held one takes longer in {longer:.0%} of the pairs"
    )
    assert LEAST < longer < MOST

"""Pumping texts against ordinary consumers, a simulated day long: what is sent, what it costs, who gets through.

The rules, the counts and the database are the product's; only the clock and the people are made up. The attackers are
strong ones: each try comes from a fresh browser, and every challenge is solved.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.domain.challenge import BITS_UNDER_SUSPICION
from app.domain.consents import Visitor
from app.domain.outcomes import Outcome
from app.domain.send_rules import Browser, address_hash, count_confirmed, refuse_send
from app.domain.services import Services
from app.models import Onboarding, PhoneVerificationSession, new_id, utcnow
from app.models.vault import vault
from tests.support.clocks import Clock
from tests.support.databases import copy_sqlite
from tests.support.tenants import MadeTenant, make_tenant

ATTACKERS, ADDRESSES, PREFIX = 10_000, 1_000, "+1415555"
ORDINARY, ENTER_THEIR_CODE, BEHIND_ONE_CARRIER = 1_500, 0.85, 0.1
CAP = 2_000
# So many askers share a transaction: disks are not what is measured here.
BATCH = 250
DAY_SECONDS = 24 * 3600
CENTS_A_TEXT = 5
AREAS = ("206", "212", "213", "303", "305", "312", "404", "503", "512", "602", "617", "702", "713", "718", "808", "916")

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """One kind is enough: what is counted does not depend on it."""
    return copy_sqlite(sqlite_template, tmp_path)


@dataclass(frozen=True)
class Asker:
    """Somebody who asks for one text."""

    at: float
    phone_number: str
    ip_address: str
    ordinary: bool
    enters: bool


def crowd(chance: random.Random) -> list[Asker]:
    """A day of both, in order. The attack lasts for six hours."""
    askers = []
    for number in range(ATTACKERS):
        address = f"198.51.{number % ADDRESSES // 250}.{number % ADDRESSES % 250 + 1}"
        at = 8 * 3600 + chance.random() * 6 * 3600
        askers.append(Asker(at, f"{PREFIX}{number:04}", address, False, False))
    for number in range(ORDINARY):
        carrier = chance.random() < BEHIND_ONE_CARRIER
        address = "203.0.113.1" if carrier else f"2001:db8:{number:x}::1"
        phone = f"+1{chance.choice(AREAS)}{chance.randrange(200, 999)}{chance.randrange(10_000):04}"
        askers.append(Asker(chance.random() * DAY_SECONDS, phone, address, True, chance.random() < ENTER_THEIR_CODE))
    return sorted(askers, key=lambda asker: asker.at)


def ask(tenant: MadeTenant, session: Session, onboarding: Onboarding, asker: Asker) -> str:
    """How it ends: `sent`, `held` or the word of the refusal. No row stays: every try is its browser's first."""
    visitor, browser = Visitor(asker.ip_address, ""), Browser(new_id())
    outcome = refuse_send(tenant.services, session, onboarding, asker.phone_number, visitor, browser)
    if outcome is not None:
        return _word(outcome)
    if asker.enters:
        row = PhoneVerificationSession(
            tenant_id=tenant.scope.tenant_id,
            mode=tenant.scope.mode,
            user_id=onboarding.user_id,
            onboarding_id=onboarding.id,
            address_hash=address_hash(session, onboarding, visitor),
            verification_method="sms",
            expires_at=utcnow(),
        )
        vault(session).seal(row, "phone_number", asker.phone_number)
        session.add(row)
        session.flush()
        count_confirmed(session, onboarding, row)
        session.delete(row)
        session.flush()
    return "sent"


def _word(outcome: Outcome) -> str:
    return "held" if outcome.held else str(outcome.problem)


@pytest.fixture
def solved(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Everybody solves every challenge, by a stand-in that only counts them."""
    count = Counter[str]()

    def passes(*_: object) -> bool:
        count["solved"] += 1
        return True

    monkeypatch.setattr("app.domain.send_rules.pass_challenge", passes)
    # The timeline is not what is measured, and one onboarding stands for all.
    monkeypatch.setattr("app.domain.send_rules.make_move", lambda *_: None)
    return lambda: count["solved"]


def test_pumping_stays_under_the_cap_while_people_get_through(
    services: Services,
    clock: Clock,
    solved: Callable[[], int],
) -> None:
    tenant = make_tenant(services, "simulated", mode="live", sends_per_day=CAP)
    begun, told = clock.now, {True: Counter[str](), False: Counter[str]()}
    askers = crowd(random.Random(20261124))
    onboarding_id, _ = tenant.onboard()
    for first in range(0, len(askers), BATCH):
        with tenant.services.database.session(tenant.scope) as session:
            onboarding = session.get_one(Onboarding, onboarding_id)
            for asker in askers[first : first + BATCH]:
                clock.now = begun
                clock.advance(seconds=asker.at)
                told[asker.ordinary][ask(tenant, session, onboarding, asker)] += 1
    attack, ordinary = told[False], told[True]
    through = ordinary["sent"] / ORDINARY
    print(
        f"\nabuse, one day, {ATTACKERS} numbers on one prefix from {ADDRESSES} addresses, "
        f"{ORDINARY} ordinary consumers, cap {CAP}:"
        f"\n  attack   {attack['sent']:6} texts sent, {ATTACKERS - attack['sent']} refused {dict(attack)}"
        f"\n  ordinary {ordinary['sent']:6} texts sent, {through:.2%} got through {dict(ordinary)}"
        f"\n  saved    ${(ATTACKERS - attack['sent']) * CENTS_A_TEXT / 100:.2f} of "
        f"${ATTACKERS * CENTS_A_TEXT / 100:.2f} at {CENTS_A_TEXT} cents a text; "
        f"{solved()} challenges, about {solved() * 2**BITS_UNDER_SUSPICION / 1e6:.0f} million hashes"
    )
    assert attack["sent"] + ordinary["sent"] <= CAP
    assert through >= 0.99

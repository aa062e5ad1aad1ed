"""Whatever is pressed in whatever order, in two browsers: the table of moves holds and no page breaks."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from app.domain.flow import MOVES, OPEN
from app.domain.launch import find_consumer
from app.domain.onboardings import add_launch_link
from app.models import Event, Onboarding
from tests.support.emulator import Emulator
from tests.support.journeys import MANUAL, PHONE, Consumer
from tests.support.rows import let_pass, onboarding_row, rows
from tests.support.tenants import MadeTenant

PERSONAL = ("Maria", "Ortiz", "Larkspur", "maria.ortiz@", "Platypus", "111122223334021")


# Together these come to every place below, or else the test would say so.
SEEDS = (25, 33)
FAR = {"code/enter", "bank/link", "bank/credit_file", "review/manual", "review/check", "done/done"}
KNOWN_EVENTS = {move.event for move in MOVES.values()} | {
    "onboarding.created",
    "onboarding.step_completed",
    "onboarding.rated",
    "bank.events_seen",
    "bank.disconnected",
}


class Walk:
    """One onboarding, two browsers, and a dice."""

    def __init__(self, tenant: MadeTenant, browsers: list[Consumer], seed: int) -> None:
        self.tenant, self.browsers, self.dice = tenant, browsers, random.Random(seed)
        self.onboarding_id, self.token = tenant.onboard(f"member-{seed}")
        self.taken: list[str] = []
        self.seen: set[str] = set()
        self.wire = ""

    def step(self) -> None:
        """One press by one of the two."""
        browser = self.browsers[self.dice.random() < 0.25]
        name = self.dice.choice(sorted(ACTIONS))
        row = onboarding_row(self.tenant, self.onboarding_id)
        self.seen.add(f"{row.step}/{row.stage}")
        if self.dice.random() < 0.5 or (name in RARE and self.dice.random() < 0.8):
            name = FORWARD.get(f"{row.step}/{row.stage}", name)
        self.taken.append(f"{self.browsers.index(browser)} {name}")
        browser.status = 200
        browser.onboarding = browser.onboarding or self.wire
        ACTIONS[name](self, browser)
        self.wire = self.wire or browser.onboarding
        self.check(browser)

    def check(self, browser: Consumer) -> None:
        """What must hold after each press."""
        told = " > ".join(self.taken[-8:])
        row = onboarding_row(self.tenant, self.onboarding_id)
        assert browser.status < 500, told
        assert browser.page[:1] in ("", "{") or browser.heading or browser.status == 204, told
        if not self._proven(browser):
            assert not [word for word in PERSONAL if word in browser.page], told
        if browser.status in (200, 422) and row.status in OPEN and browser.page:
            assert [move for move in browser.moves if move] or "<noscript" in browser.page or browser.token, told

    def _proven(self, browser: Consumer) -> bool:
        wire = browser.onboarding or self.wire
        cookie = browser.client.get_cookie(f"__Host-prefill-{wire}")
        if cookie is None:
            return False
        with self.tenant.services.database.session(read_only=True) as session:
            found = find_consumer(session, cookie.value)
        return found is not None and found.proven

    def fresh_link(self) -> str:
        """A new link of the tenant's."""
        with self.tenant.services.database.session(self.tenant.scope) as session:
            return add_launch_link(session, session.get_one(Onboarding, self.onboarding_id))[0]


def _press(*path: str, **form: Any) -> Callable[[Walk, Consumer], None]:
    return lambda _walk, browser: None if not browser.onboarding else _ignore(browser.post(browser.url(*path), **form))


def _ignore(_: Any) -> None:
    return None


def _open(walk: Walk, browser: Consumer) -> None:
    if not browser.link:
        browser.open(walk.token)
    else:
        browser.get(browser.link)


def _open_fresh(walk: Walk, browser: Consumer) -> None:
    if onboarding_row(walk.tenant, walk.onboarding_id).status in OPEN:
        browser.open(walk.fresh_link())


def _start(walk: Walk, browser: Consumer) -> None:
    let_pass(walk.tenant, 301)
    browser.link = browser.link or f"/o/{walk.token}"
    url = browser.url("phone") if browser.onboarding and walk.dice.random() < 0.5 else browser.link
    browser.post(url, country="US", phone_number=PHONE, birth_month="1", birth_day="18", birth_year="1975")


def _share_at_bank(walk: Walk, browser: Consumer) -> None:
    if browser.onboarding and 'data-token="' in browser.page and walk.dice.random() < 0.9:
        link_token = browser.page.split('data-token="')[1].split('"')[0]
        by_link = 'data-mode="link"' in browser.page
        public_token = browser.sign_in_at_bank(link_token) if by_link else browser.share_at_bank(link_token)
        browser.post_json(browser.url("bank", "finished"), {"public_token": public_token})
        browser.get(browser.url())


def _json(*path: str) -> Callable[[Walk, Consumer], None]:
    def press(_walk: Walk, browser: Consumer) -> None:
        if browser.onboarding:
            browser.status = browser.post_json(browser.url(*path), {"public_token": "x", "status": "y"}).status_code

    return press


def _review(_walk: Walk, browser: Consumer) -> None:
    if browser.onboarding and browser.url("review") in browser.page:
        browser.share()


def _get(*path: str) -> Callable[[Walk, Consumer], None]:
    return lambda _walk, browser: None if not browser.onboarding else _ignore(browser.get(browser.url(*path)))


def _by_hand(walk: Walk, browser: Consumer) -> None:
    browser.post(f"{browser.link or '/o/' + walk.token}/by-hand")


def _work(_walk: Walk, browser: Consumer) -> None:
    browser.worker.run_due()


ACTIONS: dict[str, Callable[[Walk, Consumer], None]] = {
    "open": _open,
    "open fresh": _open_fresh,
    "start": _start,
    "start again": _start,
    "code": _press("code", code="123456"),
    "right code": _press("code", code="123456"),
    "wrong code": _press("code", code="111111"),
    "resend": _press("code", "resend"),
    "resume": _press("resume", country="US", phone_number=PHONE),
    "bank": _press("bank"),
    "to the bank": _press("bank"),
    "share at bank": _share_at_bank,
    "share there": _share_at_bank,
    "not available": _json("bank", "not-available"),
    "exit": _json("bank", "exit"),
    "renew": _json("bank", "renew"),
    "skip": _press("bank", "skip"),
    "by link": _press("bank", way="link"),
    "finished": _json("bank", "finished"),
    "retry": _press("bank", "retry"),
    "by hand": _press("by-hand"),
    "link by hand": _by_hand,
    "credit yes": _press("credit-file", answer="yes"),
    "credit no": _press("credit-file", answer="no"),
    "manual": _press("manual", **MANUAL),
    "manual save": _press("manual", "save", email="x@example.com"),
    "review": _review,
    "share": _review,
    "review small": _press("review", dispute="date_of_birth"),
    "review save": _press("review", "save", first_name="Mary"),
    "not me": _press("not-me"),
    "cancel": _press("cancel"),
    "feedback": _press("feedback", how="easy"),
    "here": _press("here"),
    "work": _work,
    "worker": _work,
    "page": _get(),
    "step": _get("step"),
    "progress": _get("progress"),
    "later": _get("later"),
    "ask cancel": _get("cancel"),
    "ask not me": _get("not-me"),
    "bank page": _get("bank"),
    "connect": _get("connect"),
    "resume page": _get("resume"),
    "copy": _get("copy"),
    "phone page": _get("phone"),
}
RARE = {"cancel", "not me", "open fresh", "finished", "link by hand"}
# What leads on, so that a walk comes far enough to be worth it.
FORWARD = {
    "phone/form": "start",
    "code/enter": "right code",
    "code/stuck": "start",
    "bank/intro": "bank",
    "bank/link": "share at bank",
    "bank/unavailable": "bank",
    "bank/failed": "bank",
    "bank/fetching": "work",
    "bank/credit_file": "credit yes",
    "bank/credit_fetching": "work",
    "review/manual": "manual",
    "review/check": "share",
}


@pytest.fixture
def more_settings(more_settings: dict[str, str]) -> dict[str, str]:
    """Budgets wide enough to walk on."""
    return {**more_settings, "PREFILL_LIMIT_SCALE": "100"}


def test_any_order_of_presses_stays_on_the_table(
    browser: Callable[[], Consumer], tenant: MadeTenant, emulator: Emulator
) -> None:
    seen: set[str] = set()
    for seed in SEEDS:
        emulator.control("POST", "/reset", {})
        walk = Walk(tenant, [browser(), browser()], seed)
        for _ in range(70):
            walk.step()
        seen |= walk.seen
    assert {event.type for event in rows(tenant, Event)} <= KNOWN_EVENTS
    assert seen >= FAR, f"the walks did not come to {FAR - seen}"

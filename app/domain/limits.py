"""Budgets for texts and tries, counted in the database so that neither a restart nor an empty cache forgets them.

They stay below the provider's own: a stranger must never be able to lock somebody's number there for a day.
"""

import datetime as dt
import ipaddress
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from app.models import SendCounter, new_id, utcnow
from app.models.vault import vault

# Counts are kept by windows of this length. The window a budget's period begins in counts as a whole, so a period is
# up to one window longer than it says and never shorter.
WINDOW = dt.timedelta(minutes=10)


@dataclass(frozen=True)
class Budget:
    """At most `count` in `period` for one key. With `earned` each confirmed code makes room for so many more."""

    scope: str
    count: int
    period: dt.timedelta
    earned: int = 0


HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
SENDS = (
    Budget("send:phone", 4, HOUR),
    Budget("send:phone", 8, DAY),
    # Fewer than the number's own, so that nobody uses up somebody's day from one place.
    Budget("send:pair", 5, DAY),
    Budget("send:prefix", 60, HOUR, earned=3),
    Budget("send:ip", 20, HOUR, earned=3),
    Budget("send:tenant", 5_000, HOUR),
)
# A new code does not clear this one: guessing goes on where it stopped.
WRONG_CODES = Budget("wrong:phone", 12, DAY)
RESUMES = Budget("resume:onboarding", 10, HOUR)
# Links by text or mail, for one onboarding and to one address; links to be scanned.
MESSAGES = Budget("message:onboarding", 3, HOUR)
MESSAGES_TO = Budget("message:address", 8, DAY)
DEVICE_LINKS = Budget("device:onboarding", 20, HOUR)
# Seconds until the next text may be asked for, by the number of texts sent so far.
RESEND_AFTER = (30, 60, 120, 300)


@dataclass(frozen=True)
class Conversion:
    """People enter their codes, pumping never does. From so many texts on, of which too few were confirmed, a key is
    challenged, then refused until enough of them are older than the period."""

    key: str
    period: dt.timedelta
    challenge_from: int
    refuse_from: int


CONVERSIONS = (
    Conversion("prefix", HOUR, 20, 40),
    Conversion("prefix", DAY, 40, 120),
    Conversion("ip", HOUR, 8, 20),
)
LEAST_CONFIRMED = 0.1


class Tally:
    """What was counted for some keys, by the name behind the scope's colon."""

    def __init__(self, session: Session, keys: Mapping[str, str], scopes: Collection[str]) -> None:
        self._now = utcnow()
        digests = {scope: _digest(session, scope, keys[_subject(scope)]) for scope in scopes}
        statement = select(SendCounter.scope, SendCounter.window_start, SendCounter.count).where(
            tuple_(SendCounter.scope, SendCounter.key).in_(list(digests.items())),
            SendCounter.window_start > self._now - DAY - WINDOW,
        )
        self._rows = [(scope, start, count) for scope, start, count in session.execute(statement)]

    def count(self, scope: str, period: dt.timedelta) -> int:
        """How often in the period."""
        since = self._now - period - WINDOW
        return sum(count for name, start, count in self._rows if name == scope and start > since)

    def spent(self, budget: Budget, scale: int = 1) -> bool:
        """Whether a budget has no room left."""
        earned = budget.earned * self.count(f"ok:{_subject(budget.scope)}", budget.period) if budget.earned else 0
        return self.count(budget.scope, budget.period) >= budget.count * scale + earned

    def suspected(self, scale: int = 1) -> bool:
        """Whether too few of these codes were confirmed, so that the next one costs a challenge."""
        return any(self._poor(rule, rule.challenge_from * scale) for rule in CONVERSIONS)

    def held_back(self, scale: int = 1) -> bool:
        """Whether so few of these codes were confirmed that no more are sent for a while."""
        return any(self._poor(rule, rule.refuse_from * scale) for rule in CONVERSIONS)

    def _poor(self, rule: Conversion, least: int) -> bool:
        sent = self.count(f"send:{rule.key}", rule.period)
        return sent >= least and self.count(f"ok:{rule.key}", rule.period) < LEAST_CONFIRMED * sent


def address_group(ip_address: str) -> str:
    """Who stands behind an address: IPv4 as it is, of IPv6 the /64, which is one household's or one phone's."""
    try:
        address = ipaddress.ip_address(ip_address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), 64), strict=False).network_address) + "/64"
    return str(address)


def lock(session: Session, keys: Mapping[str, str]) -> None:
    """Let nobody else count these keys until the transaction ends: whoever looks first has counted before the next."""
    if session.get_bind().dialect.name == "postgresql":
        # In one order everywhere, so that two who count at once wait for each other and never in a circle.
        names = [vault(session).digest(f"{subject}:{key}") for subject, key in keys.items()]
        for name in sorted(int.from_bytes(digest[:8], "big", signed=True) for digest in names):
            session.execute(select(func.pg_advisory_xact_lock(name)))


def add(session: Session, keys: Mapping[str, str], scopes: Collection[str], count: int = 1) -> None:
    """Count for each scope; -1 takes back what was counted and did not happen."""
    add_hashed(session, {scope: _digest(session, scope, keys[_subject(scope)]) for scope in scopes}, count)


def add_hashed(session: Session, hashed: Mapping[str, bytes], count: int = 1) -> None:
    """Count for each scope, where only the hash of its key is known."""
    now, seconds = utcnow(), int(WINDOW.total_seconds())
    start = dt.datetime.fromtimestamp(now.timestamp() // seconds * seconds, tz=dt.UTC)
    insert = postgresql_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    rows = [
        {"id": new_id(), "created_at": now, "scope": scope, "key": key, "window_start": start, "count": count}
        for scope, key in sorted(hashed.items())
    ]
    session.execute(
        insert(SendCounter)
        .values(rows)
        .on_conflict_do_update(
            index_elements=["scope", "key", "window_start"], set_={"count": SendCounter.count + count}
        )
    )


def spend_one(session: Session, budget: Budget, key: str, scale: int = 1) -> bool:
    """Count one; False, and nothing is counted, when the budget is used up."""
    keys = {_subject(budget.scope): key}
    lock(session, keys)
    if Tally(session, keys, [budget.scope]).spent(budget, scale):
        return False
    add(session, keys, [budget.scope])
    return True


def used(session: Session, budget: Budget, key: str) -> int:
    """How much of a budget is used."""
    return Tally(session, {_subject(budget.scope): key}, [budget.scope]).count(budget.scope, budget.period)


def clear(session: Session, budget: Budget, key: str) -> None:
    """Forget the count, after a success."""
    hashed = _digest(session, budget.scope, key)
    session.execute(delete(SendCounter).where(SendCounter.scope == budget.scope, SendCounter.key == hashed))


def address_hash(session: Session, key: str) -> bytes:
    """How the counters know an address."""
    return _digest(session, "send:ip", key)


def _subject(scope: str) -> str:
    return scope.partition(":")[2]


def _digest(session: Session, scope: str, key: str) -> bytes:
    # Without the first half of the scope, so that what was sent and what was confirmed stand under one key.
    return vault(session).digest(f"{_subject(scope)}:{key}")

"""Budgets for texts and tries, counted in the database so that neither a restart nor an empty cache forgets them.

They stay below the provider's own: a stranger must never be able to lock somebody's number there for a day.
"""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from app.models import SendCounter, new_id, utcnow
from app.models.vault import vault

WINDOW = dt.timedelta(minutes=10)


@dataclass(frozen=True)
class Budget:
    """At most `count` in `period` for one key."""

    scope: str
    count: int
    period: dt.timedelta


HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
SENDS = (
    Budget("send:phone", 4, HOUR),
    Budget("send:phone", 8, DAY),
    Budget("send:prefix", 60, HOUR),
    Budget("send:ip", 20, HOUR),
    Budget("send:tenant", 5_000, HOUR),
)
# A new code does not clear this one: guessing goes on where it stopped.
WRONG_CODES = Budget("wrong:phone", 12, DAY)
RESUMES = Budget("resume:onboarding", 10, HOUR)
# Seconds until the next text may be asked for, by the number of texts sent so far.
RESEND_AFTER = (30, 60, 120, 300)


def spend(session: Session, budgets: tuple[Budget, ...], keys: dict[str, str], scale: int = 1) -> Budget | None:
    """Count one against every budget; the first that is used up, or None when all had room.

    `keys` maps a budget's scope to who is counted. `scale` widens all of them in development.
    """
    # In one order everywhere, so that two who count at once wait for each other and never in a circle.
    for scope in sorted({budget.scope for budget in budgets}):
        _count(session, scope, keys[scope])
    for budget in budgets:
        if used(session, budget, keys[budget.scope]) > budget.count * scale:
            return budget
    return None


def used(session: Session, budget: Budget, key: str) -> int:
    """How much of a budget is used."""
    since = utcnow() - budget.period
    hashed = vault(session).digest(f"{budget.scope}:{key}")
    statement = select(func.coalesce(func.sum(SendCounter.count), 0)).where(
        SendCounter.scope == budget.scope, SendCounter.key == hashed, SendCounter.window_start > since
    )
    return int(session.scalar(statement) or 0)


def _count(session: Session, scope: str, key: str) -> None:
    now = utcnow()
    seconds = int(WINDOW.total_seconds())
    start = dt.datetime.fromtimestamp(now.timestamp() // seconds * seconds, tz=dt.UTC)
    insert = postgresql_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    statement = insert(SendCounter).values(
        id=new_id(),
        created_at=now,
        scope=scope,
        key=vault(session).digest(f"{scope}:{key}"),
        window_start=start,
        count=1,
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["scope", "key", "window_start"], set_={"count": SendCounter.count + 1}
        )
    )


def spend_one(session: Session, budget: Budget, key: str, scale: int = 1) -> bool:
    """Count one; False when the budget is used up."""
    return spend(session, (budget,), {budget.scope: key}, scale) is None


def clear(session: Session, budget: Budget, key: str) -> None:
    """Forget the count, after a success."""
    hashed = vault(session).digest(f"{budget.scope}:{key}")
    session.execute(delete(SendCounter).where(SendCounter.scope == budget.scope, SendCounter.key == hashed))

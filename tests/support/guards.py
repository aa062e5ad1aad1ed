"""Taking the tenants' guards away, one layer at a time: what a test proves must fall over without them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from sqlalchemy import event

from app.models.scope_guard import ScopedSession, _apply_scope, _check_attach, _check_flush
from app.models.session import Database

HOOKS = (("do_orm_execute", _apply_scope), ("before_attach", _check_attach), ("before_flush", _check_flush))


@contextmanager
def no_orm_guard() -> Iterator[None]:
    """The session filters and checks nothing until the block ends."""
    for name, hook in HOOKS:
        event.remove(ScopedSession, name, hook)
    try:
        with mock.patch("app.models.scope_guard._check_owner"):
            yield
    finally:
        for name, hook in HOOKS:
            event.listen(ScopedSession, name, hook)


def become_owner(database: Database) -> None:
    """From here on this database acts as its owner, whom row-level security lets by."""
    if database.engine.dialect.name == "postgresql":
        database.dispose()
        event.listen(database.engine, "connect", _reset_role)


def _reset_role(connection: Any, _entry: Any) -> None:
    connection.autocommit = True
    connection.execute("RESET ROLE")
    connection.autocommit = False

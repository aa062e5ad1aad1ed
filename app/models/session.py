"""Transactions, and the tenant scope that every one of them carries.

A session is opened for one `Scope` (tenant and mode) or for none. Tenant-owned rows are filtered, checked and, on
PostgreSQL, guarded by row-level security too. Without a scope only the tables that *find* a tenant can be reached.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from threading import RLock
from typing import Any, cast

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from app.models.scope_guard import ScopedSession
from app.models.vault import Vault
from app.security.key_ring import RootKeyring

_open_transactions: ContextVar[int] = ContextVar("open_transactions", default=0)


@dataclass(frozen=True)
class Scope:
    """Whose rows a transaction may touch."""

    tenant_id: uuid.UUID
    mode: str


Work = Callable[[], AbstractContextManager[Session]]


def transaction_open() -> bool:
    """Whether this thread of work holds a transaction. Providers must never be asked while it does."""
    return _open_transactions.get() > 0


class Database:
    """One engine and the sessions made from it."""

    def __init__(self, url: str, *, role: str, keyring: RootKeyring, hash_key: bytes, pool_size: int = 8) -> None:
        self.engine = _engine(url, role, pool_size)
        self._keyring, self.hash_key = keyring, hash_key
        self._sessions = sessionmaker(self.engine, class_=ScopedSession, expire_on_commit=False, autoflush=True)
        # SQLite lets one write at a time and has the others sleep and ask again; threads that queue wait far less.
        self._turn: AbstractContextManager[Any] = RLock() if self.engine.dialect.name == "sqlite" else nullcontext()

    @contextmanager
    def session(self, scope: Scope | None = None, *, read_only: bool = False) -> Iterator[Session]:
        """One transaction: committed at the end of the block, rolled back on any error and if read-only."""
        with nullcontext() if read_only else self._turn, self._transaction(scope, read_only) as session:
            yield session

    @contextmanager
    def _transaction(self, scope: Scope | None, read_only: bool) -> Iterator[Session]:
        token = _open_transactions.set(_open_transactions.get() + 1)
        session = self._sessions(info={"scope": scope, "read_only": read_only})
        session.info["vault"] = Vault(session, self._keyring, self.hash_key)
        try:
            if read_only:
                session.connection(execution_options={"prefill_read_only": True})
            yield session
            # A reading session is only closed: a rollback would expire the rows that the caller still looks at.
            if not read_only:
                session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.close()
            _open_transactions.reset(token)

    def work(self, scope: Scope | None) -> Work:
        """What a use case takes: each call is one committed transaction in this scope."""
        return lambda: self.session(scope)

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _engine(url: str, role: str, pool_size: int) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": 10}, pool_size=pool_size, max_overflow=pool_size * 8)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = create_engine(parsed, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True)
        event.listen(engine, "connect", _take_role(role))
        event.listen(engine, "begin", _begin_postgresql)
    return engine


def _set_up_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A deferred read-then-write fails at once when another writer is there; an immediate one waits its turn.
    read_only = connection.get_execution_options().get("prefill_read_only")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _take_role(role: str) -> Callable[[Any, ConnectionPoolEntry], None]:
    def set_role(connection: Any, _entry: ConnectionPoolEntry) -> None:
        # Row-level security binds neither owners nor superusers, so the app steps down to a role that is neither.
        connection.autocommit = True
        connection.execute(f'SET ROLE "{role}"')
        connection.autocommit = False

    return set_role


def _begin_postgresql(connection: Connection) -> None:
    # The driver makes this a part of BEGIN, so it costs no round trip of its own.
    read_only = bool(connection.get_execution_options().get("prefill_read_only"))
    cast(Any, connection.connection.dbapi_connection).read_only = read_only


def _bind_scope(session: Session, _transaction: Any, connection: Connection) -> None:
    scope = session.info.get("scope")
    if scope is None or connection.dialect.name != "postgresql":
        return
    # Local to the transaction: a session-wide setting would leak to the next borrower of the pooled connection.
    connection.execute(
        text("SELECT set_config('app.tenant_id', :tenant, true), set_config('app.mode', :mode, true)"),
        {"tenant": str(scope.tenant_id), "mode": scope.mode},
    )


event.listen(ScopedSession, "after_begin", _bind_scope)

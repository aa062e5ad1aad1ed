"""The base of every table: ids, UTC times, constraint names, tenant and mode."""

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    LargeBinary,
    MetaData,
    String,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
    event,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Mode(StrEnum):
    """Every row of a tenant belongs to one of the two."""

    TEST = "test"
    LIVE = "live"


class UtcDateTime(TypeDecorator[dt.datetime]):
    """Aware UTC in Python, a plain UTC time in SQLite, `timestamptz` in PostgreSQL."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone was about to be stored")
        value = value.astimezone(dt.UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: dt.datetime | None, _dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def utcnow() -> dt.datetime:
    """Now, aware, in UTC. The one clock of the server."""
    return dt.datetime.now(dt.UTC)


def new_id() -> uuid.UUID:
    """A UUIDv7: unguessable enough to be an id, ordered by time for the index. Never a secret."""
    return uuid7()


class Base(DeclarativeBase):
    """Ids, creation times and defaults are set when an object is made: sealing binds to them before any flush."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        uuid.UUID: Uuid(as_uuid=True),
        dt.datetime: UtcDateTime(),
        dict[str, Any]: JSON,
        list[Any]: JSON,
        bytes: LargeBinary,
    }

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    created_at: Mapped[dt.datetime]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"


@event.listens_for(Base, "init", propagate=True)
def _set_defaults(target: Base, _args: Any, values: dict[str, Any]) -> None:
    values.setdefault("id", new_id())
    values.setdefault("created_at", utcnow())
    for column in type(target).__table__.columns:
        if column.default is not None and column.default.is_scalar:
            values.setdefault(column.key, column.default.arg)


class TenantOwned:
    """A row that belongs to one tenant in one mode; the session filters and checks it (`app/models/session.py`)."""

    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id", ondelete="RESTRICT"))
    mode: Mapped[str] = mapped_column(String(4))


class FindsTenant:
    """A row that is read before the tenant is known: it holds ids and hashes only, and no row-level security."""

    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id", ondelete="RESTRICT"))
    mode: Mapped[str] = mapped_column(String(4))


def mode_check() -> CheckConstraint:
    """The mode is one of two."""
    return CheckConstraint("mode in ('test', 'live')", name="mode")


def owned_id() -> UniqueConstraint:
    """What a composite foreign key of a child points at, so that no child can hang on another tenant's parent."""
    return UniqueConstraint("tenant_id", "mode", "id")


def owned_by(column: str, table: str, *, ondelete: str = "CASCADE") -> ForeignKeyConstraint:
    """A foreign key that includes tenant and mode."""
    return ForeignKeyConstraint(
        ["tenant_id", "mode", column],
        [f"{table}.tenant_id", f"{table}.mode", f"{table}.id"],
        ondelete=ondelete,
    )

"""Runs migrations as the database's owner: the app's own role may neither create nor alter."""

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import create_engine, event, pool

from app.models import Base
from app.models.base import UtcDateTime

settings = current_app.extensions["settings"]


def render_item(kind: str, item: Any, _autogen: Any) -> str | bool:
    """Write our time type by its name in `app.models.base`."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    """One transaction for all, so that a failing step leaves nothing half-made."""
    engine = create_engine(settings.database_url.get_secret_value(), poolclass=pool.NullPool)
    if engine.dialect.name == "sqlite":
        # The driver's own transactions do not cover DDL; ours do.
        event.listen(engine, "connect", lambda connection, _entry: setattr(connection, "isolation_level", None))
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.begin() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_type=True,
            render_as_batch=True,
            render_item=render_item,
            app_role=settings.database_role,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()

"""Migrated databases for tests: made once for each worker, clean for each test."""

import os
import shutil
from pathlib import Path

from flask_migrate import upgrade
from sqlalchemy import create_engine, make_url, text

from app import create_app
from app.models import Base
from tests.support.settings import make_settings

SERVER = os.environ.get("TEST_DATABASE_URL", "")


def migrated_sqlite(folder: Path) -> Path:
    """A migrated file to copy from."""
    path = folder / "template.db"
    _migrate(f"sqlite:///{path}")
    return path


def copy_sqlite(template: Path, folder: Path) -> str:
    """A fresh copy."""
    path = folder / "test.db"
    shutil.copy(template, path)
    return f"sqlite:///{path}"


def migrated_postgresql(worker: str) -> str:
    """A migrated database of this worker's own, on the server that TEST_DATABASE_URL names."""
    url = make_url(SERVER)
    name = f"{url.database}_{worker}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    admin.dispose()
    own = url.set(database=name).render_as_string(hide_password=False)
    _migrate(own)
    return own


def drop_postgresql(own: str) -> None:
    """Remove a worker's database."""
    admin = create_engine(make_url(SERVER), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{make_url(own).database}" WITH (FORCE)'))
    admin.dispose()


def empty_postgresql(own: str) -> None:
    """Empty every table, as the owner."""
    engine = create_engine(own)
    names = ", ".join(table.name for table in Base.metadata.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {names}"))
    engine.dispose()


def _migrate(url: str) -> None:
    app = create_app(make_settings(url))
    with app.app_context():
        upgrade()
    app.extensions["services"].database.dispose()

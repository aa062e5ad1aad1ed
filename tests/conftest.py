"""Fixtures of every kind of test. The same integration tests run on SQLite and, where there is one, on PostgreSQL."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from app.domain.services import Services
from app.worker import Worker
from tests.support import databases
from tests.support.clients import CheckedClient
from tests.support.clocks import clock  # noqa: F401 - a fixture
from tests.support.emulator import emulator, served_emulator  # noqa: F401 - fixtures
from tests.support.settings import make_settings
from tests.support.tenants import MadeTenant, make_tenant

IN_CI = os.environ.get("CI") == "true"


def missing(reason: str) -> None:
    """Skip where a service is missing; in CI that is a failure."""
    if IN_CI:
        pytest.fail(f"CI must have it: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file."""
    return databases.migrated_sqlite(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql_database(worker_id: str) -> Iterator[str]:
    """A migrated PostgreSQL database of this worker."""
    if not databases.SERVER:
        missing("TEST_DATABASE_URL names no PostgreSQL server")
    own = databases.migrated_postgresql(worker_id)
    yield own
    databases.drop_postgresql(own)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A clean migrated database, on each kind in turn."""
    if request.param == "sqlite":
        return databases.copy_sqlite(request.getfixturevalue("sqlite_template"), tmp_path)
    own: str = request.getfixturevalue("postgresql_database")
    databases.empty_postgresql(own)
    return own


@pytest.fixture
def more_settings() -> dict[str, str]:
    """Settings a test module adds by overriding this fixture."""
    return {}


@pytest.fixture
def app(database_url: str, more_settings: dict[str, str]) -> Iterator[Flask]:
    """The app on a clean database."""
    made = create_app(make_settings(database_url, **more_settings))
    made.test_client_class = CheckedClient
    yield made
    made.extensions["services"].database.dispose()


@pytest.fixture
def services(app: Flask) -> Services:
    """What use cases need."""
    found: Services = app.extensions["services"]
    return found


@pytest.fixture
def client(app: Flask) -> CheckedClient:
    """A browser on our origin."""
    made = app.test_client()
    assert isinstance(made, CheckedClient)
    return made


@pytest.fixture
def worker(services: Services) -> Worker:
    """A worker that a test drives by `run_due`."""
    return Worker(services, threads=1)


@pytest.fixture
def tenant(services: Services) -> MadeTenant:
    """Acme, in test mode."""
    return make_tenant(services)


@pytest.fixture
def other_tenant(services: Services) -> MadeTenant:
    """Another tenant with the same shapes."""
    return make_tenant(services, "northwind")

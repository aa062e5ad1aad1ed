"""Migrations go up, down and up again, with rows in the tables, and end at exactly what the models say."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import Column, Engine, Integer, MetaData, UniqueConstraint, create_engine, event, inspect, select

from app.models import Base, TenantOwned, User
from app.models.base import FindsTenant
from tests.support.tenants import MadeTenant, make_tenant

LEFT_BY_ALEMBIC = {"alembic_version"}


@pytest.fixture
def owner(app: Flask) -> Iterator[Engine]:
    """The database as its owner sees it."""
    engine = create_engine(app.extensions["settings"].database_url.get_secret_value())
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON"))
    yield engine
    engine.dispose()


@pytest.fixture
def migrated_back(app: Flask) -> Iterator[None]:
    """Leave the shared database as it was found, whatever the test did to it."""
    yield
    with app.app_context():
        upgrade()


def _differences(engine: Engine, wanted: MetaData = Base.metadata) -> list[Any]:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return [each for each in compare_metadata(context, wanted) if "alembic_version" not in str(each)]


def _fill(tenant: MadeTenant) -> None:
    tenant.onboard("member-1", state="kept", metadata={"kept": True})
    tenant.endpoint("http://127.0.0.1:9/hook")


def test_the_migrated_schema_is_what_the_models_say(owner: Engine) -> None:
    assert _differences(owner) == []


def test_the_comparison_sees_what_differs(owner: Engine) -> None:
    wanted = MetaData(naming_convention=Base.metadata.naming_convention)
    for table in Base.metadata.sorted_tables:
        table.to_metadata(wanted)
    wanted.tables["users"].append_column(Column("surplus", Integer))
    wanted.tables["users"].append_constraint(UniqueConstraint("generation"))
    assert len(_differences(owner, wanted)) == 2


@pytest.mark.usefixtures("migrated_back")
def test_up_down_and_up_with_rows_in_every_direction(app: Flask, owner: Engine, tenant: MadeTenant) -> None:
    services = tenant.services
    _fill(tenant)
    with app.app_context():
        services.database.dispose()
        downgrade(revision="base")
        assert set(inspect(owner).get_table_names()) == LEFT_BY_ALEMBIC
        upgrade()
    assert _differences(owner) == []
    again = make_tenant(services, "again")
    _fill(again)
    with services.database.session(again.scope, read_only=True) as session:
        assert session.scalars(select(User.external_user_id)).one() == "member-1"


@pytest.mark.usefixtures("migrated_back")
def test_one_step_down_and_up_keeps_the_rows(app: Flask, owner: Engine, tenant: MadeTenant) -> None:
    _fill(tenant)
    with app.app_context():
        tenant.services.database.dispose()
        for revision in _revisions()[1:]:
            downgrade(revision=_before(revision))
            upgrade(revision=revision)
        upgrade()
    assert _differences(owner) == []
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        assert session.scalars(select(User.external_user_id)).one() == "member-1"


def _revisions() -> list[str]:
    versions = Path(__file__).parents[2] / "migrations" / "versions"
    return sorted(path.name.partition("_")[0] for path in versions.glob("*.py"))


def _before(revision: str) -> str:
    known = _revisions()
    return known[known.index(revision) - 1]


def test_the_step_for_row_level_security_names_every_table_once() -> None:
    step = import_module("migrations.versions.0002_row_level_security")
    owned = {model.__tablename__ for model in TenantOwned.__subclasses__()}  # type: ignore[attr-defined]
    finding = {model.__tablename__ for model in FindsTenant.__subclasses__()}  # type: ignore[attr-defined]
    assert set(step.TENANT_TABLES) == owned
    assert finding <= set(step.FINDING_TABLES)
    assert owned | set(step.FINDING_TABLES) == set(Base.metadata.tables)
    assert len({*step.TENANT_TABLES, *step.FINDING_TABLES}) == len(step.TENANT_TABLES) + len(step.FINDING_TABLES)

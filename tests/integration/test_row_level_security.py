"""PostgreSQL guards the tenants by itself: the catalogue says so, and either layer holds with the other one off."""

import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, UniqueConstraint, create_engine, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.domain.consents import Shown, Visitor, give_consent
from app.domain.services import Services
from app.models import Base, Consent, Onboarding, User, new_id, utcnow
from app.models.session import Database, Scope
from tests.support import databases
from tests.support.guards import no_orm_guard
from tests.support.settings import make_settings
from tests.support.tenants import MadeTenant

pytestmark = pytest.mark.postgres

OURS, THEIRS = "member-ours", "member-theirs"
# Read before the tenant is known, so they hold ids and hashes only; `jobs` are claimed for all tenants at once.
FINDERS = {"api_keys", "bindings", "jobs", "launch_links", "provider_links"}
# Unique by a keyed hash of a secret, or by an id that already carries the tenant: no value of another's shows.
UNIQUE_WITHOUT_TENANT = {
    ("api_keys", ("digest",)),
    ("bindings", ("digest",)),
    ("launch_links", ("digest",)),
    ("provider_links", ("kind", "digest")),
    ("jobs", ("dedupe_key",)),
}


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """PostgreSQL alone: SQLite has none of this."""
    own: str = request.getfixturevalue("postgresql_database")
    databases.empty_postgresql(own)
    return own


@pytest.fixture
def owner(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def role() -> str:
    return make_settings("sqlite://").database_role


@pytest.fixture
def seeded(tenant: MadeTenant, other_tenant: MadeTenant) -> tuple[Scope, Scope]:
    tenant.onboard(OURS)
    other_tenant.onboard(THEIRS)
    return tenant.scope, other_tenant.scope


def _rows(connection: Connection, statement: str, **values: Any) -> list[Any]:
    return [tuple(row) for row in connection.execute(text(statement), values)]


# ---------- The catalogue ----------
TABLES_WITH_TENANT = """
    SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
"""


def test_every_table_of_a_tenant_is_guarded(owner: Engine) -> None:
    with owner.connect() as connection:
        guarded = {name: flags for name, *flags in _rows(connection, TABLES_WITH_TENANT)}
        policies = _rows(
            connection,
            "SELECT tablename, qual, with_check, permissive, cmd FROM pg_policies WHERE schemaname = 'public'",
        )
    assert guarded.keys() >= FINDERS
    open_tables = {name for name, flags in guarded.items() if flags != [True, True]}
    assert open_tables == FINDERS
    assert sorted(name for name, *_ in policies) == sorted(guarded.keys() - FINDERS)
    for name, using, check, permissive, command in policies:
        assert (permissive, command) == ("PERMISSIVE", "ALL"), name
        assert using == check, name
        assert "tenant_id = (NULLIF(current_setting('app.tenant_id'" in using, name
        assert "(mode)::text = NULLIF(current_setting('app.mode'" in using, name


def test_the_role_of_the_app_can_do_no_more_than_it_must(owner: Engine, role: str) -> None:
    flags = "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolcanlogin FROM pg_roles WHERE rolname = :role"
    with owner.connect() as connection:
        assert _rows(connection, flags, role=role) == [(False,) * 5]
        assert (
            _rows(connection, "SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = :role", role=role) == []
        )
        assert _rows(connection, "SELECT 1 FROM pg_auth_members WHERE member = CAST(:role AS regrole)", role=role) == []
        assert _rows(connection, "SELECT has_schema_privilege(:role, 'public', 'CREATE')", role=role) == [(False,)]
        # A view runs as its owner and would step around every policy.
        assert _rows(connection, "SELECT viewname FROM pg_views WHERE schemaname = 'public'") == []


def test_keys_between_rows_carry_the_tenant() -> None:
    for table in Base.metadata.sorted_tables:
        if "tenant_id" not in table.c:
            continue
        for constraint in table.constraints:
            columns = tuple(column.name for column in constraint.columns)
            if isinstance(constraint, UniqueConstraint) and (table.name, columns) not in UNIQUE_WITHOUT_TENANT:
                assert columns[:2] == ("tenant_id", "mode"), f"{table.name}: unique {columns}"
        for key in table.foreign_key_constraints:
            columns = tuple(key.column_keys)
            if key.referred_table.name == "tenants":
                assert columns == ("tenant_id",)
            else:
                assert columns[:2] == ("tenant_id", "mode"), f"{table.name}: foreign key {columns}"
        for index in table.indexes:
            assert not index.unique, f"{table.name}: a unique index"
    dead = {(name, columns) for name, columns in UNIQUE_WITHOUT_TENANT if name not in Base.metadata.tables}
    assert dead == set()


# ---------- Each layer alone ----------
@pytest.fixture
def without_orm_guard(services: Services) -> Iterator[Database]:
    """The app's database with the filter and the checks of the ORM taken out."""
    with no_orm_guard():
        yield services.database


def _names(session: Session) -> list[str]:
    return sorted(session.scalars(select(User.external_user_id)))


def test_row_level_security_holds_alone(without_orm_guard: Database, seeded: tuple[Scope, Scope]) -> None:
    ours, theirs = seeded
    database = without_orm_guard
    with database.session(ours) as session:
        assert _names(session) == [OURS]
        assert session.execute(text("SELECT count(*) FROM users")).scalar_one() == 1
        assert session.execute(text("UPDATE users SET generation = 9")).rowcount == 1  # type: ignore[attr-defined]
        assert session.execute(text("DELETE FROM events")).rowcount == 1  # type: ignore[attr-defined]
        assert session.execute(text("DELETE FROM users WHERE external_user_id = :x"), {"x": THEIRS}).rowcount == 0  # type: ignore[attr-defined]
    with database.session(Scope(ours.tenant_id, "live")) as session:
        assert _names(session) == []
    with database.session(Scope(uuid.uuid4(), "test")) as session:
        assert _names(session) == []
    with database.session() as session:
        assert _names(session) == []
    with database.session(theirs) as session:
        assert [(row.external_user_id, row.generation) for row in session.scalars(select(User))] == [(THEIRS, 1)]


def _stranger(scope: Scope) -> User:
    return User(tenant_id=scope.tenant_id, mode=scope.mode, external_user_id="planted")


def test_rows_for_another_tenant_are_refused(without_orm_guard: Database, seeded: tuple[Scope, Scope]) -> None:
    ours, theirs = seeded
    for scope, row in (
        (ours, _stranger(theirs)),
        (ours, _stranger(Scope(ours.tenant_id, "live"))),
        (None, _stranger(ours)),
    ):
        with pytest.raises(DBAPIError, match="row-level security"), without_orm_guard.session(scope) as session:
            session.add(row)
    for column, value in (("tenant_id", str(theirs.tenant_id)), ("mode", "live")):
        with pytest.raises(DBAPIError, match="row-level security"), without_orm_guard.session(ours) as session:
            session.execute(text(f"UPDATE events SET {column} = :value"), {"value": value})


def test_the_orm_holds_alone(services: Services, database_url: str, owner: Engine, seeded: tuple[Scope, Scope]) -> None:
    """As the owner, a superuser whom no policy binds. `test_scope_guard.py` tries every statement that way."""
    ours, theirs = seeded
    keyring, hash_key = services.database._keyring, services.database.hash_key
    database = Database(database_url, role=owner.url.username or "", keyring=keyring, hash_key=hash_key)
    with owner.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM users")).scalar_one() == 2
    with database.session(ours) as session:
        assert _names(session) == [OURS]
        session.execute(update(User).values(generation=9))
    with database.session(theirs, read_only=True) as session:
        assert [(row.external_user_id, row.generation) for row in session.scalars(select(User))] == [(THEIRS, 1)]
    database.dispose()


# ---------- The pool ----------
@pytest.fixture
def narrow(services: Services, database_url: str, role: str, without_orm_guard: Database) -> Iterator[Database]:
    """One connection for everybody, and nothing but the policies between them."""
    database = Database(
        database_url, role=role, keyring=services.database._keyring, hash_key=services.database.hash_key, pool_size=1
    )
    yield database
    database.dispose()


def test_a_borrowed_connection_forgets_whose_it_was(narrow: Database, seeded: tuple[Scope, Scope]) -> None:
    ours, theirs = seeded
    for _ in range(3):
        with narrow.session(ours) as session:
            assert _names(session) == [OURS]
        with narrow.session(theirs, read_only=True) as session:
            assert _names(session) == [THEIRS]
        with narrow.session() as session:
            assert _names(session) == []
        with pytest.raises(DBAPIError), narrow.session(ours) as session:
            session.execute(text("SELECT 1 / 0"))
        with pytest.raises(RuntimeError), narrow.session(theirs) as session:
            assert _names(session) == [THEIRS]
            raise RuntimeError
        with narrow.session(read_only=True) as session:
            assert _names(session) == []


def test_a_commit_in_the_middle_and_a_savepoint_keep_the_tenant(narrow: Database, seeded: tuple[Scope, Scope]) -> None:
    with narrow.session(seeded[0]) as session:
        session.commit()
        assert _names(session) == [OURS]
        inner = session.begin_nested()
        inner.rollback()
        assert _names(session) == [OURS]
        session.rollback()
        assert _names(session) == [OURS]


def test_threads_on_few_connections_never_see_each_other(narrow: Database, seeded: tuple[Scope, Scope]) -> None:
    wrong: list[Any] = []

    def look(scope: Scope, name: str) -> None:
        for _ in range(15):
            with narrow.session(scope, read_only=True) as session:
                if _names(session) != [name]:
                    wrong.append(name)

    threads = [threading.Thread(target=look, args=pair) for pair in zip(seeded * 3, (OURS, THEIRS) * 3, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# ---------- Evidence ----------
def test_the_app_may_withdraw_a_consent_and_change_nothing_else(services: Services, tenant: MadeTenant) -> None:
    onboarding_id, _ = tenant.onboard()
    with services.database.session(tenant.scope) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        give_consent(session, onboarding, Shown("phone", "1", "en", "I agree."), Visitor("127.0.0.1", "a browser"))
    with services.database.session(tenant.scope) as session:
        session.scalars(select(Consent)).one().withdrawn_at = utcnow()
    changes = {
        "kind": "share",
        "text_hash": "0" * 64,
        "evidence_sealed": b"x",
        "given_at": utcnow(),
        "user_id": new_id(),
    }
    for name, value in changes.items():
        with pytest.raises(DBAPIError, match="permission denied"), services.database.session(tenant.scope) as session:
            setattr(session.scalars(select(Consent)).one(), name, value)
    with pytest.raises(DBAPIError, match="permission denied"), services.database.session(tenant.scope) as session:
        session.delete(session.scalars(select(Consent)).one())

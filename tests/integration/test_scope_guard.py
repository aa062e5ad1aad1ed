"""The ORM's scope alone, on both databases: on PostgreSQL the tests act as the owner, whom row-level security lets by.

Every kind of statement either gives the rows of the session's own tenant and mode or is refused.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import column, delete, exists, func, insert, join, literal, literal_column, select, table, text, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, aliased, make_transient_to_detached

from app.domain.services import Services
from app.models import Event, Job, LaunchLink, Onboarding, Tenant, User, new_id, utcnow
from app.models.scope_guard import ReadOnlyError, ScopeError
from app.models.session import Database, Scope
from tests.support.tenants import MadeTenant

OURS, THEIRS = "member-ours", "member-theirs"
USERS = User.__table__


@dataclass(frozen=True)
class World:
    """Two tenants with one user each, seen by a database that has no row-level security to help."""

    database: Database
    ours: Scope
    theirs: Scope
    our_user: uuid.UUID
    their_user: uuid.UUID


@pytest.fixture
def world(services: Services, database_url: str, tenant: MadeTenant, other_tenant: MadeTenant) -> Any:
    tenant.onboard(OURS)
    other_tenant.onboard(THEIRS)
    owner = make_url(database_url).username or ""
    keyring = services.database._keyring
    database = Database(database_url, role=owner, keyring=keyring, hash_key=services.database.hash_key, pool_size=2)
    ids = []
    for scope in (tenant.scope, other_tenant.scope):
        with database.session(scope, read_only=True) as session:
            ids.append(session.scalars(select(User.id)).one())
    yield World(database, tenant.scope, other_tenant.scope, *ids)
    database.dispose()


OTHER = aliased(User)
INNER = select(User.external_user_id)
# Each tries to see the other tenant's user; each must see ours alone.
READS: dict[str, Any] = {
    "entity": select(User),
    "column": select(User.external_user_id),
    "alias": select(OTHER.external_user_id),
    "alias of a subquery": select(aliased(User, select(User).subquery()).external_user_id),
    "subquery": select(INNER.subquery()),
    "common table expression": select(INNER.cte()),
    "scalar subquery": select(Tenant.slug, INNER.where(User.tenant_id == Tenant.id).scalar_subquery()),
    "join": select(Tenant.slug, User.external_user_id).join(User, User.tenant_id == Tenant.id),
    "outer join": select(Tenant.slug, User.external_user_id).outerjoin(User, User.tenant_id == Tenant.id),
    "join as a FROM": select(User.external_user_id).select_from(join(Tenant, User, Tenant.id == User.tenant_id)),
    "aggregate": select(func.max(User.external_user_id)),
    "window": select(User.external_user_id, func.row_number().over(order_by=User.id)),
    "expression": select(User.external_user_id + "!"),
    "join with an alias": select(User.external_user_id, OTHER.external_user_id).join(OTHER, OTHER.mode == User.mode),
    "only in WHERE": select(Tenant.slug, literal(THEIRS)).where(
        User.external_user_id == THEIRS, User.tenant_id == Tenant.id
    ),
    "EXISTS": select(Tenant.slug, literal(THEIRS)).where(exists(INNER.where(User.external_user_id == THEIRS))),
    "EXISTS without a select": select(Tenant.slug, literal(THEIRS)).where(
        exists().where(User.external_user_id == THEIRS)
    ),
    "IN": select(Tenant.slug, literal(THEIRS)).where(literal(THEIRS).in_(INNER)),
}


def _plain(session: Session, statement: Any) -> str:
    return str([[getattr(each, "external_user_id", each) for each in row] for row in session.execute(statement)])


def test_reads_see_the_own_tenant_and_mode_alone(world: World) -> None:
    for scope, hidden in ((world.ours, THEIRS), (Scope(world.ours.tenant_id, "live"), "member-")):
        with world.database.session(scope, read_only=True) as session:
            leaks = [name for name, statement in READS.items() if hidden in _plain(session, statement)]
        assert leaks == []


def test_the_reads_above_do_see_what_they_may(world: World) -> None:
    with world.database.session(world.theirs, read_only=True) as session:
        blind = [name for name, statement in READS.items() if THEIRS not in _plain(session, statement)]
    assert blind == []


def test_counting_and_getting(world: World) -> None:
    with world.database.session(world.ours, read_only=True) as session:
        assert session.scalar(select(func.count()).select_from(User)) == 1
        assert session.scalar(select(func.count(User.id))) == 1
        assert session.get(User, world.their_user) is None
        assert session.get(User, world.their_user, populate_existing=True) is None
        ours = session.get_one(User, world.our_user)
        assert session.get(User, world.their_user) is None
        session.refresh(ours)
        assert ours.external_user_id == OURS
    with world.database.session(Scope(world.ours.tenant_id, "live"), read_only=True) as session:
        assert session.get(User, world.our_user) is None


# Each would go around the filter, so each is refused.
REFUSED: dict[str, Any] = {
    "bare table": select(USERS),
    "bare column": select(USERS.c.external_user_id),
    "bare alias": select(USERS.alias().c.external_user_id),
    "subquery of a bare table": select(select(USERS).subquery()),
    "bare table within": select(
        User.id, select(USERS.c.external_user_id).where(USERS.c.external_user_id == THEIRS).scalar_subquery()
    ),
    "bare column compared within": select(User.id).where(User.id.in_(select(Job.id).where(USERS.c.mode == "test"))),
    "bare table joined": select(Tenant.slug).join(USERS, USERS.c.tenant_id == Tenant.id),
    "table by name": select(table("users", column("external_user_id"))),
    "text": text("SELECT external_user_id FROM users"),
    "text within": select(Tenant.id).where(text("1 = 1")),
    "raw column": select(literal_column("(SELECT max(external_user_id) FROM users)")),
    "from_statement": select(User).from_statement(text("SELECT * FROM users")),
    "from_statement of a bare table": select(User).from_statement(select(USERS)),
    "union": INNER.union_all(INNER),
    "union within": select(User.id).where(User.external_user_id.in_(INNER.union(INNER))),
    "insert": insert(User).values(external_user_id="x"),
    "insert with conflict clause": sqlite_insert(User).values(external_user_id="x").on_conflict_do_nothing(),
    "insert into a bare table": USERS.insert().values(external_user_id="x"),
    "update of a bare table": update(USERS).values(generation=9),
    "delete from a bare table": delete(USERS),
    "write within a read": select(update(User).values(generation=9).returning(User.id).cte()),
    "another owner": update(User).values(tenant_id=uuid.uuid4()),
    "another mode": update(User).values({User.mode: "live"}),
}


def _accepted(world: World, scope: Scope, tries: dict[str, Callable[[Session, World], Any]], error: Any) -> list[str]:
    """The names of those that were not refused."""
    accepted = []
    for name, attempt in tries.items():
        try:
            with world.database.session(scope, read_only=error is ReadOnlyError) as session:
                attempt(session, world)
        except error:
            continue
        accepted.append(name)
    return accepted


def test_what_cannot_be_filtered_is_refused(world: World) -> None:
    tries = {name: lambda s, _, statement=statement: s.execute(statement) for name, statement in REFUSED.items()}
    assert _accepted(world, world.ours, tries, ScopeError) == []


BULK: dict[str, Callable[[Session, World], Any]] = {
    "update by key": lambda s, w: s.execute(update(User), [{"id": w.their_user, "generation": 9}]),
    "insert of many": lambda s, w: s.execute(insert(User), [_values(w.theirs)]),
    "bulk_insert_mappings": lambda s, w: s.bulk_insert_mappings(User, [_values(w.theirs)]),  # type: ignore[arg-type]
    "bulk_update_mappings": lambda s, w: s.bulk_update_mappings(User, [{"id": w.their_user, "generation": 9}]),  # type: ignore[arg-type]
    "bulk_save_objects": lambda s, w: s.bulk_save_objects([User(**_values(w.theirs))]),
    "values as parameters": lambda s, w: s.execute(update(User), {"tenant_id": w.theirs.tenant_id}),
}


def _values(scope: Scope) -> dict[str, Any]:
    return {
        "id": new_id(),
        "created_at": utcnow(),
        "tenant_id": scope.tenant_id,
        "mode": scope.mode,
        "external_user_id": "planted",
        "phone_verified": False,
        "generation": 1,
    }


def test_bulk_writes_are_refused(world: World) -> None:
    assert _accepted(world, world.ours, BULK, ScopeError) == []
    assert _their_users(world) == [(THEIRS, 1)]


def _their_users(world: World) -> list[tuple[str, int]]:
    with world.database.session(world.theirs, read_only=True) as session:
        return [(row.external_user_id, row.generation) for row in session.scalars(select(User))]


def test_bulk_writes_through_the_model_stay_at_home(world: World) -> None:
    for how in (False, "evaluate", "fetch", "auto"):
        with world.database.session(world.ours) as session:
            change = update(User).where(User.generation < 9).values(generation=User.generation + 1)
            changed = session.execute(change.execution_options(synchronize_session=how))
            assert changed.rowcount == 1  # type: ignore[attr-defined]
    with world.database.session(world.ours) as session:
        other = select(User.id).where(User.external_user_id == THEIRS)
        session.execute(update(Job).where(exists(other)).values(last_error="x"))
        assert session.scalar(select(func.count(Job.id)).where(Job.last_error == "x")) == 0
        session.execute(delete(Event).execution_options(synchronize_session=False))
        deleted = session.execute(delete(User).where(User.external_user_id == THEIRS))
        assert deleted.rowcount == 0  # type: ignore[attr-defined]
    assert _their_users(world) == [(THEIRS, 1)]
    with world.database.session(world.theirs, read_only=True) as session:
        assert session.scalar(select(func.count(Event.id))) == 1


def test_a_copy_into_a_shared_table_copies_our_rows_alone(world: World) -> None:
    names = ["id", "created_at", "kind", "payload", "state", "due_at", "attempts", "last_error"]
    source = select(User.id, User.created_at, literal("copy"), literal({}, Job.payload.type), literal("done"))
    with world.database.session(world.ours) as session:
        source = source.add_columns(User.created_at, literal(1), User.external_user_id)
        session.execute(insert(Job).from_select(names, source))
        assert list(session.scalars(select(Job.last_error).where(Job.kind == "copy"))) == [OURS]
        inner = select(func.max(User.external_user_id)).scalar_subquery()
        session.execute(update(Job).values(last_error=inner).execution_options(synchronize_session=False))
        assert set(session.scalars(select(Job.last_error))) == {OURS}


def _add(session: Session, row: Any) -> None:
    session.add(row)
    session.flush()


def _taken_from(world: World) -> User:
    with world.database.session(world.theirs, read_only=True) as session:
        return session.get_one(User, world.their_user)


def _with(row: User, **values: Any) -> User:
    for name, value in values.items():
        setattr(row, name, value)
    return row


def _pretended(world: World) -> User:
    """An object that claims to be a stored row of ours, with their key."""
    row = User(id=world.their_user, tenant_id=world.ours.tenant_id, mode="test")
    make_transient_to_detached(row)
    return row


OBJECTS: dict[str, Callable[[Session, World], Any]] = {
    "new row of theirs": lambda s, w: _add(s, User(**_values(w.theirs))),
    "new row of nobody": lambda s, _: _add(s, User(external_user_id="x")),
    "new row of the other mode": lambda s, w: _add(s, User(**{**_values(w.ours), "mode": "live"})),
    "their loaded row": lambda s, w: s.add(_taken_from(w)),
    "their loaded row, changed": lambda s, w: _add(s, _with(_taken_from(w), generation=9)),
    "their loaded row, made ours": lambda s, w: _add(s, _with(_taken_from(w), tenant_id=w.ours.tenant_id)),
    "their loaded row, deleted": lambda s, w: s.delete(_taken_from(w)),
    "our row, given away": lambda s, w: (_with(s.get_one(User, w.our_user), tenant_id=w.theirs.tenant_id), s.flush()),
    "our row, moved to live": lambda s, w: (_with(s.get_one(User, w.our_user), mode="live"), s.flush()),
    "their key under our name": lambda s, w: (row := _pretended(w), s.add(row), s.refresh(row)),
}


def test_objects_of_another_tenant_do_not_enter_a_session(world: World) -> None:
    assert _accepted(world, world.ours, OBJECTS, ScopeError) == []
    assert _their_users(world) == [(THEIRS, 1)]


def test_the_lookup_tables_need_no_scope_and_all_others_do(world: World) -> None:
    with world.database.session(read_only=True) as session:
        assert session.scalar(select(func.count(LaunchLink.id))) == 2
        for statement in (
            select(User),
            select(func.count()).select_from(Onboarding),
            update(User).values(generation=2),
        ):
            with pytest.raises((ScopeError, ReadOnlyError)):
                session.execute(statement)
        with pytest.raises(ScopeError):
            session.get(User, world.our_user)
    with world.database.session() as session, pytest.raises(ScopeError):
        session.add(User(**_values(world.ours)))


def test_two_scopes_side_by_side(world: World) -> None:
    statement = select(User.external_user_id)
    for _ in range(3):
        with (
            world.database.session(world.ours, read_only=True) as ours,
            world.database.session(world.theirs, read_only=True) as theirs,
        ):
            assert list(ours.scalars(statement)) == [OURS]
            assert list(theirs.scalars(statement)) == [THEIRS]
            assert ours.get(User, world.their_user) is None
            assert theirs.get(User, world.our_user) is None


WRITES: dict[str, Callable[[Session, World], Any]] = {
    "new row": lambda s, w: _add(s, User(**_values(w.ours))),
    "new row without a scope": lambda s, _: _add(s, Tenant(slug="x", name="x")),
    "changed row": lambda s, w: (_with(s.get_one(User, w.our_user), generation=9), s.flush()),
    "deleted row": lambda s, w: (s.delete(s.get_one(User, w.our_user)), s.flush()),
    "update": lambda s, _: s.execute(update(User).values(generation=9)),
    "delete": lambda s, _: s.execute(delete(Job)),
    "insert": lambda s, _: s.execute(insert(Job).values(kind="x")),
}


def test_a_reading_session_writes_nothing(world: World) -> None:
    assert _accepted(world, world.ours, WRITES, ReadOnlyError) == []

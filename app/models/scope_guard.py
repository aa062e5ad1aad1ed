"""The tenant scope that code cannot forget.

`with_loader_criteria` filters what the ORM selects, updates and deletes. What it misses is refused here: statements on
bare tables, raw SQL, unions, writes inside reads, bulk writes by primary key, bulk inserts, a bulk change of owner, and
rows of another tenant in a session or at a flush.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, cast

from sqlalchemy import CompoundSelect, Join, Select, TableClause, event, inspect
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.elements import ColumnClause, TextClause
from sqlalchemy.sql.selectable import AliasedReturnsRows, SelectBase

from app.models.base import TenantOwned

OWNER = ("tenant_id", "mode")


class ScopeError(RuntimeError):
    """Code tried to reach tenant-owned rows without a scope, around it, or outside it."""


class ReadOnlyError(RuntimeError):
    """Code tried to write in a session that only reads."""


class ScopedSession(Session):
    """A session without the bulk methods that no hook sees."""

    def bulk_insert_mappings(self, *_args: Any, **_named: Any) -> None:
        raise ScopeError("a bulk insert cannot be scoped; add objects to the session")

    def bulk_update_mappings(self, *_args: Any, **_named: Any) -> None:
        raise ScopeError("a bulk write by primary key cannot be scoped")

    def bulk_save_objects(self, *_args: Any, **_named: Any) -> None:
        raise ScopeError("a bulk write cannot be scoped; add objects to the session")


@cache
def _owned_tables() -> frozenset[str]:
    return frozenset(model.__tablename__ for model in TenantOwned.__subclasses__())  # type: ignore[attr-defined]


def _from_model(element: Any) -> bool:
    return "parententity" in element._annotations or "parentmapper" in element._annotations


def _bare_tables(element: Any) -> Iterator[str]:
    """Owned tables inside a FROM element that were not addressed through their model."""
    if isinstance(element, TableClause):
        if element.name in _owned_tables() and not _from_model(element):
            yield element.name
    elif isinstance(element, Join):
        yield from _bare_tables(element.left)
        yield from _bare_tables(element.right)
    elif isinstance(element, AliasedReturnsRows) and not _from_model(element):
        yield from _bare_tables(element.element)


def _walk(statement: Any) -> Iterator[tuple[Any, bool]]:
    """Every element of a statement, and whether it stands in a nested select."""
    found = [(statement, False)]
    while found:
        element, nested = found.pop()
        yield element, nested
        found += [(child, nested or isinstance(child, SelectBase)) for child in element.get_children()]


def _check_element(element: Any, filtered: frozenset[str]) -> None:
    if isinstance(element, TextClause) or _is_raw_column(element):
        raise ScopeError("raw SQL cannot be scoped; write it with the ORM")
    if isinstance(element, CompoundSelect):
        raise ScopeError("a union cannot be scoped; run its parts one by one")
    places: list[Any] = []
    if isinstance(element, Select):
        places = [*element._raw_columns, *element._from_obj, *(join[0] for join in element._setup_joins)]
    elif isinstance(element, ColumnClause) and not _from_model(element):
        places = [element.table] if getattr(element.table, "name", "") not in filtered else []
    for place in places:
        for name in _bare_tables(place):
            raise ScopeError(f"{name} was addressed as a bare table; use its model")


def _is_raw_column(element: Any) -> bool:
    return isinstance(element, ColumnClause) and element.is_literal and element.name not in ("*", "1")


def _refuse_what_cannot_be_filtered(state: ORMExecuteState) -> None:
    statement: Any = state.statement
    if state.is_from_statement or isinstance(statement, TextClause):
        raise ScopeError("raw SQL cannot be scoped; write it with the ORM")
    if (state.is_update or state.is_delete) and isinstance(state.parameters, list):
        raise ScopeError("a bulk write by primary key cannot be scoped")
    written = getattr(statement, "table", None)
    if written is not None and written.name in _owned_tables():
        _check_write(state, written.name)
    # `Session.get` names the bare key columns of an entity that is filtered already; a nested select is not.
    filtered = frozenset(str(mapper.local_table.name) for mapper in state.all_mappers)  # type: ignore[attr-defined]
    for element, nested in _walk(statement):
        if isinstance(element, UpdateBase) and element is not statement:
            raise ScopeError("a write inside another statement cannot be scoped")
        _check_element(element, frozenset() if nested else filtered)


def _check_write(state: ORMExecuteState, name: str) -> None:
    if state.is_insert:
        raise ScopeError("a bulk insert cannot be scoped; add objects to the session")
    if not state.is_orm_statement:
        raise ScopeError(f"{name} was addressed as a bare table; use its model")
    values: Any = getattr(state.statement, "_values", None) or {}
    changed = {getattr(column, "key", column) for column in (*values, *(state.parameters or ()))}
    if not changed.isdisjoint(OWNER):
        raise ScopeError("rows do not change hands")


def _touches_owned(state: ORMExecuteState) -> bool:
    owned, statement = _owned_tables(), cast(Any, state.statement)
    return any(isinstance(e, TableClause) and e.name in owned for e, _ in _walk(statement))


def _apply_scope(state: ORMExecuteState) -> None:
    if state.session.info.get("read_only") and (state.is_insert or state.is_update or state.is_delete):
        raise ReadOnlyError("this session only reads")
    _refuse_what_cannot_be_filtered(state)
    if not _touches_owned(state):
        return
    tenant_id, mode = _scope_of(state.session)
    state.statement = state.statement.options(
        with_loader_criteria(
            TenantOwned,
            lambda cls: (cls.tenant_id == tenant_id) & (cls.mode == mode),
            include_aliases=True,
        )
    )


def _scope_of(session: Session) -> tuple[Any, Any]:
    scope = session.info.get("scope")
    if scope is None:
        raise ScopeError("tenant-owned rows need a session with a scope")
    return scope.tenant_id, scope.mode


def _check_owner(session: Session, row: TenantOwned, owner: tuple[Any, Any]) -> None:
    if owner != _scope_of(session):
        raise ScopeError(f"a row of {type(row).__name__} belongs to another tenant or mode")


def _check_attach(session: Session, row: Any) -> None:
    """One session, one tenant: `Session.get` would give out another's row that was added here."""
    if isinstance(row, TenantOwned):
        _check_owner(session, row, (vars(row).get("tenant_id"), vars(row).get("mode")))


def _check_flush(session: Session, _context: Any, _instances: Any) -> None:
    changed = [*session.new, *session.dirty, *session.deleted]
    if session.info.get("read_only") and any(session.is_modified(row) or row not in session.dirty for row in changed):
        raise ReadOnlyError("this session only reads")
    for row in changed:
        if isinstance(row, TenantOwned):
            _check_owner(session, row, (row.tenant_id, row.mode))
            if row not in session.new and any(inspect(row).attrs[name].history.has_changes() for name in OWNER):
                raise ScopeError("rows do not change hands")


def _check_loaded(row: TenantOwned, context: Any, _attributes: Any = None) -> None:
    """A refresh asks by key alone, without the filter."""
    if isinstance(context.session, ScopedSession) and vars(row).keys() >= set(OWNER):
        _check_attach(context.session, row)


event.listen(ScopedSession, "do_orm_execute", _apply_scope)
event.listen(ScopedSession, "before_attach", _check_attach)
event.listen(ScopedSession, "before_flush", _check_flush)
event.listen(TenantOwned, "load", _check_loaded, propagate=True)
event.listen(TenantOwned, "refresh", _check_loaded, propagate=True)

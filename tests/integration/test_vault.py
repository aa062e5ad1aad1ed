"""Sealed fields in real rows: what was moved, changed or erased does not open, and says so by name."""

import copy
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.services import Services
from app.models import DataKeyRow, ObservationRow, Onboarding, ProviderConnection, User, utcnow
from app.models.session import Database, Scope
from app.models.vault import ErasedError, vault
from app.security.key_ring import RootKeyring, root_key
from app.security.sealing import MalformedSealError, SealError, TamperedSealError, UnknownVersionError, WrongKeyError
from tests.support.tenants import MadeTenant

STATE = "state-of-one-onboarding"


@pytest.fixture
def onboarding_id(tenant: MadeTenant) -> uuid.UUID:
    made: Any = tenant.onboard("member-1", state=STATE, metadata={"branch": "7"})[0]
    return uuid.UUID(str(made))


@contextmanager
def _reading(tenant: MadeTenant) -> Iterator[Session]:
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        yield session


def _change(tenant: MadeTenant, onboarding_id: uuid.UUID, change: Callable[[bytes], bytes | None]) -> None:
    with tenant.services.database.session(tenant.scope) as session:
        row = session.get_one(Onboarding, onboarding_id)
        assert row.state_sealed is not None
        row.state_sealed = change(row.state_sealed)


def _state(tenant: MadeTenant, onboarding_id: uuid.UUID) -> Any:
    with _reading(tenant) as session:
        return vault(session).open(session.get_one(Onboarding, onboarding_id), "state")


def test_what_was_sealed_opens_where_it_was_sealed(tenant: MadeTenant, onboarding_id: uuid.UUID) -> None:
    assert _state(tenant, onboarding_id) == STATE
    with _reading(tenant) as session:
        assert vault(session).open(session.get_one(Onboarding, onboarding_id), "metadata") == {"branch": "7"}


def test_every_changed_byte_is_noticed(tenant: MadeTenant, onboarding_id: uuid.UUID) -> None:
    with _reading(tenant) as session:
        row, keep = session.get_one(Onboarding, onboarding_id), vault(session)
        session.expunge(row)
        whole = row.state_sealed or b""
        for position in range(len(whole)):
            row.state_sealed = whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :]
            with pytest.raises(SealError):
                keep.open(row, "state")
        for length in range(1, len(whole)):
            row.state_sealed = whole[:length]
            with pytest.raises(SealError):
                keep.open(row, "state")


def test_faults_have_names(tenant: MadeTenant, onboarding_id: uuid.UUID) -> None:
    faults: dict[type[SealError], Callable[[bytes], bytes]] = {
        UnknownVersionError: lambda sealed: b"\0" + sealed[1:],
        MalformedSealError: lambda sealed: sealed[:20],
        WrongKeyError: lambda sealed: sealed[:1] + uuid.uuid4().bytes + sealed[17:],
        TamperedSealError: lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]),
    }
    with _reading(tenant) as session:
        row, keep = session.get_one(Onboarding, onboarding_id), vault(session)
        session.expunge(row)
        whole = row.state_sealed or b""
        for fault, change in faults.items():
            row.state_sealed = change(whole)
            with pytest.raises(fault) as raised:
                keep.open(row, "state")
            assert STATE not in str(raised.value)
        row.state_sealed = json.dumps(STATE).encode()
        with pytest.raises(SealError):
            keep.open(row, "state")


def test_a_value_does_not_open_in_another_column_or_row(tenant: MadeTenant, onboarding_id: uuid.UUID) -> None:
    other_id: Any = tenant.onboard("member-1", state="another")[0]
    with _reading(tenant) as session:
        row, other, keep = (
            session.get_one(Onboarding, onboarding_id),
            session.get_one(Onboarding, other_id),
            vault(session),
        )
        session.expunge_all()
        row.metadata_sealed = row.state_sealed
        with pytest.raises(TamperedSealError):
            keep.open(row, "metadata")
        other.state_sealed = row.state_sealed
        with pytest.raises(WrongKeyError):
            keep.open(other, "state")


def test_a_value_does_not_open_in_a_row_with_the_same_key(tenant: MadeTenant, onboarding_id: uuid.UUID) -> None:
    with tenant.services.database.session(tenant.scope) as session:
        onboarding, keep = session.get_one(Onboarding, onboarding_id), vault(session)
        one, other = (_observation(onboarding) for _ in range(2))
        keep.seal(one, "value", "Ana")
        keep.seal(other, "value", "Eva")
        one.value_sealed, other.value_sealed = other.value_sealed, one.value_sealed
        with pytest.raises(TamperedSealError):
            keep.open(one, "value")
        session.rollback()


def _observation(onboarding: Onboarding) -> ObservationRow:
    return ObservationRow(
        tenant_id=onboarding.tenant_id,
        mode=onboarding.mode,
        user_id=onboarding.user_id,
        onboarding_id=onboarding.id,
        field="first_name",
        source="consumer",
        source_record="consumer",
        verified=False,
        observed_at=utcnow(),
    )


def _credentials(scope: Scope, session: Session, secret: str) -> ProviderConnection:
    row = ProviderConnection(tenant_id=scope.tenant_id, mode=scope.mode, provider="plaid", name="main", settings={})
    vault(session).seal(row, "credentials", {"secret": secret})
    return row


def test_a_value_does_not_open_at_another_tenant_or_in_the_other_mode(
    tenant: MadeTenant, other_tenant: MadeTenant
) -> None:
    sealed = {}
    scopes = (tenant.scope, other_tenant.scope, Scope(tenant.scope.tenant_id, "live"))
    for scope in scopes:
        with tenant.services.database.session(scope) as session:
            row = _credentials(scope, session, f"secret of {scope}")
            session.add(row)
            sealed[scope] = row.credentials_sealed
    for scope in scopes[1:]:
        with tenant.services.database.session(scope, read_only=True) as session:
            row = session.scalars(select(ProviderConnection)).one()
            session.expunge(row)
            assert vault(session).open(row, "credentials") == {"secret": f"secret of {scope}"}
            row.credentials_sealed = sealed[tenant.scope]
            with pytest.raises(SealError):
                vault(session).open(row, "credentials")


def test_another_root_key_opens_nothing(tenant: MadeTenant, database_url: str, onboarding_id: uuid.UUID) -> None:
    hash_key, role = tenant.services.database.hash_key, "prefill_app"
    stranger = Database(database_url, role=role, keyring=RootKeyring([root_key(b"x" * 32)]), hash_key=hash_key)
    with stranger.session(tenant.scope, read_only=True) as session, pytest.raises(WrongKeyError):
        vault(session).open(session.get_one(Onboarding, onboarding_id), "state")
    stranger.dispose()
    rotated = RootKeyring([root_key(b"x" * 32), root_key(b"k" * 32)])
    heir = Database(database_url, role=role, keyring=rotated, hash_key=hash_key)
    with heir.session(tenant.scope, read_only=True) as session:
        assert vault(session).open(session.get_one(Onboarding, onboarding_id), "state") == STATE
    heir.dispose()


def test_nothing_and_emptiness_differ(tenant: MadeTenant, onboarding_id: uuid.UUID) -> None:
    for value in ("", {}, [], 0, False):
        with tenant.services.database.session(tenant.scope) as session:
            row = session.get_one(Onboarding, onboarding_id)
            vault(session).seal(row, "state", value)
            assert row.state_sealed
        assert _state(tenant, onboarding_id) == value
    with tenant.services.database.session(tenant.scope) as session:
        row = session.get_one(Onboarding, onboarding_id)
        vault(session).seal(row, "state", None)
        assert row.state_sealed is None
    assert _state(tenant, onboarding_id) is None


# ---------- Erasure ----------
def _destroy(tenant: MadeTenant, kind: str, owner_id: uuid.UUID) -> None:
    with tenant.services.database.session(tenant.scope) as session:
        vault(session).destroy(kind, owner_id)


def test_an_erased_onboarding_does_not_open_and_its_user_still_does(
    tenant: MadeTenant, onboarding_id: uuid.UUID
) -> None:
    with tenant.services.database.session(tenant.scope) as session:
        user = session.scalars(select(User)).one()
        vault(session).seal(user, "phone_number", "+14155550011")
    _destroy(tenant, "onboarding", onboarding_id)
    with pytest.raises(ErasedError):
        _state(tenant, onboarding_id)
    with _reading(tenant) as session:
        assert vault(session).open(session.scalars(select(User)).one(), "phone_number") == "+14155550011"
        row = session.scalars(select(DataKeyRow).where(DataKeyRow.owner_kind == "onboarding")).one()
        assert row.wrapped is None
        assert row.destroyed_at is not None
    with tenant.services.database.session(tenant.scope) as session, pytest.raises(ErasedError):
        vault(session).seal(session.get_one(Onboarding, onboarding_id), "state", "again")


def test_an_erased_user_takes_every_onboarding_along(tenant: MadeTenant, onboarding_id: uuid.UUID) -> None:
    tenant.onboard("member-2", state="kept")
    with _reading(tenant) as session:
        user_id = session.get_one(Onboarding, onboarding_id).user_id
    with tenant.services.database.session(tenant.scope) as session:
        row, keep = session.get_one(Onboarding, onboarding_id), vault(session)
        assert keep.open(row, "state") == STATE
        keep.destroy("user", user_id)
        with pytest.raises(ErasedError):
            keep.open(row, "state")
    with pytest.raises(ErasedError):
        _state(tenant, onboarding_id)
    with _reading(tenant) as session:
        other = session.scalars(select(Onboarding).where(Onboarding.user_id != user_id)).one()
        assert vault(session).open(other, "state") == "kept"


def test_a_restored_copy_of_erased_data_stays_unreadable(tenant: MadeTenant, onboarding_id: uuid.UUID) -> None:
    copies: list[bytes] = []
    _change(tenant, onboarding_id, lambda sealed: copies.append(sealed) or sealed)  # type: ignore[func-returns-value]
    _destroy(tenant, "onboarding", onboarding_id)
    _change(tenant, onboarding_id, lambda _: copies[0])
    with pytest.raises(ErasedError):
        _state(tenant, onboarding_id)
    with tenant.services.database.session(tenant.scope) as session:
        session.delete(session.scalars(select(DataKeyRow).where(DataKeyRow.owner_kind == "onboarding")).one())
    with pytest.raises(ErasedError):
        _state(tenant, onboarding_id)


def test_a_key_moved_to_another_owner_does_not_open(tenant: MadeTenant, onboarding_id: uuid.UUID) -> None:
    other_id: Any = tenant.onboard("member-2", state="another")[0]
    with tenant.services.database.session(tenant.scope) as session:
        keys = {key.owner_id: key for key in session.scalars(select(DataKeyRow)) if key.owner_kind == "onboarding"}
        keys[other_id].wrapped = keys[onboarding_id].wrapped
    with pytest.raises(SealError):
        _state(tenant, other_id)


def test_no_form_of_a_row_shows_a_value(tenant: MadeTenant, services: Services, onboarding_id: uuid.UUID) -> None:
    with _reading(tenant) as session:
        row, keep = session.get_one(Onboarding, onboarding_id), vault(session)
        keep.open(row, "state")
        session.expunge(row)
        forms = [repr(row), str(vars(row)), repr(keep), repr(vars(keep)), repr(services), repr(copy.copy(row))]
        assert STATE not in "".join(forms)
        assert services.spinwheel.credentials["api_key"] not in forms[4]

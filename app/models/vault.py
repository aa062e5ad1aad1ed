"""Sealing of fields: `vault(session).seal(row, "phone_number", value)` and `.open(row, "phone_number")`.

Sealing is explicit. Encrypting attributes would be silently skipped by bulk statements and could never be compared.
A value is bound to tenant, owner, table, field and row: moved anywhere else it does not open.
"""

import json
import uuid
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.models.bank import ObservationRow, PlaidAccount, PlaidItem, PrefillData
from app.models.base import TenantOwned, new_id, utcnow
from app.models.keys import DataKeyRow
from app.models.onboarding import Onboarding
from app.models.user import Consent, User
from app.models.verification import PhoneVerificationSession
from app.security.blind_index import IndexScope, blind_index
from app.security.key_ring import RootKeyring, unwrap_key, wrap_key
from app.security.sealing import Context, DataKey, seal, unseal
from app.security.tokens import digest

OF_ONBOARDING = (ObservationRow, PlaidAccount, PlaidItem, PrefillData, PhoneVerificationSession)


class ErasedError(Exception):
    """The key of this value was destroyed: its owner was erased."""


class Vault:
    """The keys that one session may use. Lives and dies with the session, so no plain key outlasts a transaction."""

    def __init__(self, session: Session, keyring: RootKeyring, hash_key: bytes) -> None:
        self._session = session
        self._keyring = keyring
        self._hash_key = hash_key
        self._keys: dict[tuple[str, uuid.UUID], DataKey] = {}

    def seal(self, row: TenantOwned, field: str, value: Any) -> None:
        """Encrypt a JSON value into `<field>_sealed` of the row; None clears it."""
        sealed = None
        if value is not None:
            plain = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
            kind, owner_id = self._owner(row)
            sealed = seal(self._key(row, kind, owner_id, create=True), _context(row, owner_id, field), plain)
        setattr(row, f"{field}_sealed", sealed)

    def open(self, row: TenantOwned, field: str) -> Any:
        """The JSON value that was sealed, or None.

        Raises:
            ErasedError: its key was destroyed.
            SealError: the bytes were changed or belong elsewhere.
        """
        sealed = getattr(row, f"{field}_sealed")
        if sealed is None:
            return None
        kind, owner_id = self._owner(row)
        key = self._key(row, kind, owner_id, create=False)
        return json.loads(unseal(key, _context(row, owner_id, field), sealed))

    def destroy(self, kind: str, owner_id: uuid.UUID) -> None:
        """Erase what this key sealed, for ever, backups of the data included."""
        key = self._session.scalar(_find_key(kind, owner_id))
        if key is not None:
            key.wrapped, key.destroyed_at = None, utcnow()
        # All of them: keys that this one wrapped may be open too.
        self._keys.clear()

    def digest(self, token: str) -> bytes:
        """The hash under which a token that *finds* its tenant is stored."""
        return digest(token, self._hash_key)

    def index(self, row_or_scope: Any, table: str, column: str, value: str) -> bytes:
        """The hash by which a sealed value of one tenant and mode can be looked up."""
        scope = IndexScope(row_or_scope.tenant_id, row_or_scope.mode, table, column)
        return blind_index(self._hash_key, scope, value)

    def seal_for_installation(self, name: str, row_id: uuid.UUID, plain: bytes) -> bytes:
        """Seal a secret of the installation itself (signing keys) under the newest root key."""
        return seal(self._keyring.newest, Context(None, None, name, "secret", row_id), plain)

    def open_for_installation(self, name: str, row_id: uuid.UUID, sealed: bytes) -> bytes:
        """The secret that `seal_for_installation` sealed."""
        key = self._keyring.find(uuid.UUID(bytes=bytes(sealed[1:17])))
        return unseal(key, Context(None, None, name, "secret", row_id), sealed)

    def _owner(self, row: TenantOwned) -> tuple[str, uuid.UUID]:
        if isinstance(row, Onboarding):
            return "onboarding", row.id
        if isinstance(row, OF_ONBOARDING):
            return "onboarding", row.onboarding_id
        if isinstance(row, User):
            return "user", row.id
        return ("evidence" if isinstance(row, Consent) else "tenant"), row.tenant_id

    def _key(self, row: TenantOwned, kind: str, owner_id: uuid.UUID, *, create: bool) -> DataKey:
        if (kind, owner_id) not in self._keys:
            stored, parent = self._find(kind, owner_id)
            if stored is None and create:
                self._keys[kind, owner_id] = self._create(row, kind, owner_id)
            elif stored is None or stored.wrapped is None:
                raise ErasedError(f"the key of this {kind} does not exist any more")
            else:
                self._keys[kind, owner_id] = self._unwrap(stored, parent)
        return self._keys[kind, owner_id]

    def _create(self, row: TenantOwned, kind: str, owner_id: uuid.UUID) -> DataKey:
        key = DataKey.generate(new_id())
        stored = DataKeyRow(
            id=key.id, tenant_id=row.tenant_id, mode=row.mode, owner_kind=kind, owner_id=owner_id, parent_id=None
        )
        if kind == "onboarding":
            user_id = cast(uuid.UUID, row.user_id)  # type: ignore[attr-defined]
            parent = self._key(row, "user", user_id, create=True)
            stored.parent_id = parent.id
            stored.wrapped = seal(parent, _wrap_context(stored), key.secret)
        else:
            stored.wrapped = wrap_key(self._keyring, key, tenant_id=row.tenant_id, subject_id=owner_id)
        self._session.add(stored)
        return key

    def _find(self, kind: str, owner_id: uuid.UUID) -> tuple[DataKeyRow | None, DataKeyRow | None]:
        """A key and the one it is wrapped by, in one question: every page that shows a value asks it."""
        parent = aliased(DataKeyRow)
        found = self._session.execute(
            select(DataKeyRow, parent)
            .outerjoin(parent, parent.id == DataKeyRow.parent_id)
            .where(DataKeyRow.owner_kind == kind, DataKeyRow.owner_id == owner_id)
        ).one_or_none()
        return (found[0], found[1]) if found is not None else (None, None)

    def _unwrap(self, stored: DataKeyRow, parent: DataKeyRow | None) -> DataKey:
        wrapped = cast(bytes, stored.wrapped)
        if stored.parent_id is None:
            return unwrap_key(
                self._keyring, wrapped, key_id=stored.id, tenant_id=stored.tenant_id, subject_id=stored.owner_id
            )
        if parent is None or parent.wrapped is None:
            raise ErasedError("the key of this user does not exist any more")
        parent_key = self._unwrap(parent, None)
        return DataKey(stored.id, unseal(parent_key, _wrap_context(stored), wrapped))


def vault(session: Session) -> Vault:
    """The vault of a session."""
    return cast(Vault, session.info["vault"])


def _find_key(kind: str, owner_id: uuid.UUID) -> Any:
    return select(DataKeyRow).where(DataKeyRow.owner_kind == kind, DataKeyRow.owner_id == owner_id)


def _context(row: TenantOwned, owner_id: uuid.UUID, field: str) -> Context:
    table = row.__tablename__  # type: ignore[attr-defined]
    return Context(row.tenant_id, owner_id, table, field, row.id)  # type: ignore[attr-defined]


def _wrap_context(stored: DataKeyRow) -> Context:
    return Context(stored.tenant_id, stored.owner_id, "data_keys", "secret", stored.id)

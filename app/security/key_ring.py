"""Root keys, and data keys wrapped under them."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from uuid import UUID

from app.security.sealing import Context, DataKey, Identifier, WrongKeyError, key_id_of, seal, unseal


def root_key(secret: bytes) -> DataKey:
    """A root key whose id follows from its secret, so that a setting needs no ids of its own."""
    name = hmac.new(secret, b"prefill root key id", hashlib.sha256).digest()[:16]
    return DataKey(UUID(bytes=name), secret)


class RootKeyring:
    """Root keys, newest first: the first wraps, all of them unwrap."""

    def __init__(self, keys: Sequence[DataKey]) -> None:
        if not keys:
            raise ValueError("a key ring needs at least one root key")
        self._keys = {key.id: key for key in keys}
        self.newest = keys[0]

    @classmethod
    def from_base64(cls, secrets: Sequence[str]) -> "RootKeyring":
        """Keys as 32 bytes of base64 each, newest first. Errors never repeat the text."""
        return cls([root_key(_decode(secret)) for secret in secrets])

    def find(self, key_id: UUID) -> DataKey:
        key = self._keys.get(key_id)
        if key is None:
            raise WrongKeyError("wrapped by a root key that is not on this ring")
        return key

    def __repr__(self) -> str:
        return f"RootKeyring({[str(key_id) for key_id in self._keys]})"


def wrap_key(keyring: RootKeyring, key: DataKey, *, tenant_id: Identifier, subject_id: Identifier) -> bytes:
    """Seal a data key under the newest root key, bound to its id and owner."""
    return seal(keyring.newest, _context(key.id, tenant_id, subject_id), key.secret)


def unwrap_key(
    keyring: RootKeyring, wrapped: bytes, *, key_id: UUID, tenant_id: Identifier, subject_id: Identifier
) -> DataKey:
    """Open a wrapped data key; `SealError` when it is another key's or another owner's."""
    root = keyring.find(key_id_of(wrapped))
    return DataKey(key_id, unseal(root, _context(key_id, tenant_id, subject_id), wrapped))


def needs_rewrap(keyring: RootKeyring, wrapped: bytes) -> bool:
    """Whether an older root key wrapped this one."""
    return key_id_of(wrapped) != keyring.newest.id


def _context(key_id: UUID, tenant_id: Identifier, subject_id: Identifier) -> Context:
    return Context(tenant_id, subject_id, "data_keys", "secret", key_id)


def _decode(secret: str) -> bytes:
    try:
        raw = base64.b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("a root key must be base64") from None
    if len(raw) != 32:
        raise ValueError("a root key must have 32 bytes")
    return raw

"""Field encryption: AES-256-GCM envelopes bound to tenant, subject, table, field and row.

Envelope bytes: `version(1) | key id(16) | nonce(12) | ciphertext + tag(16)`.
"""

import os
import struct
from dataclasses import dataclass, field
from functools import cached_property
from typing import NoReturn, overload
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORMAT_VERSION = 1
_KEY_ID_END = 17
_NONCE_END = 29
_SMALLEST = _NONCE_END + 16

Identifier = UUID | str | None


class SealError(Exception):
    """A sealed value could not be opened. Carries no data of the value."""


class MalformedSealError(SealError):
    """Too short to be an envelope."""


class UnknownVersionError(SealError):
    """The first byte names no format known here."""


class WrongKeyError(SealError):
    """Sealed by another key than the one given."""


class TamperedSealError(SealError):
    """Changed bytes, or moved to another tenant, subject, table, field or row."""


@dataclass(frozen=True)
class DataKey:
    """A 256-bit key and its id. `repr` hides the secret; pickling is refused."""

    id: UUID
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != 32:
            raise ValueError("a data key has 32 bytes")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a data key is never pickled")

    @cached_property
    def cipher(self) -> AESGCM:
        return AESGCM(self.secret)

    @classmethod
    def generate(cls, key_id: UUID) -> "DataKey":
        return cls(key_id, os.urandom(32))


@dataclass(frozen=True)
class Context:
    """Where a value belongs; authenticated with it. `table` and `field` are stable logical names."""

    tenant_id: Identifier
    subject_id: Identifier
    table: str
    field: str
    row_id: Identifier

    def to_bytes(self) -> bytes:
        """Every part with its length in front, so that no two contexts share their bytes."""
        names = (self.tenant_id, self.subject_id, self.table, self.field, self.row_id)
        parts = [bytes([FORMAT_VERSION])]
        parts += [b"" if name is None else str(name).encode() for name in names]
        return b"".join(struct.pack(">I", len(part)) + part for part in parts)


@overload
def seal(key: DataKey, aad: Context, plaintext: bytes) -> bytes: ...
@overload
def seal(key: DataKey, aad: Context, plaintext: None) -> None: ...
def seal(key: DataKey, aad: Context, plaintext: bytes | None) -> bytes | None:
    """Encrypt; None stays None and an empty value gets an envelope of its own."""
    if plaintext is None:
        return None
    nonce = os.urandom(12)
    sealed = key.cipher.encrypt(nonce, plaintext, aad.to_bytes())
    return bytes([FORMAT_VERSION]) + key.id.bytes + nonce + sealed


@overload
def unseal(key: DataKey, aad: Context, blob: bytes) -> bytes: ...
@overload
def unseal(key: DataKey, aad: Context, blob: None) -> None: ...
def unseal(key: DataKey, aad: Context, blob: bytes | None) -> bytes | None:
    """Decrypt; raises a named `SealError`, never returns anything that was not sealed."""
    if blob is None:
        return None
    if key_id_of(blob) != key.id:
        raise WrongKeyError("sealed by another key")
    try:
        return key.cipher.decrypt(blob[_KEY_ID_END:_NONCE_END], blob[_NONCE_END:], aad.to_bytes())
    except InvalidTag:
        raise TamperedSealError("the value does not belong here or was changed") from None


def key_id_of(blob: bytes) -> UUID:
    """The id of the key that sealed this envelope."""
    if blob and blob[0] != FORMAT_VERSION:
        raise UnknownVersionError(f"unknown format version {blob[0]}")
    if len(blob) < _SMALLEST:
        raise MalformedSealError("too short for a sealed value")
    return UUID(bytes=bytes(blob[1:_KEY_ID_END]))

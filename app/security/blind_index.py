"""Look-up of sealed values by keyed hash. Never over low-entropy values alone (birth date, SSN digits)."""

import hashlib
import hmac
import struct
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.security.sealing import Identifier


@dataclass(frozen=True)
class IndexScope:
    """What a hash is for; equal values in two scopes give unrelated hashes."""

    tenant_id: Identifier
    mode: str
    table: str
    column: str
    purpose: str = "lookup"

    def to_bytes(self) -> bytes:
        names = (self.tenant_id, self.mode, self.table, self.column, self.purpose)
        parts = [b"" if name is None else str(name).encode() for name in names]
        return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def blind_index(secret: bytes, scope: IndexScope, normalised: str) -> bytes:
    """32 bytes: HMAC-SHA-256 of the normalised value under a key derived for this scope."""
    derived = HKDF(SHA256(), 32, salt=None, info=b"prefill blind index" + scope.to_bytes()).derive(secret)
    return hmac.new(derived, normalised.encode(), hashlib.sha256).digest()

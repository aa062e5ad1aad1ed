"""Sealed values open only where they were sealed, and nothing shows a key."""

import copy
import dataclasses
import pickle
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.security.key_ring import RootKeyring, needs_rewrap, root_key, unwrap_key, wrap_key
from app.security.sealing import (
    Context,
    DataKey,
    MalformedSealError,
    SealError,
    TamperedSealError,
    UnknownVersionError,
    WrongKeyError,
    key_id_of,
    seal,
    unseal,
)

KEY = DataKey.generate(uuid4())
PLACE = Context(uuid4(), uuid4(), "users", "phone_number", uuid4())


def test_an_envelope_opens_where_it_was_sealed() -> None:
    blob = seal(KEY, PLACE, b"+14155550011")
    assert unseal(KEY, PLACE, blob) == b"+14155550011"
    assert key_id_of(blob) == KEY.id
    assert blob[0] == 1
    assert len(blob) == 1 + 16 + 12 + 12 + 16


def test_nothing_and_emptiness_differ() -> None:
    assert seal(KEY, PLACE, None) is None
    assert unseal(KEY, PLACE, None) is None
    empty = seal(KEY, PLACE, b"")
    assert unseal(KEY, PLACE, empty) == b""


def test_equal_values_give_unequal_envelopes() -> None:
    assert seal(KEY, PLACE, b"same") != seal(KEY, PLACE, b"same")


@pytest.mark.parametrize("part", [field.name for field in dataclasses.fields(Context)])
def test_a_value_moved_elsewhere_does_not_open(part: str) -> None:
    blob = seal(KEY, PLACE, b"value")
    for other in ("elsewhere", uuid4(), None):
        moved = dataclasses.replace(PLACE, **{part: "" if other is None and part in ("table", "field") else other})
        with pytest.raises(TamperedSealError):
            unseal(KEY, moved, blob)


def test_contexts_cannot_run_into_each_other() -> None:
    blob = seal(KEY, Context("a", "bc", "t", "f", "r"), b"value")
    with pytest.raises(TamperedSealError):
        unseal(KEY, Context("ab", "c", "t", "f", "r"), blob)


def test_an_id_is_the_same_as_text_and_as_uuid() -> None:
    tenant = uuid4()
    blob = seal(KEY, dataclasses.replace(PLACE, tenant_id=tenant), b"value")
    assert unseal(KEY, dataclasses.replace(PLACE, tenant_id=str(tenant)), blob) == b"value"


def test_every_flipped_bit_is_noticed() -> None:
    blob = seal(KEY, PLACE, b"seven")
    for position in range(len(blob)):
        for bit in range(8):
            changed = bytearray(blob)
            changed[position] ^= 1 << bit
            with pytest.raises(SealError):
                unseal(KEY, PLACE, bytes(changed))


def test_every_truncation_is_noticed() -> None:
    blob = seal(KEY, PLACE, b"seven")
    for length in range(len(blob)):
        with pytest.raises(SealError):
            unseal(KEY, PLACE, blob[:length])
    with pytest.raises(TamperedSealError):
        unseal(KEY, PLACE, blob + b"\0")


@pytest.mark.parametrize("version", [0, 2, 255])
def test_another_version_is_named(version: int) -> None:
    blob = bytes([version]) + seal(KEY, PLACE, b"value")[1:]
    with pytest.raises(UnknownVersionError):
        unseal(KEY, PLACE, blob)


def test_plain_text_is_never_passed_through() -> None:
    for plain in (b"", b"x", b"\x01", b"+14155550011", b"\x01" + b"a" * 60):
        with pytest.raises(SealError):
            unseal(KEY, PLACE, plain)
    with pytest.raises(MalformedSealError):
        unseal(KEY, PLACE, b"\x01short")


def test_another_key_is_named() -> None:
    blob = seal(KEY, PLACE, b"value")
    with pytest.raises(WrongKeyError):
        unseal(DataKey.generate(uuid4()), PLACE, blob)
    with pytest.raises(TamperedSealError):
        unseal(DataKey.generate(KEY.id), PLACE, blob)


def test_a_key_is_not_shown_pickled_or_copied() -> None:
    key = DataKey(UUID(int=7), b"\x41" * 32)
    assert "AAAA" not in repr(key)
    assert "secret" not in str(key)
    for leak in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            leak(key)


def test_a_key_has_256_bits() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        DataKey(uuid4(), b"short")


@given(st.binary(max_size=300), st.text(max_size=20), st.text(max_size=20))
def test_any_value_in_any_field_comes_back(plaintext: bytes, table: str, field: str) -> None:
    place = Context(uuid4(), None, table, field, "row")
    assert unseal(KEY, place, seal(KEY, place, plaintext)) == plaintext


OLD, NEW = root_key(b"o" * 32), root_key(b"n" * 32)


def test_the_newest_root_key_wraps_and_every_one_unwraps() -> None:
    key, owner = DataKey.generate(uuid4()), {"tenant_id": uuid4(), "subject_id": uuid4()}
    before = wrap_key(RootKeyring([OLD]), key, **owner)
    ring = RootKeyring([NEW, OLD])
    after = wrap_key(ring, key, **owner)
    assert key_id_of(after) == NEW.id
    for wrapped in (before, after):
        assert unwrap_key(ring, wrapped, key_id=key.id, **owner).secret == key.secret
    assert needs_rewrap(ring, before)
    assert not needs_rewrap(ring, after)
    with pytest.raises(WrongKeyError):
        unwrap_key(RootKeyring([NEW]), before, key_id=key.id, **owner)


def test_a_wrapped_key_belongs_to_its_owner_and_id() -> None:
    ring, key = RootKeyring([NEW]), DataKey.generate(uuid4())
    tenant, subject = uuid4(), uuid4()
    wrapped = wrap_key(ring, key, tenant_id=tenant, subject_id=subject)
    for tenant_id, subject_id, key_id in (
        (uuid4(), subject, key.id),
        (tenant, uuid4(), key.id),
        (tenant, None, key.id),
        (tenant, subject, uuid4()),
    ):
        with pytest.raises(TamperedSealError):
            unwrap_key(ring, wrapped, key_id=key_id, tenant_id=tenant_id, subject_id=subject_id)


def test_root_keys_are_read_from_settings_and_never_shown() -> None:
    ring = RootKeyring.from_base64(["b" * 43 + "=", "a" * 43 + "="])
    assert "bbbb" not in repr(ring)
    for bad in ("not base64!", "c2hvcnQ="):
        with pytest.raises(ValueError, match="root key must") as failure:
            RootKeyring.from_base64([bad])
        assert bad not in str(failure.value)
    with pytest.raises(ValueError, match="at least one"):
        RootKeyring([])

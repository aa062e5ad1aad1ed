"""Cursors: a place in a list, signed for the tenant and mode that got it, meaningless to anybody else."""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import struct
import uuid

from flask import g

from app.web import services

Place = tuple[dt.datetime, uuid.UUID]
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
# With the place, a multiple of three bytes: base64 without padding.
_SIGNATURE_BYTES = 18


def write_cursor(place: Place) -> str:
    """The place behind the last row shown."""
    plain = struct.pack(">q16s", (place[0] - _EPOCH) // _MICROSECOND, place[1].bytes)
    return base64.urlsafe_b64encode(plain + _signature(plain)).decode()


def read_cursor(text: str) -> Place:
    """The place of a cursor that the same tenant got in the same mode.

    Raises:
        ValueError: it is none of these.
    """
    try:
        whole = base64.urlsafe_b64decode(text.encode("ascii"))
    except (binascii.Error, ValueError):
        raise ValueError("is not a cursor of this list") from None
    plain, signature = whole[:-_SIGNATURE_BYTES], whole[-_SIGNATURE_BYTES:]
    # Python's base64 skips letters that are none; a cursor has one spelling.
    one_spelling = base64.urlsafe_b64encode(whole).decode() == text
    if not one_spelling or not hmac.compare_digest(_signature(plain), signature):
        raise ValueError("is not a cursor of this list")
    microseconds, digits = struct.unpack(">q16s", plain)
    return _EPOCH + microseconds * _MICROSECOND, uuid.UUID(bytes=digits)


def _signature(plain: bytes) -> bytes:
    scope = g.caller.scope
    owner = f"cursor:{scope.tenant_id}:{scope.mode}:".encode()
    return hmac.new(services().database.hash_key, owner + plain, hashlib.sha256).digest()[:_SIGNATURE_BYTES]

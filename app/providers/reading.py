"""Tolerant reading of provider JSON: what is missing or of another type than expected reads as absent."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

Json = Mapping[str, Any]

_MILLISECONDS_FROM = 100_000_000_000


class Record:
    """Base of records with personal data or secrets: `repr` shows the kind alone."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


def text(body: Json, *keys: str) -> str | None:
    """The first of these keys that holds text, without blanks around it."""
    return next((found for key in keys if (found := _text(body.get(key)))), None)


def _text(value: object) -> str | None:
    """Text that can be kept: half a character or a zero byte cannot."""
    if not isinstance(value, str) or "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
        return None
    return value.strip() or None


def part(body: Json, key: str) -> Json:
    value = body.get(key)
    return value if isinstance(value, dict) else {}


def parts(body: Json, key: str) -> list[Json]:
    """The objects of a list; anything else in it is passed over."""
    value = body.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def texts(body: Json, key: str) -> tuple[str, ...]:
    value = body.get(key)
    if not isinstance(value, list):
        return ()
    return tuple(found for item in value if (found := _text(item)))


def flag(body: Json, key: str) -> bool:
    return body.get(key) is True


def amount(number: object) -> str | None:
    """A JSON number or numeric text as a plain decimal string; None for anything else."""
    if isinstance(number, bool) or not isinstance(number, int | float | str | Decimal):
        return None
    try:
        parsed = Decimal(str(number).strip())
    except InvalidOperation:
        return None
    # Nobody owes 10^30; printing such an exponent would cost memory.
    return format(parsed, "f") if parsed.is_finite() and abs(parsed.adjusted()) < 30 else None


def moment(value: object) -> datetime | None:
    """A time in UTC from epoch seconds or milliseconds (number or digits) or from ISO 8601 text."""
    try:
        if isinstance(value, str) and value.strip().isdecimal():
            value = int(value)
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            seconds = float(value) / (1000 if value >= _MILLISECONDS_FROM else 1)
            return datetime.fromtimestamp(seconds, UTC)
        if isinstance(value, str):
            parsed = datetime.fromisoformat(value.strip())
            return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def iso_date(value: object) -> str | None:
    """`YYYY-MM-DD` from a date or the start of a date-time; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value.strip()[:10]).isoformat()
    except ValueError:
        return None

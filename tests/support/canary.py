"""Values that occur nowhere else, and a search for them in everything an installation leaves behind."""

import base64
import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from sqlalchemy import create_engine, make_url, text

# Shorter ones are looked for as a token of their own: inside random bytes they occur by chance.
SHORTEST_ANYWHERE = 6
# A hash without a key hides nothing that has few possible values.
HASHES = ("md5", "sha1", "sha256")


def date_forms(day: dt.date) -> set[str]:
    """A date as programs and people write it."""
    formats = ["%Y-%m-%d", "%Y%m%d", "%m/%d/%Y", "%d/%m/%Y", "%m-%d-%Y", "%d.%m.%Y", "%m%d%Y", "%d%m%Y", "%Y/%m/%d"]
    forms = {day.strftime(each) for each in formats}
    short = f"{day.month}/{day.day}/{day.year}"
    months = {day.strftime("%B"), day.strftime("%b")}
    named = {form for month in months for form in (f"{month} {day.day}, {day.year}", f"{day.day} {month} {day.year}")}
    return forms | named | {short, short.replace("/", "-"), short.replace("/", " ")}


def phone_forms(number: str) -> set[str]:
    """A US number in E.164, as digits and as people write it."""
    digits = number.removeprefix("+1")
    area, exchange, line = digits[:3], digits[3:6], digits[6:]
    return {
        number,
        digits,
        f"({area}) {exchange}-{line}",
        f"{area}-{exchange}-{line}",
        f"{area}.{exchange}.{line}",
        f"{area} {exchange} {line}",
        f"{exchange}-{line}",
    }


def social_security_forms(number: str) -> set[str]:
    """Nine digits, with their hyphens, and the last four."""
    return {number, f"{number[:3]}-{number[3:5]}-{number[5:]}", number[5:]}


def _cases(value: str) -> set[str]:
    return {value, value.lower(), value.upper(), value.title()}


def encodings(value: str) -> Iterator[tuple[str, bytes]]:
    """The names and bytes under which a value may hide. Bytes are lower case, but for base64."""
    for cased in _cases(value):
        raw = cased.encode()
        for shift in range(3):
            # What stands before shifts the letters; the first and last ones mix with the neighbours.
            whole = base64.b64encode(b"\0" * shift + raw)
            inner = whole[(0, 2, 3)[shift] : len(raw + b"\0" * shift) * 8 // 6]
            if len(inner) >= SHORTEST_ANYWHERE:
                yield "base64", inner
                yield "base64", inner.translate(bytes.maketrans(b"+/", b"-_"))
        for algorithm in HASHES:
            digest = hashlib.new(algorithm, raw, usedforsecurity=False)
            yield algorithm, digest.digest().lower()
            yield algorithm, digest.hexdigest().encode()
        yield "hex", raw.hex().encode()
    low = value.lower()
    yield "plain", low.encode()
    yield "reversed", low[::-1].encode()
    yield "utf-16", low.encode("utf-16-le")
    yield "utf-16", low.encode("utf-16-be")
    yield "json", json.dumps(low)[1:-1].encode()
    yield "url", quote(low, safe="").lower().encode()
    yield "url", quote_plus(low).lower().encode()


@dataclass(frozen=True)
class Canaries:
    """Named values; each in every form it may take."""

    values: dict[str, set[str]] = field(repr=False)

    def also(self, name: str, values: Iterable[str]) -> "Canaries":
        """These and more."""
        return Canaries({**self.values, name: set(values)})

    @cached_property
    def _needles(self) -> list[tuple[str, str, bytes]]:
        made = set()
        for name, forms in self.values.items():
            for form in forms:
                whole = len(form) >= SHORTEST_ANYWHERE
                made |= {(name, how, needle) for how, needle in encodings(form) if whole or how in HASHES}
        return sorted(made)

    def found_in(self, where: str, content: bytes) -> list[str]:
        """What of them occurs in these bytes: `where: name as encoding`."""
        low = content.lower()
        found = {
            f"{where}: {name} as {how}"
            for name, how, needle in self._needles
            if needle in (content if how == "base64" else low)
        }
        for name, forms in self.values.items():
            if any(len(form) < SHORTEST_ANYWHERE and _as_token(form, low) for form in forms):
                found.add(f"{where}: {name} as a word")
        return sorted(found)


def _as_token(form: str, content: bytes) -> bool:
    return re.search(rb"(?<![\w.:+-])" + re.escape(form.lower().encode()) + rb"(?![\w:+-]|\.\d)", content) is not None


def database_contents(url: str) -> dict[str, bytes]:
    """Everything a database holds, by table and column, and for SQLite the bytes of its files too."""
    engine = create_engine(url)
    found: dict[str, bytes] = {}
    with engine.connect() as connection:
        for table in _tables(url):
            columns: dict[str, list[bytes]] = {}
            for row in connection.execute(text(f'SELECT * FROM "{table}"')).mappings():
                for column, value in row.items():
                    columns.setdefault(column, []).append(_bytes(value))
            found |= {f"{table}.{column}": b"\n".join(cells) for column, cells in columns.items()}
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return found | _files(url)


def _tables(url: str) -> list[str]:
    from app.models import Base

    return [table.name for table in Base.metadata.sorted_tables]


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes | memoryview):
        return bytes(value)
    return json.dumps(value, ensure_ascii=False, default=str).encode() if not isinstance(value, str) else value.encode()


def _files(url: str) -> dict[str, bytes]:
    path = make_url(url).database if url.startswith("sqlite") else None
    if path is None:
        return {}
    beside = [Path(path + end) for end in ("", "-wal", "-journal")]
    return {f"file {each.name}": each.read_bytes() for each in beside if each.exists()}

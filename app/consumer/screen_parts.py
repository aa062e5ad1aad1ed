"""The pieces that screens are made of: words with links, steps, fields, ledgers. Plain frozen values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

StepState = Literal["done", "now", "next"]
FieldState = Literal["plain", "filled", "missing", "edited", "locked", "disputed"]
FieldKind = Literal["text", "email", "tel", "digits", "money", "date", "select", "radio", "choice", "address", "long"]
Icon = Literal["bank", "check", "check-circle", "clock", "file", "flag", "info", "lock", "pencil", "person", "shield"]

_MARKUP = re.compile(r"\*\*(?P<strong>[^*]+)\*\*|\[(?P<label>[^\]]+)\]\((?P<href>[^)\s]+)\)")
_SAFE_HREF = re.compile(r"(https?://|/(?!/)|#|mailto:|tel:)", re.IGNORECASE)


@dataclass(frozen=True)
class Piece:
    """A run of text; a link when `href` is given."""

    text: str
    href: str | None = None
    strong: bool = False


@dataclass(frozen=True)
class Words:
    """Paragraphs of text with links. `plain` is what was said, word for word: store that."""

    paragraphs: tuple[tuple[Piece, ...], ...]

    @property
    def plain(self) -> str:
        """The text without marks, paragraphs apart by one line break."""
        return "\n".join("".join(piece.text for piece in pieces) for pieces in self.paragraphs)


def words(*paragraphs: str) -> Words:
    """Read `**strong**` and `[label](url)`; one argument a paragraph. Other schemes stay text."""
    return Words(tuple(_pieces(paragraph) for paragraph in paragraphs))


def _pieces(text: str) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    end = 0
    for match in _MARKUP.finditer(text):
        if match.start() > end:
            pieces.append(Piece(text[end : match.start()]))
        if match["strong"] is not None:
            pieces.append(Piece(match["strong"], strong=True))
        else:
            safe = _SAFE_HREF.match(match["href"])
            pieces.append(Piece(match["label"], href=match["href"] if safe else None))
        end = match.end()
    if end < len(text):
        pieces.append(Piece(text[end:]))
    return tuple(pieces)


@dataclass(frozen=True)
class Link:
    """A label and where it leads."""

    label: str
    href: str


@dataclass(frozen=True)
class Step:
    """One step of the rail."""

    label: str
    state: StepState


@dataclass(frozen=True)
class Tick:
    """One line of a list that ticks off; `more` is a quieter second line."""

    label: str
    state: StepState
    more: str | None = None


@dataclass(frozen=True)
class Way:
    """A way to go on. `post` sends a form, `document` loads a new document instead of swapping the frame."""

    label: str
    url: str
    detail: str | None = None
    post: bool = False
    document: bool = False


@dataclass(frozen=True)
class Option:
    """A choice of a select or radio."""

    value: str
    label: str


@dataclass(frozen=True)
class ErrorLink:
    """A line of the error summary: the id of the control and what to do."""

    target: str
    message: str


@dataclass(frozen=True)
class Source:
    """Where a value came from, in words, with the icon beside it."""

    words: str
    icon: Icon = "bank"


@dataclass(frozen=True, kw_only=True)
class PhoneInput:
    """The phone number with its country."""

    countries: tuple[Option, ...]
    country: str = "US"
    number: str = ""
    error: str | None = None

    @property
    def error_link(self) -> ErrorLink | None:
        """Its line in the summary."""
        return ErrorLink("phone", self.error) if self.error else None


@dataclass(frozen=True, kw_only=True)
class BirthInput:
    """The date of birth, as typed."""

    month: str = ""
    day: str = ""
    year: str = ""
    error: str | None = None

    @property
    def error_link(self) -> ErrorLink | None:
        """Its line in the summary."""
        return ErrorLink("birth-month", self.error) if self.error else None


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """One of several values that disagree; `lines` are shown one under the other."""

    value: str
    lines: tuple[str, ...]
    source: Source | None = None


@dataclass(frozen=True, kw_only=True)
class Field:
    """One question. The control is named `key`.

    A `date` posts `<key>_month`, `_day`, `_year`; its `value` is ISO, `typed` gives back what was no date. An
    `address` is made of `parts`. A `choice` offers `alternatives` and, with `other_label`, the value `other`,
    typed into `parts`. A read-only field shows `value` as it is, so write dates and phones in words.
    """

    key: str
    label: str
    kind: FieldKind = "text"
    value: str = ""
    state: FieldState = "plain"
    hint: str | None = None
    error: str | None = None
    source: Source | None = None
    required: bool = True
    autocomplete: str | None = None
    max_length: int | None = None
    suffix: str | None = None
    wide: bool = False
    can_undo: bool = False
    can_dispute: bool = False
    reveal_url: str | None = None
    typed: tuple[str, str, str] | None = None
    options: tuple[Option, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    other_label: str | None = None
    parts: tuple[Field, ...] = field(default=())

    @property
    def id(self) -> str:
        """The id of the (first) control, which labels and the summary point to."""
        return re.sub(r"[^a-z0-9]+", "-", self.key.lower()).strip("-")

    @property
    def target(self) -> str:
        """The id a line of the summary leads to."""
        if self.read_only:
            return self.id
        if self.kind == "address" and self.parts:
            return self.parts[0].id
        return self.id + {"date": "-month", "radio": "-1", "choice": "-1"}.get(self.kind, "")

    @property
    def read_only(self) -> bool:
        """Shown, not to be typed into: locked, disputed, or digits behind a mask."""
        return self.state in ("locked", "disputed") or self.reveal_url is not None

    @property
    def date_parts(self) -> tuple[str, str, str]:
        """Month, day, year for the three boxes."""
        if self.typed is not None:
            return self.typed
        year, month, day = [*self.value.split("-"), "", ""][:3]
        return month, day, year

    @property
    def error_links(self) -> tuple[ErrorLink, ...]:
        """Its lines in the summary, those of its parts included."""
        own = (ErrorLink(self.target, self.error),) if self.error else ()
        return own + tuple(link for part in self.parts for link in part.error_links)


@dataclass(frozen=True, kw_only=True)
class FieldGroup:
    """A titled group of fields."""

    key: str
    title: str
    fields: tuple[Field, ...]
    hint: str | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An account or debt. With `can_leave_out` it has a switch (posts `share=<key>` while on).

    `sums` are the cents it adds to each of the ledger's totals, in their order, while it is shared.
    """

    key: str
    name: str
    detail: str
    amount: str
    note: str | None = None
    shared: bool = True
    can_leave_out: bool = True
    sums: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Entries from one source and their totals (label, amount)."""

    heading: str
    detail: str
    entries: tuple[Entry, ...]
    totals: tuple[tuple[str, str], ...] = ()
    monogram: str | None = None
    currency: str = "USD"

    @property
    def can_leave_out(self) -> bool:
        """Whether any entry has a switch."""
        return any(entry.can_leave_out for entry in self.entries)


@dataclass(frozen=True, kw_only=True)
class LedgerGroup:
    """Accounts, or debts: ledgers under one heading."""

    key: str
    title: str
    ledgers: tuple[Ledger, ...]
    hint: str | None = None
    more: Link | None = None


@dataclass(frozen=True)
class Fact:
    """A line of the copy: label, one or more lines, and where it came from."""

    label: str
    lines: tuple[str, ...]
    note: str | None = None

"""A result as rows a person can read."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

GROUPS = {
    "personal_info": "About the applicant",
    "addresses": "Address",
    "employment": "Work",
    "financial_info": "Accounts and debts",
}
STATEMENTS = {"verifications": "Checks", "consents": "What was agreed", "left_out": "Left out"}
LADDERS = {
    "layer_phone": "Layer by phone",
    "layer_date_of_birth": "Layer by date of birth",
    "link": "bank login",
    "manual": "by hand",
}
SOURCES = {
    "plaid_layer": "from Plaid Layer",
    "plaid_bank": "from the bank",
    "spinwheel_profile": "from the phone check",
    "spinwheel_credit_file": "from the credit file",
    "phone_check": "proven by a code",
    "consumer": "entered by the applicant",
    "tenant": "known to us before",
}
LABELS = {"ssn": "SSN, last four"}
NOTES = ("verified", "edited", "locked", "disputed")


@dataclass(frozen=True)
class Row:
    """One value with its label, and where it came from ("" when that is not said)."""

    label: str
    value: str
    source: str


@dataclass(frozen=True)
class Section:
    title: str
    rows: list[Row]


def spoken(name: object) -> str:
    """A wire name as words: `phone_number` -> "Phone number"."""
    text = str(name or "").replace("_", " ")
    return text[:1].upper() + text[1:]


def ladder(rung: str) -> str:
    """How a persona reaches the bank."""
    return LADDERS.get(rung, spoken(rung))


def moment(text: str) -> str:
    """An RFC 3339 time for reading: `2026-01-31 09:15:00 UTC`."""
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def clock(text: str) -> str:
    """The time of an RFC 3339 moment: `09:15:00 UTC`."""
    return moment(text).partition(" ")[2]


def birthday(text: str) -> str:
    """A date for reading: `January 18, 1975`."""
    return f"{date.fromisoformat(text):%B %-d, %Y}"


def telephone(number: str) -> str:
    """An E.164 number for reading: `(415) 555-0011`; one of another country stays as it is."""
    found = re.fullmatch(r"\+1(\d{3})(\d{3})(\d{4})", number)
    return "({}) {}-{}".format(*found.groups()) if found else number


def result_sections(result: dict[str, Any]) -> list[Section]:
    """The prefill group by group, then how the person was verified, what was agreed and what was left out."""
    sections = [
        Section(title, list(_rows(group, result["prefill"][group], result["provenance"])))
        for group, title in GROUPS.items()
    ]
    for name, title in STATEMENTS.items():
        sections.append(Section(title, [_statement(each) for each in result[name]]))
    return [section for section in sections if section.rows]


def _rows(group: str, content: Any, provenance: dict[str, dict[str, Any]]) -> Iterator[Row]:
    """One row for a plain value, one for each entry of a list."""
    named = content.items() if isinstance(content, dict) else [("", content)]
    for name, value in named:
        pointer = f"/{group}/{name}".rstrip("/")
        if isinstance(value, list):
            label = spoken(name.removesuffix("s") or "home")
            for position, entry in enumerate(value):
                yield Row(label, summary(entry), source(f"{pointer}/{position}", provenance))
        elif value not in (None, ""):
            text = money(value, "USD") if name.startswith("total_") else summary(value)
            yield Row(LABELS.get(name) or spoken(name), text, source(pointer, provenance))


def summary(value: Any) -> str:
    """An account, a debt, an address or a plain value in one line. Numbers of accounts stay masked."""
    if not isinstance(value, dict):
        return str(value)
    if "balance" in value:
        return _holding(value)
    return _joined(value.get(name) for name in ("street", "unit", "city", "state", "postal_code", "country"))


def _holding(value: dict[str, Any]) -> str:
    balance = value["balance"]
    if isinstance(balance, dict):
        amount = balance.get("current") or balance.get("available")
        currency = balance.get("currency")
    else:
        amount, currency = balance, "USD"
    names = [value.get(name) for name in ("institution_name", "creditor", "name")]
    mask = value.get("mask")
    return _joined([*names, mask and f"ending in {mask}", amount and money(amount, currency)])


def money(amount: Any, currency: str | None) -> str:
    """An amount for reading: `1,234.50 USD`."""
    return f"{Decimal(amount):,.2f} {currency or ''}".rstrip()


def source(pointer: str, provenance: dict[str, dict[str, Any]]) -> str:
    """Where a value came from; "" when nothing is said."""
    said = provenance.get(pointer)
    if said is None:
        return ""
    return _joined([SOURCES.get(said["source"], spoken(said["source"])), *(note for note in NOTES if said.get(note))])


def _statement(entry: dict[str, Any]) -> Row:
    """A check, a consent or an omission: its kind, then the rest of what is said of it."""
    rest = {name: str(value or "") for name, value in entry.items() if name not in ("kind", "text_hash")}
    said = [
        f"{spoken(name)}: {moment(text) if name.endswith('_at') else text.replace('_', ' ')}"
        for name, text in rest.items()
        if text
    ]
    return Row(spoken(entry["kind"]), _joined(said), "")


def _joined(parts: Iterable[Any]) -> str:
    return ", ".join(str(part) for part in parts if part)

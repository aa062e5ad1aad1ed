"""Whether an answer is one. Errors are words the page has a sentence for; what was typed is never lost."""

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from app.domain.numbers import BirthError, NumberError, birth_date, normal_phone
from app.domain.prefill.fields import FIELDS, FieldSpec

STATES = [
    "AL",
    "AK",
    "AZ",
    "AR",
    "CA",
    "CO",
    "CT",
    "DE",
    "DC",
    "FL",
    "GA",
    "HI",
    "ID",
    "IL",
    "IN",
    "IA",
    "KS",
    "KY",
    "LA",
    "ME",
    "MD",
    "MA",
    "MI",
    "MN",
    "MS",
    "MO",
    "MT",
    "NE",
    "NV",
    "NH",
    "NJ",
    "NM",
    "NY",
    "NC",
    "ND",
    "OH",
    "OK",
    "OR",
    "PA",
    "PR",
    "RI",
    "SC",
    "SD",
    "TN",
    "TX",
    "UT",
    "VT",
    "VA",
    "WA",
    "WV",
    "WI",
    "WY",
]
ADDRESS_PARTS = ("street", "unit", "city", "state", "postal_code")
_EMAIL = re.compile(r"[^@\s,;<>\"()]+@[^@\s,;<>\"()]+\.[^@\s.,;<>\"()]{2,}")
_ZIP = re.compile(r"\d{5}(-?\d{4})?")
_TEXT_LIMIT = 120


class AnswerError(ValueError):
    """`errors` maps the field, or `address_<part>`, to a word such as `missing`, `email`, `zip`."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(", ".join(sorted(errors)))
        self.errors = errors


def read_answer(key: str, form: dict[str, str], *, required: bool, country: str = "US") -> Any:
    """The answer to one field from the posted form; None when an optional one was left empty.

    Raises:
        AnswerError: says for each box what is wrong.
    """
    spec = FIELDS[key]
    if spec.kind == "address":
        return _address(form, required)
    if spec.kind == "date":
        return _date(key, form, required)
    text = " ".join(form.get(key, "").split())
    if not text:
        if required:
            raise AnswerError({key: "missing"})
        return None
    return _text(spec, text, country)


def _text(spec: FieldSpec, text: str, country: str) -> Any:
    if len(text) > _TEXT_LIMIT:
        raise AnswerError({spec.key: "long"})
    if any(ord(character) < 32 for character in text):
        raise AnswerError({spec.key: "invalid"})
    if spec.kind == "email" and not _EMAIL.fullmatch(text):
        raise AnswerError({spec.key: "email"})
    if spec.kind == "digits" and not (len(text) == 4 and text.isascii() and text.isdecimal()):
        raise AnswerError({spec.key: "four_digits"})
    if spec.kind == "choice" and text not in spec.options:
        raise AnswerError({spec.key: "missing"})
    if spec.kind == "money":
        return _money(spec.key, text)
    if spec.kind == "phone":
        try:
            return normal_phone(text, country, (country,))
        except NumberError:
            raise AnswerError({spec.key: "phone"}) from None
    return text


def _money(key: str, text: str) -> str:
    try:
        amount = Decimal(text.replace("$", "").replace(",", "").strip())
    except InvalidOperation:
        raise AnswerError({key: "money"}) from None
    if not amount.is_finite() or amount < 0 or amount >= Decimal("1e9"):
        raise AnswerError({key: "money"})
    return str(amount.quantize(Decimal("0.01")))


def _date(key: str, form: dict[str, str], required: bool) -> str | None:
    month, day, year = (form.get(f"{key}_{part}", "") for part in ("month", "day", "year"))
    if not (month + day + year).strip() and not required:
        return None
    try:
        return birth_date(month, day, year, dt.datetime.now(dt.UTC).date()).isoformat()
    except BirthError as error:
        raise AnswerError({key: f"birth_{error.reason}"}) from None


def _address(form: dict[str, str], required: bool) -> dict[str, str | None] | None:
    parts = {part: " ".join(form.get(f"address_{part}", "").split()) for part in ADDRESS_PARTS}
    if not any(parts.values()) and not required:
        return None
    errors = {f"address_{part}": "missing" for part in ("street", "city", "state", "postal_code") if not parts[part]}
    if parts["state"] and parts["state"] not in STATES:
        errors["address_state"] = "missing"
    if parts["postal_code"] and not _ZIP.fullmatch(parts["postal_code"]):
        errors["address_postal_code"] = "zip"
    errors |= {f"address_{part}": "long" for part, text in parts.items() if len(text) > _TEXT_LIMIT}
    if errors:
        raise AnswerError(errors)
    return {**{part: text or None for part, text in parts.items()}, "country": "US"}

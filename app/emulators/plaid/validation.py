"""What an endpoint accepts, checked as strictly as Plaid does.

The facts (requests.json: known fields, required ones, enums, bounds) come from Plaid's API description
2020-09-14_1.778.0; the sentences of INVALID_FIELD are its usual ones, the others are documented.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from app.emulators.plaid.errors import PlaidError

_CREDENTIALS = ("client_id", "secret")
_PRIMITIVES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
}


@cache
def _facts() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(Path(__file__).with_name("requests.json").read_text(encoding="utf-8"))
    return facts


def parse(raw: bytes) -> dict[str, Any]:
    """The body as an object; INVALID_BODY if it is not one."""
    try:
        body = json.loads(raw or b"{}")
    except ValueError as error:
        raise PlaidError("INVALID_BODY") from error
    if not isinstance(body, dict):
        raise PlaidError("INVALID_BODY")
    return body


def check(path: str, body: dict[str, Any]) -> None:
    """Raises UNKNOWN_FIELDS, MISSING_FIELDS or INVALID_FIELD, in this order, naming fields by their path."""
    fields = _facts()["endpoints"][path]
    unknown = sorted(_unknown(fields, body, ""))
    if unknown:
        raise PlaidError("UNKNOWN_FIELDS", ", ".join(unknown))
    missing = sorted(_missing(fields, body, ""))
    if missing:
        raise PlaidError("MISSING_FIELDS", ", ".join(missing))
    _check_values(fields, body, "")


def without_credentials(body: dict[str, Any]) -> dict[str, Any]:
    """The fields that are the endpoint's own, nulls left out (Plaid reads an optional null as absent)."""
    return {name: value for name, value in body.items() if name not in _CREDENTIALS and value is not None}


def _nested(fact: Any, value: Any) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    kind = (fact["type"] if isinstance(fact, dict) else fact).rstrip("?")
    members = _facts()["types"].get(kind.removesuffix("[]"))
    if members is None:
        return []
    values = value if kind.endswith("[]") and isinstance(value, list) else [value]
    return [(members, one) for one in values if isinstance(one, dict)]


def _unknown(fields: dict[str, Any], body: dict[str, Any], prefix: str) -> list[str]:
    found = []
    for name, value in body.items():
        if name not in fields:
            found.append(prefix + name)
            continue
        for members, inner in _nested(fields[name], value):
            found.extend(_unknown(members, inner, f"{prefix}{name}."))
    return found


def _missing(fields: dict[str, Any], body: dict[str, Any], prefix: str) -> list[str]:
    found = []
    for name, fact in fields.items():
        required = isinstance(fact, dict) and fact.get("required", False)
        if required and body.get(name) is None:
            found.append(prefix + name)
        for members, inner in _nested(fact, body.get(name)):
            found.extend(_missing(members, inner, f"{prefix}{name}."))
    return found


def _check_values(fields: dict[str, Any], body: dict[str, Any], prefix: str) -> None:
    for name, value in body.items():
        if value is None:
            continue
        fact = fields[name]
        _check_value(prefix + name, fact if isinstance(fact, dict) else {"type": fact}, value)
        for members, inner in _nested(fact, value):
            _check_values(members, inner, f"{prefix}{name}.")


def _check_value(name: str, fact: dict[str, Any], value: Any) -> None:
    kind = fact["type"].rstrip("?")
    if kind.endswith("[]"):
        if not isinstance(value, list) or len(value) < fact.get("minimum", 0):
            raise PlaidError("INVALID_FIELD", f"{name} must be a non-empty array")
        for one in value:
            _check_one(name, {"type": kind.removesuffix("[]")}, one)
        return
    _check_one(name, fact | {"type": kind}, value)


def _check_one(name: str, fact: dict[str, Any], value: Any) -> None:
    kind = fact["type"]
    if kind == "any":
        return
    if kind in _facts()["enums"]:
        if value not in _facts()["enums"][kind]:
            raise PlaidError("INVALID_FIELD", f"{name} is not one of the accepted values")
        return
    expected = _PRIMITIVES.get(kind, (dict,))
    if not isinstance(value, expected) or (isinstance(value, bool) and kind != "boolean"):
        raise PlaidError("INVALID_FIELD", f"{name} must be {_described(kind)}")
    size = len(value) if isinstance(value, str) else value
    if kind in ("string", "integer") and not fact.get("minimum", size) <= size <= fact.get("maximum", size):
        raise PlaidError("INVALID_FIELD", f"{name} is out of its bounds")


def _described(kind: str) -> str:
    words = {
        "string": "a properly formatted, non-empty string",
        "integer": "an integer",
        "number": "a number",
        "boolean": "a boolean",
    }
    return words.get(kind, "an object")

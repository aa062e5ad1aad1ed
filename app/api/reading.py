"""Requests as they must be: strict JSON, known fields, known query parameters."""

import itertools
import json
import math
from collections import Counter
from typing import Any, NoReturn, TypeVar

from flask import request
from pydantic import BaseModel, ConfigDict, ValidationError

from app.errors import Problem

LARGEST_BODY = 64 * 1024
DEEPEST_BODY = 12

CODES = {
    "missing": "required",
    "extra_forbidden": "unknown",
    "string_too_long": "too_long",
    "string_too_short": "too_short",
    "too_long": "too_many",
    "literal_error": "not_one_of",
}

Wanted = TypeVar("Wanted", bound=BaseModel)


class Strict(BaseModel):
    """A part of a request. Names that mean nothing are refused, and no error repeats a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Nothing(Strict):
    """The body or query of a call that takes none."""


def read_body(model: type[Wanted]) -> tuple[Wanted, dict[str, Any]]:
    """The checked body, and the plain one for comparing it with an earlier request.

    Raises:
        Problem: 400 no JSON object, 415 another media type, 422 with a pointer for each mistake.
    """
    request.max_content_length = LARGEST_BODY
    raw = request.get_data()
    if not raw and model is Nothing:
        return _checked(model, {}), {}
    if request.mimetype != "application/json":
        raise Problem(415, "unsupported_media_type", "Send the body as application/json.")
    plain = parse_json(raw)
    if not isinstance(plain, dict):
        raise Problem(400, "malformed_json", "The body must be a JSON object.")
    return _checked(model, plain), plain


def read_query(model: type[Wanted]) -> Wanted:
    """The checked query parameters, each given once."""
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    if repeated:
        where = pointer((repeated[0],))
        raise invalid([{"pointer": where, "detail": "Is given more than once.", "code": "repeated"}])
    return _checked(model, request.args.to_dict())


def parse_json(raw: bytes) -> Any:
    """Strict JSON: UTF-8, no name twice, no NaN, no lone surrogates, not too deep.

    Raises:
        Problem: 400, without repeating what was sent.
    """
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
        _check_texts(value)
    except _StrictError as error:
        raise Problem(400, "malformed_json", str(error)) from None
    except (ValueError, RecursionError):
        raise Problem(400, "malformed_json", "The body is not well-formed JSON in UTF-8.") from None
    return value


class _StrictError(ValueError):
    """JSON that some readers take and others read differently."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if any(count > 1 for count in Counter(name for name, _ in pairs).values()):
        raise _StrictError("A name stands twice in one object.")
    return dict(pairs)


def _refuse_constant(_name: str) -> NoReturn:
    raise _StrictError("NaN and Infinity are not JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _StrictError("A number is too large.")
    return number


def _check_texts(value: Any) -> None:
    level = [value]
    for depth in itertools.count():
        if depth == DEEPEST_BODY and any(isinstance(each, dict | list) for each in level):
            raise _StrictError(f"The body is nested more than {DEEPEST_BODY} deep.")
        below: list[Any] = []
        for each in level:
            if isinstance(each, str):
                _check_text(each)
            elif isinstance(each, dict):
                below += [*each.keys(), *each.values()]
            elif isinstance(each, list):
                below += each
        level = below
        if not level:
            return


def _check_text(text: str) -> None:
    # Neither can be stored: PostgreSQL takes no NUL, and a lone surrogate has no UTF-8.
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise _StrictError("A text holds a NUL character or half a surrogate pair.")


def _checked(model: type[Wanted], plain: dict[str, Any]) -> Wanted:
    try:
        return model.model_validate(plain)
    except ValidationError as error:
        mistakes = error.errors(include_input=False, include_url=False, include_context=False)
        raise invalid([_mistake(mistake) for mistake in mistakes]) from None


def _mistake(mistake: Any) -> dict[str, str]:
    detail = str(mistake["msg"]).removeprefix("Value error, ")
    return {
        "pointer": pointer(mistake["loc"]),
        "detail": detail[:1].upper() + detail[1:] + ("" if detail.endswith(".") else "."),
        "code": CODES.get(mistake["type"], "invalid"),
    }


def pointer(path: tuple[Any, ...]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def invalid(errors: list[dict[str, str]]) -> Problem:
    """422 with the list of mistakes; in a query the pointer names the parameter."""
    return Problem(422, "invalid_request", "Some of what was sent cannot be used; see errors.", errors)

"""`Idempotency-Key` on every POST: one effect, and for 24 hours the same answer again."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Response, g, jsonify, request
from sqlalchemy.exc import IntegrityError

from app.domain.idempotency import IdempotencyError, Stored, begin, finish, read_key, release
from app.errors import Problem, problem_response
from app.web import services, settings

Made = TypeVar("Made")
RACES = 3

WORDS = {
    "idempotency_key_invalid": (400, "Idempotency-Key must be 1 to 255 printable ASCII characters."),
    "idempotency_key_reused": (422, "This Idempotency-Key was used for another request."),
    "idempotency_key_in_use": (409, "The first request with this Idempotency-Key is still running."),
}


def answer_once(status: int, plain: dict[str, Any], act: Callable[[], dict[str, Any]]) -> Response:
    """The answer of `act`, or the one given before. Its problems are kept too, faults of ours are not."""
    header = request.headers.get("Idempotency-Key")
    if header is None:
        return _answer(Stored(status, despite_races(act)))
    try:
        key = read_key(header)
        stored = begin(services(), g.caller.scope, _route(), key, {"path": request.path, "body": plain})
    except IdempotencyError as error:
        refused, detail = WORDS[error.code]
        raise Problem(refused, error.code, detail) from None
    if stored is None:
        return _answer(_act_and_keep(key, status, act))
    response = _answer(stored)
    response.headers["Idempotent-Replayed"] = "true"
    return response


def despite_races(step: Callable[[], Made]) -> Made:
    """Again where another request made the same row at the same moment: a user, its key, the tenant's key."""
    for _ in range(RACES):
        try:
            return step()
        except IntegrityError:
            continue
    return step()


def _route() -> str:
    return str(request.endpoint)


def _act_and_keep(key: str, status: int, act: Callable[[], dict[str, Any]]) -> Stored:
    scope = g.caller.scope
    try:
        stored = Stored(status, despite_races(act))
    except Problem as problem:
        stored = Stored(problem.status, {"code": problem.code, "detail": problem.detail, "errors": problem.errors})
    except Exception:
        release(services(), scope, _route(), key)
        raise
    despite_races(lambda: finish(services(), scope, _route(), key, stored))
    return stored


def _answer(stored: Stored) -> Response:
    if stored.status >= 400:
        return problem_response(Problem(stored.status, **stored.body))
    response = jsonify(stored.body)
    response.status_code = stored.status
    if stored.status == 201:
        response.headers["Location"] = f"{settings().app_url}{request.path}/{stored.body['id']}"
    return response

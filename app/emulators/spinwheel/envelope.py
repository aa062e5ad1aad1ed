"""The envelope of every Spinwheel answer: {"status": {"code", "desc", "messages"?}, "data"?}."""

from typing import Any, TypeVar

from flask import Response, jsonify, request
from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.exceptions import HTTPException

from app.emulators.spinwheel.assumptions import REFUSALS

Model = TypeVar("Model", bound=BaseModel)


class Body(BaseModel):
    """Unknown fields and wrong types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Refused(Exception):  # noqa: N818 - it is the provider's answer, not a mistake of ours
    """Ends a call with one of the provider's codes; `sentence` replaces the usual one."""

    def __init__(self, code: str, sentence: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence or REFUSALS[code].sentence


def success(data: dict[str, Any] | list[dict[str, Any]], status: int = 200) -> Response:
    response = jsonify(status={"code": status, "desc": "success"}, data=data)
    response.status_code = status
    return response


def refusal(error: Refused) -> Response:
    status = REFUSALS[error.code].status
    message = {"desc": error.sentence, "type": "ERROR"}
    response = jsonify(status={"code": status, "desc": error.code, "messages": [message]})
    response.status_code = status
    return response


def read_body(model: type[Model]) -> Model:
    """The JSON body; anything else is BAD_REQUEST, with the field's name in the sentence."""
    try:
        content = request.get_json()
    except HTTPException:
        raise Refused("BAD_REQUEST", "The body must be JSON") from None
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "body"
        raise Refused("BAD_REQUEST", f"{field}: {first['msg']}") from None

"""`/api/v1/onboardings`: create, search, read, link, cancel, result."""

from typing import Any

from flask import Blueprint, Response, g, jsonify
from sqlalchemy.orm import Session

from app.api.documents import created_document, document, link_document, page_document
from app.api.idempotent import answer_once
from app.api.reading import Nothing, invalid, read_body, read_query
from app.api.search_request import SearchRequest
from app.api.start_request import StartRequest
from app.domain.flow import MoveError
from app.domain.ids import parse_id
from app.domain.onboardings import (
    EndedError,
    NewOnboarding,
    RequestError,
    add_launch_link,
    cancel_onboarding,
    create_onboarding,
    current_status,
    get_onboarding,
    list_onboardings,
    require_open,
)
from app.domain.result import kept_result
from app.errors import Problem
from app.models import Onboarding
from app.web import services

blueprint = Blueprint("onboardings", __name__, url_prefix="/onboardings")


@blueprint.post("")
def create() -> Response:
    """A new onboarding and its launch link."""
    request, plain = read_body(StartRequest)
    wanted = request.wanted()
    return answer_once(201, plain, lambda: _create(wanted))


@blueprint.get("")
def search() -> Response:
    """A page of onboardings, newest first."""
    wanted = read_query(SearchRequest).listing()
    with services().database.session(g.caller.scope, read_only=True) as session:
        return jsonify(page_document(session, list_onboardings(session, wanted), wanted.limit))


@blueprint.get("/<onboarding_id>")
def read(onboarding_id: str) -> Response:
    """One onboarding, with a fresh return token."""
    read_query(Nothing)
    with services().database.session(g.caller.scope, read_only=True) as session:
        return jsonify(document(session, _need(session, onboarding_id)))


@blueprint.post("/<onboarding_id>/link")
def link(onboarding_id: str) -> Response:
    """A fresh launch link: to resume, or for another device."""
    _, plain = read_body(Nothing)
    return answer_once(200, plain, lambda: _link(onboarding_id))


@blueprint.post("/<onboarding_id>/cancel")
def cancel(onboarding_id: str) -> Response:
    """End it. A second call changes nothing and answers the same."""
    _, plain = read_body(Nothing)
    return answer_once(200, plain, lambda: _cancel(onboarding_id))


@blueprint.get("/<onboarding_id>/result")
def result(onboarding_id: str) -> Response:
    """What the consumer shared; 409 until then."""
    read_query(Nothing)
    with services().database.session(g.caller.scope, read_only=True) as session:
        found = kept_result(session, _need(session, onboarding_id))
    if found is None:
        raise Problem(409, "onboarding_not_completed", "There is no result before the consumer shared it.")
    return jsonify(found)


def _create(wanted: NewOnboarding) -> dict[str, Any]:
    with services().database.session(g.caller.scope) as session:
        try:
            onboarding, token, link_expires_at = create_onboarding(session, g.caller.scope, wanted)
        except RequestError as error:
            raise invalid([{"pointer": error.pointer, "detail": error.detail, "code": error.code}]) from None
        return created_document(session, onboarding, token, link_expires_at)


def _link(onboarding_id: str) -> dict[str, Any]:
    with services().database.session(g.caller.scope) as session:
        onboarding = _need(session, onboarding_id)
        try:
            require_open(onboarding)
        except EndedError:
            raise _ended(onboarding) from None
        return link_document(onboarding, *add_launch_link(session, onboarding))


def _cancel(onboarding_id: str) -> dict[str, Any]:
    with services().database.session(g.caller.scope) as session:
        onboarding = _need(session, onboarding_id)
        try:
            cancel_onboarding(session, onboarding)
        except EndedError:
            raise _ended(onboarding) from None
        except MoveError:
            raise Problem(409, "onboarding_moved", "The consumer moved on just now; send it again.") from None
        return document(session, onboarding)


def _need(session: Session, onboarding_id: str) -> Onboarding:
    """The caller's own; another tenant's, the other mode's and none at all look the same."""
    onboarding = get_onboarding(session, parse_id("onboarding", onboarding_id))
    if onboarding is None:
        raise Problem(404, "not_found", "There is no onboarding with this id.")
    return onboarding


def _ended(onboarding: Onboarding) -> Problem:
    return Problem(409, "onboarding_ended", f"This onboarding is {current_status(onboarding)}.")

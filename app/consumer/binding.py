"""Tying an onboarding to a browser: what the first answer carries."""

from typing import Any

from flask import Response, abort

from app.access import in_frame
from app.consumer.context import FRAMED, View, go_on, load, page, scoped, set_binding_cookie
from app.consumer.current import current_screen
from app.consumer.start_form import submit_start
from app.domain.ids import parse_id, wire_id
from app.domain.launch import Consumer, scope_of
from app.models.session import Scope
from app.web import render_screen, services


def place_of_request() -> str:
    """Where this document loads, as the browser itself says."""
    return FRAMED if in_frame() else "page"


def scope_or_404(onboarding_id: str) -> Scope:
    """Whose onboarding an id in a path is."""
    wanted = parse_id("onboarding", onboarding_id)
    scope = None
    if wanted is not None:
        with services().database.session(read_only=True) as session:
            scope = scope_of(session, wanted)
    return scope or abort(404)


def first_answer(secret: str, consumer: Consumer, form: dict[str, str] | None) -> Response:
    """Send the code where a form came along, then answer: by redirect at top level; in a frame with the page itself,
    which carries the bearer for browsers that keep no cookies there."""
    outcome = submit_start(consumer, form) if form is not None else None
    if consumer.place != FRAMED and (outcome is None or outcome.problem is None):
        response = go_on(f"/onboarding/{wire_id('onboarding', consumer.onboarding_id)}")
    else:
        with scoped(consumer.scope) as session:
            view = load(session, consumer.onboarding_id, consumer)
            response = _document(view, current_screen(view, outcome, form), secret)
    set_binding_cookie(response, consumer, secret)
    return response


def _document(view: View, screen: Any, secret: str) -> Response:
    bearer = secret if view.consumer is not None and view.consumer.place == FRAMED else None
    return render_screen(page(view, bearer=bearer), screen, whole=True)

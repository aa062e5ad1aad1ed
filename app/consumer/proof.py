"""What a browser that holds nothing (any more) is told: prove the phone again, never an error."""

from flask import Flask, Response, current_app, g, jsonify
from htmx_flask import request
from werkzeug.exceptions import NotFound

from app.consumer.binding import scope_or_404
from app.consumer.context import go_on, load, scoped, show
from app.consumer.current import answer, ended_screen, need_consumer
from app.consumer.start_form import resume_form
from app.domain.flow import OPEN, MoveError
from app.domain.ids import parse_id, wire_id
from app.errors import NeedsProof


def init_app(app: Flask) -> None:
    """Answer for every view that needs a bound browser."""
    app.register_error_handler(NeedsProof, _ask)
    app.register_error_handler(MoveError, _show_due)


def _show_due(_refused: MoveError) -> Response:
    """What was pressed is not possible any more, or another request was faster: the page says where things stand."""
    if g.policy != "consumer":
        known = request.view_args or {}
        return go_on(f"/onboarding/{known['onboarding_id']}" if "onboarding_id" in known else request.path)
    consumer = need_consumer()
    return (
        jsonify(location=f"/onboarding/{wire_id('onboarding', consumer.onboarding_id)}")
        if request.is_json
        else answer(consumer)
    )


def _ask(need: NeedsProof) -> Response:
    try:
        scope = scope_or_404(need.onboarding_id)
    except NotFound as missing:
        # What a handler raises nobody handles.
        return current_app.make_response(current_app.handle_http_exception(missing))
    if request.is_json or request.accept_mimetypes.best == "application/json":
        return jsonify(location=f"/onboarding/{need.onboarding_id}/resume")
    with scoped(scope) as session:
        view = load(session, parse_id("onboarding", need.onboarding_id), None)
        if view.status not in OPEN or view.onboarding.phone_verified_at is None:
            return show(view, ended_screen(view), 401, with_steps=False)
        return show(view, resume_form(view, view.url("resume")), 401, with_steps=False)

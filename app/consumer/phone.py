"""The phone step: number and date of birth, and the code that is sent for them."""

from flask import Blueprint, Response
from htmx_flask import request

from app.consumer.context import load, read_scope, show
from app.consumer.current import answer, need_consumer
from app.consumer.layer_first import ask_screen, asks_for_code
from app.consumer.sentences import trouble_sentence
from app.consumer.start_form import read_start, start_again, start_screen, submit_start
from app.domain.flow import OPEN, allowed

blueprint = Blueprint("phone", __name__)


@blueprint.get("/onboarding/<onboarding_id>/phone")
def show_form(onboarding_id: str) -> Response:
    """The form again, to change the number before the code is confirmed."""
    consumer = need_consumer()
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        if view.onboarding.step == "code" and view.status in OPEN:
            return show(view, start_screen(view, view.url("phone"), {}, {}))
    return answer(consumer)


@blueprint.post("/onboarding/<onboarding_id>/phone")
def submit(onboarding_id: str) -> Response:
    """Take the form: send a code, or show what is wrong beside the field."""
    consumer = need_consumer()
    form = request.form.to_dict()
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        if view.onboarding.step in ("phone", "code") and view.status in OPEN:
            errors = read_start(view, form)[1]
            if errors:
                return show(view, start_screen(view, view.url("phone"), form, errors), 422)
    outcome = submit_start(consumer, form)
    if outcome.problem is not None and outcome.challenge is None:
        with read_scope(consumer) as session:
            view = load(session, consumer.onboarding_id, consumer)
            if allowed(view.onboarding, "send_code") and view.onboarding.stage != "stuck":
                if asks_for_code(view, form):
                    notice = trouble_sentence(outcome.problem, by_call=outcome.by_call)
                    return show(view, ask_screen(view, notice), 422)
                return show(view, start_again(view, form, outcome), 422)
    return answer(consumer, outcome)

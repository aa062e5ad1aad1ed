"""Coming back with a browser that holds nothing: the phone is proven again before anything personal appears."""

from flask import Blueprint, Response, abort, g
from htmx_flask import request

from app.consumer.binding import first_answer, place_of_request, scope_or_404
from app.consumer.context import load, scoped, show
from app.consumer.current import ended_screen
from app.consumer.start_form import phone_problem, resume_form
from app.domain.flow import OPEN
from app.domain.ids import parse_id
from app.domain.launch import bind
from app.domain.limits import RESUMES, spend_one
from app.models import Onboarding
from app.web import services

blueprint = Blueprint("resume", __name__)


@blueprint.get("/onboarding/<onboarding_id>/resume")
def ask_again(onboarding_id: str) -> Response:
    """Prove the phone again, in a browser that holds nothing."""
    with scoped(scope_or_404(onboarding_id)) as session:
        view = load(session, parse_id("onboarding", onboarding_id), None)
        if view.onboarding.phone_verified_at is None or view.status not in OPEN:
            return show(view, ended_screen(view), with_steps=False)
        return show(view, resume_form(view, view.url("resume")), with_steps=False)


@blueprint.post("/onboarding/<onboarding_id>/resume")
def prove_again(onboarding_id: str) -> Response:
    """Send a code to the number the onboarding was begun with, and to no other."""
    scope = scope_or_404(onboarding_id)
    wanted = parse_id("onboarding", onboarding_id)
    assert wanted is not None
    form = request.form.to_dict()
    with services().database.session() as session:
        allowed = spend_one(session, RESUMES, onboarding_id, services().limit_scale)
    if not allowed:
        abort(429)
    with scoped(scope) as session:
        view = load(session, wanted, None)
        if view.onboarding.phone_verified_at is None or view.status not in OPEN:
            abort(404)
        problem = phone_problem(view, form)
        if problem is not None:
            return show(view, resume_form(view, view.url("resume"), form, problem), 422, with_steps=False)
    with services().database.session(scope) as session:
        session.get_one(Onboarding, wanted).locale = g.locale
        secret, consumer = bind(session, scope, wanted, place=place_of_request())
    return first_answer(secret, consumer, form)

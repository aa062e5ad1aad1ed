"""The code step: one input, judged by the provider; another text when asked for."""

from flask import Blueprint, Response
from htmx_flask import request

from app.access import browser_secret
from app.consumer.code_screen import code_screen
from app.consumer.context import View, load, read_scope, set_binding_cookie, show, visitor
from app.consumer.current import answer, need_consumer
from app.consumer.moment import this_browser
from app.domain.confirmation import confirm_code
from app.domain.flow import OPEN
from app.domain.launch import find_consumer
from app.domain.verification import CodeRequest, send_code
from app.web import services

blueprint = Blueprint("code", __name__)


def code_due(view: View) -> bool:
    """Whether a code is what this browser waits for."""
    return view.status in OPEN and (view.onboarding.step == "code" or not view.may_see)


@blueprint.post("/onboarding/<onboarding_id>/code")
def confirm(onboarding_id: str) -> Response:
    """Judge the code. A right one gives this browser a new secret."""
    consumer = need_consumer()
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        due = code_due(view)
    if not due:
        return answer(consumer)
    code = "".join(request.form.get("code", "").split())
    outcome = confirm_code(services(), consumer, code)
    if outcome.token is None:
        return answer(consumer, outcome)
    with services().database.session(read_only=True) as session:
        renewed = find_consumer(session, outcome.token)
    assert renewed is not None
    by_bearer = request.headers.get("Authorization") is not None and browser_secret(onboarding_id) is not None
    response = answer(renewed)
    set_binding_cookie(response, renewed, outcome.token)
    if by_bearer:
        response.headers["Prefill-Bearer"] = outcome.token
    return response


@blueprint.post("/onboarding/<onboarding_id>/code/resend")
def resend(onboarding_id: str) -> Response:
    """Send a new code to the same number, by text or call; older ones stop working."""
    consumer = need_consumer()
    with read_scope(consumer) as session:
        due = code_due(load(session, consumer.onboarding_id, consumer))
    if not due:
        return answer(consumer)
    wanted = CodeRequest(visitor(), method=request.form.get("method"), browser=this_browser(consumer))
    outcome = send_code(services(), consumer.scope, consumer.onboarding_id, wanted)
    if outcome.problem is not None:
        return answer(consumer, outcome)
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        return show(view, code_screen(view, resent=True))

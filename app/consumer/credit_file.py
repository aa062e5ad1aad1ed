"""The credit file: asked for with its own words and its own button."""

from flask import Blueprint, Response, g
from htmx_flask import request

from app.consumer.bank_screens import credit_words
from app.consumer.context import load, read_scope, visitor
from app.consumer.current import answer, need_consumer
from app.domain.consents import Shown
from app.domain.credit_file import allow_credit_file
from app.domain.flow import allowed, make_move
from app.models import Onboarding
from app.web import services

blueprint = Blueprint("credit_file", __name__)


@blueprint.post("/onboarding/<onboarding_id>/credit-file")
def decide(onboarding_id: str) -> Response:
    """Yes or no. Anything else shows the question again."""
    consumer = need_consumer()
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        shown = Shown("credit_file", view.disclosures["version"], g.locale, credit_words(view).plain)
        may = view.may_see
    reply = request.form.get("answer")
    if may and reply in ("yes", "no"):
        with services().database.session(consumer.scope) as session:
            onboarding = session.get_one(Onboarding, consumer.onboarding_id)
            if reply == "yes" and allowed(onboarding, "allow_credit_file"):
                allow_credit_file(session, onboarding, shown, visitor())
            elif reply == "no" and allowed(onboarding, "decline_credit_file"):
                make_move(session, onboarding, "decline_credit_file")
    return answer(consumer)

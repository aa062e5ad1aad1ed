"""Ways out that lose nothing: finish later, and cancel."""

from flask import Blueprint, Response
from flask_babel import gettext as _

from app.consumer.context import load, read_scope, show
from app.consumer.current import answer, need_consumer
from app.consumer.formats import day
from app.consumer.side_screens import Ask, FinishLater
from app.domain.flow import OPEN, allowed
from app.domain.onboardings import end_onboarding
from app.models import Onboarding
from app.web import services

blueprint = Blueprint("leave", __name__)


@blueprint.get("/onboarding/<onboarding_id>/later")
def later(onboarding_id: str) -> Response:
    """How to come back, and until when."""
    consumer = need_consumer()
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        if view.status in OPEN:
            return show(view, FinishLater(until=day(view.onboarding.expires_at), back_url=view.url("step")))
    return answer(consumer)


@blueprint.get("/onboarding/<onboarding_id>/cancel")
def ask(onboarding_id: str) -> Response:
    """Ask before something final."""
    consumer = need_consumer()
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        if view.status not in OPEN or not view.may_see:
            return answer(consumer)
        question = Ask(
            heading=_("Do you want to cancel?"),
            sentence=_("Nothing is shared with %(tenant)s.", tenant=view.branding.name),
            points=(
                _("We disconnect from your bank, if you connected one"),
                _("To start again you need a new link from %(tenant)s", tenant=view.branding.short_name),
            ),
            action=view.url("cancel"),
            action_label=_("Yes, cancel"),
            back_url=view.url("step"),
            back_label=_("No, go back"),
        )
        return show(view, question)


@blueprint.post("/onboarding/<onboarding_id>/cancel")
def cancel(onboarding_id: str) -> Response:
    """End it. A second time changes nothing."""
    consumer = need_consumer()
    with services().database.session(consumer.scope) as session:
        onboarding = session.get_one(Onboarding, consumer.onboarding_id)
        if consumer.may_see(onboarding) and allowed(onboarding, "cancel"):
            end_onboarding(session, onboarding, "cancel", "by_consumer")
    return answer(consumer)

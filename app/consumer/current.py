"""Where an onboarding stands, as a screen. Every answer of the journey ends here, so no step can be skipped."""

from typing import Any

from flask import Response, g
from flask_babel import gettext as _
from htmx_flask import request

from app.consumer.bank_screens import bank_screen
from app.consumer.code_screen import code_screen
from app.consumer.context import View, go_on, load, read_scope, show, tenant_home
from app.consumer.done_screen import done_screen, return_link
from app.consumer.form_screens import manual_screen, review_screen
from app.consumer.layer_first import after_the_window, ask_screen
from app.consumer.moment import moment_screen
from app.consumer.screen_parts import Way
from app.consumer.side_screens import Stopped
from app.consumer.start_form import start_again
from app.domain.flow import OPEN
from app.domain.launch import Consumer
from app.domain.outcomes import Outcome
from app.errors import NeedsProof
from app.web import wants_fragment


def need_consumer() -> Consumer:
    """The bound browser of this request; without one the reader is asked to prove the phone again."""
    consumer: Consumer | None = g.consumer
    if consumer is None:
        assert request.view_args is not None
        raise NeedsProof(request.view_args["onboarding_id"])
    return consumer


def current_screen(view: View, outcome: Outcome | None = None, typed: dict[str, str] | None = None) -> Any:
    """The screen that is due. `outcome` is what the last action came to, `typed` the form it came with."""
    onboarding = view.onboarding
    if view.status not in OPEN:
        if view.status == "completed" and view.may_see:
            return done_screen(view)
        return ended_screen(view)
    if outcome is not None and outcome.challenge is not None:
        return moment_screen(view, outcome.challenge)
    if not view.may_see:
        return code_screen(view, outcome)
    if onboarding.step == "phone":
        return start_again(view, typed or {}, outcome or Outcome())
    if onboarding.step == "code" and onboarding.stage == "ask":
        return after_the_window(view) or ask_screen(view)
    if onboarding.step == "code":
        return code_screen(view, outcome)
    if onboarding.step == "bank":
        return bank_screen(view)
    if onboarding.stage == "manual":
        return manual_screen(view)
    return review_screen(view)


def answer(consumer: Consumer, outcome: Outcome | None = None, status: int = 200) -> Response:
    """After an action: htmx gets the due screen, a native form is sent to it by GET."""
    bad = outcome is not None and outcome.problem is not None
    if not wants_fragment() and not bad and request.method == "POST":
        return go_on(_home())
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        asked = outcome is not None and outcome.challenge is not None
        return show(view, current_screen(view, outcome), 422 if bad and not asked and status == 200 else status)


def _home() -> str:
    assert request.view_args is not None
    return f"/onboarding/{request.view_args['onboarding_id']}"


def ended_screen(view: View) -> Stopped:
    """What an onboarding that is over says to a browser that may not see more."""
    # A browser that holds it brings the tenant a signed word of how it ended.
    home = (return_link(view) if view.may_see else None) or tenant_home(view)
    back = Way(_("Back to %(tenant)s", tenant=view.branding.name), home, document=True) if home else None
    words = {
        "completed": (_("This form is done"), _("It was shared already. There is nothing else to do here.")),
        "canceled": (_("This form was canceled"), _("Nothing was shared. You can start again where you came from.")),
        "expired": (_("This form has ended"), _("It was open too long. You can start again where you came from.")),
        "failed": (_("We can’t go on here"), _("Nothing was shared. Please contact us, we are glad to help.")),
    }
    heading, sentence = words.get(view.status, words["expired"])
    if view.may_see and view.onboarding.reason == "too_young":
        age = view.flow.minimum_age
        sentence = _("You need to be at least %(age)s years old for this. Nothing was shared.", age=age)
    return Stopped(heading=heading, sentence=sentence, primary=back)

"""The code, in all its states."""

from dataclasses import replace

from flask_babel import gettext as _

from app.consumer.code_words import methods_offered, usual_method
from app.consumer.context import View
from app.consumer.formats import clock
from app.consumer.screen_parts import Way
from app.consumer.screens import Code
from app.consumer.sentences import code_sentence, trouble_sentence
from app.domain.numbers import masked_phone
from app.domain.outcomes import Outcome
from app.domain.send_rules import latest_text, seconds_until_resend
from app.domain.verifiers import VOICE
from app.models.vault import vault


def code_screen(view: View, outcome: Outcome | None = None, *, resent: bool = False) -> Code:
    """What is shown depends on the last code sent, the time since, and what the last try came to."""
    onboarding = view.onboarding
    browser = view.consumer.binding_id if view.consumer else None
    sent = latest_text(view.session, onboarding, browser)
    number = vault(view.session).open(sent or onboarding, "phone_number") or ""
    stuck = onboarding.stage == "stuck"
    first_time = onboarding.phone_verified_at is None
    problem = outcome.problem if outcome else None
    method = sent.verification_method if sent else usual_method(view)
    other = _other_method(view, method)
    return Code(
        action=view.url("code"),
        masked_phone=masked_phone(number),
        resend_action=view.url("code", "resend"),
        resend_in=seconds_until_resend(view.session, onboarding, browser, method=method),
        method=method,
        other_method=other,
        other_in=seconds_until_resend(view.session, onboarding, browser, method=other) if other else None,
        resent_at=clock(sent.created_at) if resent and sent and problem is None else None,
        change_url=view.url("phone" if first_time else "resume"),
        coming_back=not first_time,
        manual_url=view.url("by-hand") if first_time and view.flow.by_hand else None,
        manual_posts=True,
        error=_error(outcome, method),
        used_up=_stuck_words(outcome) if stuck and first_time else None,
        ways=_ways(view, method) if stuck and first_time else (),
    )


def _other_method(view: View, method: str) -> str | None:
    """The other way to get a code, where the tenant offers both and somebody can send it."""
    return next((other for other in methods_offered(view) if other != method), None)


def _error(outcome: Outcome | None, method: str) -> str | None:
    """Beside the code: what the last try or the last send came to. A try is about the code that was sent last."""
    if outcome is None or outcome.problem is None:
        return None
    about_a_try = outcome.tries_left is not None
    return code_sentence(replace(outcome, by_call=method == VOICE) if about_a_try else outcome)


def _stuck_words(outcome: Outcome | None) -> str:
    if outcome is None or outcome.problem is None:
        return trouble_sentence("stuck")
    return trouble_sentence(outcome.problem, by_call=outcome.by_call)


def _ways(view: View, method: str) -> tuple[Way, ...]:
    there = _("We call there with a code") if method == VOICE else _("We text the code there")
    ways = [Way(_("Use another number"), view.url("phone"), there)]
    if view.flow.by_hand:
        ways.insert(0, Way(_("Fill in the form yourself"), view.url("by-hand"), _("About 8 minutes"), post=True))
    return tuple(ways)

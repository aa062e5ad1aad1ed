"""The code, in all its states."""

from flask_babel import gettext as _

from app.consumer.context import View
from app.consumer.formats import clock
from app.consumer.screen_parts import Way
from app.consumer.screens import Code
from app.consumer.sentences import code_sentence, trouble_sentence
from app.domain.numbers import masked_phone
from app.domain.outcomes import Outcome
from app.domain.send_rules import latest_code, seconds_until_resend
from app.models.vault import vault


def code_screen(view: View, outcome: Outcome | None = None, *, resent: bool = False) -> Code:
    """What is shown depends on the last code sent, the time since, and what the last try came to."""
    onboarding = view.onboarding
    number = vault(view.session).open(onboarding, "phone_number") or ""
    sent = latest_code(view.session, onboarding)
    stuck = onboarding.stage == "stuck"
    first_time = onboarding.phone_verified_at is None
    problem = outcome.problem if outcome else None
    return Code(
        action=view.url("code"),
        masked_phone=masked_phone(number),
        resend_action=view.url("code", "resend"),
        resend_in=seconds_until_resend(view.session, onboarding),
        resent_at=clock(sent.created_at) if resent and sent and problem is None else None,
        change_url=view.url("phone") if first_time else None,
        manual_url=view.url("by-hand") if first_time and view.flow.by_hand else None,
        manual_posts=True,
        error=code_sentence(outcome) if outcome and problem else None,
        used_up=_stuck_words(outcome) if stuck and first_time else None,
        ways=_ways(view) if stuck and first_time else (),
    )


def _stuck_words(outcome: Outcome | None) -> str:
    return trouble_sentence(outcome.problem if outcome and outcome.problem else "no_more_codes")


def _ways(view: View) -> tuple[Way, ...]:
    ways = [Way(_("Use another number"), view.url("phone"), _("We text the code there"))]
    if view.flow.by_hand:
        ways.insert(0, Way(_("Fill in the form yourself"), view.url("by-hand"), _("About 8 minutes"), post=True))
    return tuple(ways)

"""Where the bank comes first: the words of the first form, and the screen that asks for a code after all."""

from typing import Any

from flask_babel import gettext as _

from app.consumer.code_words import call_words, code_button, usual_method
from app.consumer.context import View
from app.consumer.screen_parts import Way
from app.consumer.screens import StartPhone
from app.consumer.side_screens import Stopped
from app.consumer.wording import call_agreement, code_agreement, layer_agreement
from app.domain.layer_proof import layer_first
from app.domain.numbers import masked_phone
from app.domain.verifiers import VOICE
from app.models.vault import vault

WINDOW = "window"


def bank_is_first(view: View) -> bool:
    """Whether no code of ours is sent unless Layer cannot prove the phone."""
    return layer_first(view.onboarding, view.flow)


def start_agreement(view: View, method: str | None = None) -> Any:
    """Above the button of the first form: who texts, and what the number is used for."""
    urls = view.disclosures
    by_code = call_agreement if (method or usual_method(view)) == VOICE else code_agreement
    make = layer_agreement if bank_is_first(view) else by_code
    return make(_, tenant=view.branding.name, terms_url=urls["terms"], privacy_url=urls["privacy"])


def start_words(view: View, known_phone: str | None, method: str | None = None) -> dict[str, str]:
    """What the first form says differently while no code follows it."""
    if not bank_is_first(view):
        return call_words(known_phone) if (method or usual_method(view)) == VOICE else {}
    words = {"button": _("Continue"), "hint": _("You confirm it with a code by text message.")}
    if known_phone:
        words["lead"] = _(
            "We use %(number)s to find your details, so you don’t have to type them. It takes about a minute.",
            number=known_phone,
        )
    return words


def asks_for_code(view: View, form: dict[str, str]) -> bool:
    """Whether a press of the button means the number that is known, not one that was typed."""
    return (view.onboarding.step, view.onboarding.stage) == ("code", "ask") and "phone_number" not in form


def after_the_window(view: View) -> Stopped | None:
    """In a window that a frame opened: the code is asked for in the frame, which would else have to ask again."""
    if view.consumer is None or view.consumer.place != WINDOW:
        return None
    return Stopped(
        heading=_("Go on where you came from"),
        sentence=_("You can close this tab. The page you came from confirms your phone with a code."),
        primary=Way(_("Go on here instead"), view.url("here"), post=True),
    )


def ask_screen(view: View, notice: str | None = None) -> StartPhone:
    """The bank could not prove the phone, so a code does: one press, nothing to type again."""
    number = masked_phone(vault(view.session).open(view.onboarding, "phone_number") or "")
    return StartPhone(
        action=view.url("phone"),
        agreement=start_agreement(view),
        phone=None,
        birth=None,
        known_phone=number,
        heading=_("Let’s confirm your phone with a code"),
        lead=_("Your bank’s window didn’t confirm it, and that’s fine. We text a code to %(number)s.", number=number)
        if usual_method(view) != VOICE
        else _("Your bank’s window didn’t confirm it, and that’s fine. We call %(number)s with a code.", number=number),
        button=code_button(usual_method(view)),
        change_url=view.url("phone"),
        manual_url=view.url("by-hand") if view.flow.by_hand else None,
        manual_posts=True,
        notice=notice,
    )

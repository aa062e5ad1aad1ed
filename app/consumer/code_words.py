"""What is said of a code that comes by call, where the usual words speak of a text."""

from flask_babel import gettext as _

from app.consumer.context import View
from app.domain.verifiers import SMS, VOICE, methods_of, verifiers_of
from app.models.session import Scope
from app.web import services


def usual_method(view: View) -> str:
    """How this tenant sends a code unless the reader asks for the other way."""
    return VOICE if view.flow.verification_method == VOICE else SMS


def methods_offered(view: View) -> tuple[str, ...]:
    """How this tenant sends codes and somebody can, the usual way first."""
    onboarding = view.onboarding
    found = verifiers_of(services(), view.session, Scope(onboarding.tenant_id, onboarding.mode))
    return methods_of(view.flow, found)


def asked_method(view: View, form: dict[str, str]) -> str:
    """How the form asks for the code: by call where that was offered, else the usual way."""
    by_call = form.get("method") == VOICE and view.flow.verification_method == "both"
    return VOICE if by_call else usual_method(view)


def code_button(method: str) -> str:
    """The button that sends a code."""
    return _("Call me with a code") if method == VOICE else _("Text me a code")


def call_words(known_phone: str | None) -> dict[str, str]:
    """What the first form says where the code comes by call."""
    words = {"button": code_button(VOICE), "hint": _("We’ll call you and say a six-digit code.")}
    if known_phone:
        words["lead"] = _(
            "We call %(number)s with a code and find your details, so you don’t have to type them. "
            "It takes about a minute.",
            number=known_phone,
        )
    return words

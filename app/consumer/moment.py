"""Proof of work before a text: the screen that does it, and how its answer is read."""

from htmx_flask import request

from app.consumer.code_words import code_button, usual_method
from app.consumer.context import View
from app.consumer.side_screens import Moment
from app.domain.challenge import WAIT_SECONDS
from app.domain.launch import Consumer
from app.domain.send_rules import Browser

_OWN = ("csrf_token", "challenge", "solution", "press")


def this_browser(consumer: Consumer, *, mistaken: bool = False) -> Browser:
    """Who asks for a text, with the answer to a challenge where the page brought one."""
    answer = (request.form.get("challenge", ""), request.form.get("solution", ""))
    return Browser(consumer.binding_id, *answer, mistaken=mistaken)


def moment_screen(view: View, challenge: str) -> Moment:
    """The form that was just sent goes once more, with the challenge solved. What was typed goes along."""
    first = request.blueprint == "launch"
    return Moment(
        action=view.url("phone") if first else request.path,
        challenge=challenge,
        button=code_button(request.form.get("method") or usual_method(view)),
        fields=tuple((name, value) for name, value in request.form.items() if name not in _OWN),
        wait_seconds=WAIT_SECONDS,
    )

"""Samples of the screens beside the journey, and the list of all samples by name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.consumer import screens, side_screens, wording
from app.consumer.screen_parts import Fact, PhoneInput, Tick, Way
from app.errors import ErrorPage
from tests.unit import screen_samples as journey
from tests.unit.screen_samples import BY_HAND, COUNTRIES, LATER, identity, page

NOT_ME = side_screens.NotMe(action="/onboarding/onb_01/not-me", back_url="/onboarding/onb_01/step")
ASK = side_screens.Ask(
    heading="Stop here?",
    sentence="We erase what you entered and tell Acme Credit Union that you stopped.",
    points=("You can start again at Acme Credit Union any time",),
    action="/onboarding/onb_01/cancel",
    action_label="Stop and erase",
    back_url="/onboarding/onb_01/step",
    back_label="Go on",
)
FINISH_LATER = side_screens.FinishLater(
    until="Friday, December 5",
    back_url="/onboarding/onb_01/step",
    text_action="/onboarding/onb_01/later/text",
    masked_phone="(•••) •••-0142",
    email_action="/onboarding/onb_01/later/email",
    device_action="/onboarding/onb_01/device",
)
OTHER_DEVICE = side_screens.OtherDevice(
    state="waiting",
    back_url="/onboarding/onb_01/step",
    action="/onboarding/onb_01/device",
    poll_url="/onboarding/onb_01/progress?follow=bank.window.waiting",
    link="https://onboarding.example.com/o/t",
    qr_path="M0 0h7v1h-7z",
    qr_size=29,
    ways=(
        Way("Text me a link", "/onboarding/onb_01/later/text", "To (•••) •••-0142", post=True),
        Way("Stay on this device", "/onboarding/onb_01/step"),
    ),
)
DONE = side_screens.Done(
    first_name="María",
    seconds=58,
    answers=18,
    typed=3,
    next_steps=(
        Tick("You shared your details", "done", "Today at 9:43"),
        Tick("Acme reads them", "next", "Usually within one working day"),
    ),
    shared=(
        Fact("Name", ("María Elena Ortiz Reyes",)),
        Fact("Address", ("1408 Alder Street, Apt 3", "Portland, OR 97205"), "From your bank"),
    ),
    left_out=("Household Joint ·· 9054",),
    consents=(
        side_screens.Consent(
            title="A code by text to (•••) •••-0142",
            when="Today at 9:42",
            text="By tapping Text me a code you agree.\nMessage and data rates may apply.",
        ),
        side_screens.Consent(
            title="Reading your credit file, once",
            when="Today at 9:42",
            text="I authorize Acme Credit Union to obtain my credit report.",
            note="done",
            withdraw_action="/onboarding/onb_01/consents/2/withdraw",
        ),
    ),
    return_url="https://acme.example/back?status=completed",
    copy_url="/onboarding/onb_01/copy",
    feedback_action="/onboarding/onb_01/feedback",
)
LINK_ENDED = side_screens.LinkEnded(
    reason="expired",
    action="/resume",
    phone=PhoneInput(countries=COUNTRIES),
    agreement=wording.return_agreement(identity),
    button="Text me a code",
    restart_url="https://acme.example/apply",
)
RESUME = side_screens.Resume(
    action="/onboarding/onb_01/resume",
    phone=PhoneInput(countries=COUNTRIES),
    agreement=wording.return_agreement(identity, by_call=True),
    button="Call me with a code",
    until="Friday, December 5",
    restart_url="https://acme.example/apply",
)
TRY_AGAIN = Way("Try again", "/onboarding/onb_01/bank", post=True)
PROVIDER_DOWN = side_screens.ProviderDown(
    heading="Your bank isn’t answering right now",
    sentence="It isn’t you, and nothing is lost. It’s often back within minutes.",
    primary=TRY_AGAIN,
    ways=(Way("Use a different bank", "/onboarding/onb_01/bank", "Any bank"), BY_HAND, LATER),
)
STOPPED = side_screens.Stopped(
    heading="We can’t go on with this form",
    sentence="Acme Credit Union takes people who are 18 or older.",
    primary=Way("Back to Acme Credit Union", "https://acme.example/", document=True),
    ways=(LATER,),
)
SHELL = side_screens.Shell(step_url="/onboarding/onb_01/step", resume_url="/onboarding/onb_01/resume")
MOMENT = side_screens.Moment(
    action="/onboarding/onb_01/phone",
    # Never solved, so that the page stays what it is.
    challenge="1780000000.32.0123456789abcdef.0123456789abcdef0123456789abcdef",
    button="Text me a code",
    fields=(("phone_number", "(503) 555-0142"), ("birth_year", "1988")),
)
ERROR = ErrorPage(
    heading="There is no page here",
    sentence="The address may be old or mistyped.",
    request_id="req_0142",
)

_CLOSED = {"finish_later_url": None, "cancel_url": None}
UNBOUND: dict[str, Any] = {"bound": False, "csrf_token": None, "onboarding_id": None, "onboarding_url": None}

SAMPLES: dict[str, tuple[Any, dict[str, Any]]] = {
    "start": (journey.start_phone(), UNBOUND),
    "start-wrong": (journey.START_WRONG, {}),
    "start-known": (journey.START_KNOWN, {}),
    "code": (journey.CODE, {"now": 2}),
    "code-wrong": (journey.CODE_WRONG, {"now": 2}),
    "code-resent": (journey.CODE_RESENT, {"now": 2}),
    "code-coming-back": (replace(journey.CODE, coming_back=True), {"now": 2}),
    "code-both": (journey.CODE_BOTH, {"now": 2}),
    "code-called": (journey.CODE_CALLED, {"now": 2}),
    "code-used-up": (journey.CODE_USED_UP, {"now": 2}),
    "bank-intro": (journey.BANK_INTRO, {"now": 3}),
    "bank-intro-window": (
        journey.BANK_INTRO_WINDOW,
        {"now": 3, "bearer": "b-1", "embed_origin": "http://a.b"},
    ),
    "bank-intro-more": (journey.BANK_INTRO_MORE, {"now": 3}),
    "bank-link": (journey.BANK_LINK, {"now": 3}),
    "bank-return": (side_screens.BankReturn(), {"now": None, **UNBOUND, **_CLOSED}),
    "credit-file": (journey.CREDIT_FILE, {"now": 3}),
    "waiting": (journey.WAITING, {"now": 3}),
    "waiting-over": (journey.WAITING_OVER, {"now": 3}),
    "manual": (journey.MANUAL, {"now": 3}),
    "review": (journey.REVIEW, {"now": 4, "wide": True}),
    "review-wrong": (journey.REVIEW_WRONG, {"now": 4, "wide": True}),
    "not-me": (NOT_ME, {"now": 4}),
    "ask": (ASK, {"now": 4}),
    "moment": (MOMENT, {"now": 2}),
    "finish-later": (FINISH_LATER, {"now": 2}),
    "finish-later-sent": (replace(FINISH_LATER, sent="text"), {"now": 2}),
    "finish-later-wrong": (replace(FINISH_LATER, email="x@", error="Enter your whole email address"), {"now": 2}),
    "finish-later-alone": (
        replace(FINISH_LATER, kept=False, text_action=None, email_action=None, device_action=None, notice="Not now."),
        {"now": 2},
    ),
    "other-device": (OTHER_DEVICE, {"now": 3}),
    "other-device-opened": (replace(OTHER_DEVICE, state="opened"), {"now": 3}),
    "other-device-ended": (replace(OTHER_DEVICE, state="ended", poll_url=None), {"now": 3}),
    "done": (DONE, {"now": 5, "delete_url": "/d", "status": "completed", "return_token": "j.w.s", **_CLOSED}),
    "done-long": (
        replace(DONE, first_name=None, seconds=400, feedback="easy", return_url=None),
        {"now": 5, **_CLOSED},
    ),
    "link-ended": (LINK_ENDED, {"now": None, **UNBOUND, **_CLOSED}),
    "link-used": (
        replace(LINK_ENDED, reason="used", phone=PhoneInput(countries=COUNTRIES, error="Enter ten digits")),
        {"now": None, **UNBOUND, **_CLOSED},
    ),
    "link-unknown": (
        replace(LINK_ENDED, reason="unknown", phone=None, action=None),
        {"now": None, **UNBOUND, **_CLOSED},
    ),
    "resume": (RESUME, {"now": None, **UNBOUND}),
    "provider-down": (PROVIDER_DOWN, {"now": 3}),
    "stopped": (STOPPED, {"now": None, "status": "failed", **_CLOSED}),
    "shell": (SHELL, {"now": None, **UNBOUND, **_CLOSED}),
}


def sample(name: str, locale: str = "en", **changes: Any) -> tuple[screens.Page, Any]:
    """The page and screen of a sample."""
    screen, how = SAMPLES[name]
    return page(locale, **{"now": 1, **how, **changes}), screen

"""Ways out that lose nothing: finish later, on another device, or not at all."""

import datetime as dt
from typing import Literal

from flask import Blueprint, Response, abort
from flask_babel import gettext as _
from htmx_flask import request

from app.consumer.bank_screens import AFTER_SHARING
from app.consumer.context import View, can_move, go_on, load, read_scope, show
from app.consumer.current import answer, need_consumer
from app.consumer.formats import day
from app.consumer.qr import qr_code
from app.consumer.screen_parts import Way
from app.consumer.sentences import answer_sentence, message_sentence
from app.consumer.side_screens import Ask, FinishLater, OtherDevice
from app.domain.flow import OPEN, allowed
from app.domain.launch import add_link, newest_device_link
from app.domain.limits import DEVICE_LINKS, spend_one
from app.domain.messages import Channel, ask_for_link, can_mail, can_text
from app.domain.numbers import masked_phone
from app.domain.onboardings import current_status, end_onboarding
from app.models import Onboarding, utcnow
from app.models.vault import vault
from app.web import services, wants_fragment

blueprint = Blueprint("leave", __name__)

DEVICE_LINK_MINUTES = 10
CHANNELS: tuple[Channel, ...] = ("text", "email")


@blueprint.get("/onboarding/<onboarding_id>/later")
def later(onboarding_id: str) -> Response:
    """How to come back, and until when."""
    consumer = need_consumer()
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        if view.status in OPEN:
            sent = request.args.get("sent")
            return show(view, _later_screen(view, sent=next((name for name in CHANNELS if name == sent), None)))
    return answer(consumer)


def _later_screen(
    view: View, *, sent: Channel | None = None, email: str = "", error: str | None = None, notice: str | None = None
) -> FinishLater:
    phone = _number_to_text(view)
    mails = view.may_see and can_mail(services())
    return FinishLater(
        until=day(view.onboarding.expires_at),
        back_url=view.url("step"),
        kept=view.onboarding.phone_verified_at is not None,
        text_action=view.url("later", "text") if phone else None,
        masked_phone=phone,
        email_action=view.url("later", "email") if mails else None,
        email=email,
        error=error,
        notice=notice,
        sent=sent,
        device_action=view.url("device") if can_move(view) else None,
    )


def _number_to_text(view: View) -> str | None:
    """Behind a mask the proven number, where this browser may know of it and we can text."""
    if not view.may_see or not can_text(services(), view.session, view.onboarding):
        return None
    return masked_phone(vault(view.session).open(view.onboarding, "phone_number"))


@blueprint.post("/onboarding/<onboarding_id>/later/text")
def text_link(onboarding_id: str) -> Response:
    """Text a link to the proven phone."""
    return _send(onboarding_id, "text")


@blueprint.post("/onboarding/<onboarding_id>/later/email")
def mail_link(onboarding_id: str) -> Response:
    """Mail a link to the address that was typed."""
    return _send(onboarding_id, "email", request.form.get("email", ""))


def _send(onboarding_id: str, channel: Channel, email: str = "") -> Response:
    consumer = need_consumer()
    with services().database.session(consumer.scope) as session:
        onboarding = session.get_one(Onboarding, consumer.onboarding_id)
        may = consumer.may_see(onboarding) and current_status(onboarding) in OPEN
        problem = ask_for_link(services(), session, onboarding, channel, email) if may else None
    if not may:
        return answer(consumer)
    if problem is None and not wants_fragment():
        return go_on(f"/onboarding/{onboarding_id}/later?sent={channel}")
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        if problem is None:
            return show(view, _later_screen(view, sent=channel))
        if problem in ("too_many", "unavailable"):
            return show(view, _later_screen(view, email=email, notice=message_sentence(problem)), 422)
        return show(view, _later_screen(view, email=email, error=answer_sentence("email", problem)), 422)


@blueprint.post("/onboarding/<onboarding_id>/device")
def move(onboarding_id: str) -> Response:
    """A link for another device, as a code to scan and to copy. It works once, for ten minutes."""
    consumer = need_consumer()
    with services().database.session(consumer.scope) as session:
        view = load(session, consumer.onboarding_id, consumer)
        if not can_move(view):
            token = None
        elif spend_one(session, DEVICE_LINKS, view.wire, services().limit_scale):
            token = add_link(session, view.onboarding, "device", utcnow() + dt.timedelta(minutes=DEVICE_LINK_MINUTES))
        else:
            abort(429)
    if token is None:
        return answer(consumer)
    link = f"{services().app_url}/o/{token}"
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        return show(view, _device_screen(view, "waiting", link))


def _device_screen(view: View, state: Literal["waiting", "opened", "ended"], link: str = "") -> OtherDevice:
    path, size = qr_code(link) if link else ("", 0)
    phone = _number_to_text(view)
    by_text = (Way(_("Text me a link"), view.url("later", "text"), _("To %(number)s", number=phone), post=True),)
    return OtherDevice(
        state=state,
        back_url=view.url("step"),
        action=view.url("device"),
        poll_url=None if state == "ended" else f"{view.url('progress')}?follow={_place(view)}.{state}",
        link=link,
        qr_path=path,
        qr_size=size,
        minutes=DEVICE_LINK_MINUTES,
        ways=(*(by_text if phone else ()), Way(_("Stay on this device"), view.url("step"))),
    )


def _place(view: View) -> str:
    """Where an onboarding stands, as far as a page that follows another device cares: signing in is one place."""
    onboarding = view.onboarding
    at_bank = onboarding.step == "bank" and onboarding.stage not in AFTER_SHARING
    return "bank.window" if at_bank else f"{onboarding.step}.{onboarding.stage}"


def follow_device(view: View, seen: str) -> OtherDevice | Literal["same"] | None:
    """What a page that shows a code to scan becomes: the `same`, another state of it, or None: the step that is due."""
    place, _dot, state = seen.rpartition(".")
    if not can_move(view) or place != _place(view):
        return None
    link = newest_device_link(view.session, view.onboarding.id)
    now = "opened" if link is None or link.used_at else "ended" if link.expires_at <= utcnow() else "waiting"
    return "same" if now == state else _device_screen(view, now)  # type: ignore[arg-type]


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

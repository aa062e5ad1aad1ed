"""The onboarding's own address: the whole page, the part that is swapped, and the progress that polls."""

from dataclasses import replace

from flask import Blueprint, Response, g, request

from app.access import new_handoff
from app.consumer.binding import scope_or_404
from app.consumer.context import (
    FRAMED,
    go_on,
    load,
    page,
    read_scope,
    remember_language,
    scoped,
    set_binding_cookie,
    show,
)
from app.consumer.current import answer, current_screen, need_consumer
from app.consumer.leave import follow_device
from app.consumer.side_screens import Shell
from app.domain.flow import OPEN
from app.domain.ids import parse_id
from app.domain.launch import Consumer, bind, end_binding
from app.domain.tenant_settings import settings_of
from app.models import Onboarding
from app.web import render_screen, services, wants_fragment

blueprint = Blueprint("journey", __name__)


@blueprint.get("/onboarding/<onboarding_id>")
def show_page(onboarding_id: str) -> Response:
    """The page at the step that is due; without a credential an impersonal shell that asks with the bearer."""
    consumer: Consumer | None = g.consumer
    if consumer is not None:
        with read_scope(consumer) as session:
            view = load(session, consumer.onboarding_id, consumer)
            return show(view, current_screen(view))
    with scoped(scope_or_404(onboarding_id)) as session:
        view = load(session, parse_id("onboarding", onboarding_id), None)
        shell = Shell(step_url=view.url("step"), resume_url=view.url("resume"))
        # Which language it is in is known once the step's request has shown the bearer.
        made = replace(page(view, with_steps=False), other_locale_url=None)
        return render_screen(made, shell)


@blueprint.get("/onboarding/<onboarding_id>/step")
def step(onboarding_id: str) -> Response:
    """The part of the page that is due."""
    return answer(need_consumer())


@blueprint.get("/onboarding/<onboarding_id>/progress")
def progress(onboarding_id: str) -> Response:
    """204 while nothing has changed for a page that follows another window; else the part that is due."""
    consumer = need_consumer()
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        if "follow" in request.args:
            followed = follow_device(view, request.args["follow"])
            if followed == "same":
                return Response(status=204)
            return show(view, followed or current_screen(view))
        if (
            view.onboarding.step == "bank"
            and view.onboarding.stage in ("intro", "link", "unavailable")
            and view.status in OPEN
        ):
            # A one-time value may be spent on a window that was closed since, or have grown old.
            fresh = {"Prefill-Handoff": new_handoff(consumer)} if consumer.place == FRAMED else {}
            return Response(status=204, headers=fresh)
        return show(view, current_screen(view))


@blueprint.post("/onboarding/<onboarding_id>/language")
def speak(onboarding_id: str) -> Response:
    """Go on in another language, on every device. The page is loaded anew, because what surrounds the frame changes."""
    consumer = need_consumer()
    wish = request.form.get("lang", "")
    with services().database.session(consumer.scope) as session:
        onboarding = session.get_one(Onboarding, consumer.onboarding_id)
        if wish in settings_of(session, onboarding.settings_version)[0].locales:
            onboarding.locale = wish
        home, spoken = f"/onboarding/{onboarding_id}", onboarding.locale
    if not wants_fragment():
        response = go_on(home)
    elif "Authorization" in request.headers:
        # What only this document's history holds survives a reload, not a new address.
        response = Response(headers={"HX-Refresh": "true"})
    else:
        response = Response(headers={"HX-Redirect": home})
    remember_language(response, spoken, framed=consumer.place == FRAMED)
    return response


@blueprint.post("/onboarding/<onboarding_id>/here")
def stay_here(onboarding_id: str) -> Response:
    """Go on in the window that was opened for the bank."""
    consumer = need_consumer()
    with services().database.session(consumer.scope) as session:
        end_binding(session, consumer)
        secret, moved = bind(
            session,
            consumer.scope,
            consumer.onboarding_id,
            place="page",
            proven=consumer.proven,
            opener_id=consumer.binding_id,
        )
    response = answer(moved)
    set_binding_cookie(response, moved, secret)
    return response

"""One request of a consumer: what is known about the onboarding, and the page around every screen."""

from dataclasses import dataclass, replace
from typing import Any

from flask import Response, g
from flask_babel import gettext as _
from htmx_flask import request
from sqlalchemy.orm import Session

from app.access import cookie_name, csrf_token, in_frame
from app.assets import static_url
from app.consumer.screen_parts import Link, Step
from app.consumer.screens import Page
from app.domain.consents import Visitor
from app.domain.flow import OPEN, STEPS
from app.domain.ids import wire_id
from app.domain.launch import Consumer
from app.domain.layer_proof import layer_first
from app.domain.onboardings import current_status
from app.domain.signing import return_token
from app.domain.tenant_settings import Branding, FlowSettings, settings_of
from app.models import Onboarding
from app.models.session import Scope
from app.security.tokens import new_token
from app.web import render_screen, services, settings, use_locale, wants_fragment

LANGUAGE_COOKIE = "__Host-prefill-language"
LANGUAGES = {"en": "English", "es": "Español"}
FRAMED = "frame"


@dataclass(frozen=True)
class View:
    """An onboarding with its settings, read in one session, for one consumer (None: not bound yet, or no more)."""

    session: Session
    onboarding: Onboarding
    flow: FlowSettings
    branding: Branding
    consumer: Consumer | None

    @property
    def wire(self) -> str:
        """The onboarding's id in URLs."""
        return wire_id("onboarding", self.onboarding.id)

    @property
    def status(self) -> str:
        """The status as of now."""
        return current_status(self.onboarding)

    def url(self, *parts: str) -> str:
        """A path of this onboarding."""
        return "/".join((f"/onboarding/{self.wire}", *parts))

    @property
    def disclosures(self) -> dict[str, str]:
        """Where terms and privacy stand; our own pages where the tenant names none."""
        given = self.onboarding.asked["disclosures"]
        return {
            "terms": given.get("terms_url") or "/legal/terms",
            "privacy": given.get("privacy_url") or "/legal/privacy",
            "version": given.get("version", "1"),
        }

    @property
    def may_see(self) -> bool:
        """Whether personal data may be shown to this browser: it proved the phone, or typed it all itself."""
        return self.consumer is not None and self.consumer.may_see(self.onboarding)


def load(session: Session, onboarding_id: Any, consumer: Consumer | None) -> View:
    """Read an onboarding and speak its language from here on."""
    onboarding = session.get_one(Onboarding, onboarding_id)
    flow, branding = settings_of(session, onboarding.settings_version)
    use_locale(onboarding.locale if consumer is not None else _asked_locale(onboarding, flow))
    if onboarding.embed_origin:
        g.frame_ancestors = onboarding.embed_origin
        g.opener_policy = "unsafe-none"
    return View(session, onboarding, flow, branding, consumer)


def _asked_locale(onboarding: Onboarding, flow: FlowSettings) -> str:
    """Before the binding: what the reader asked for, by form where cookies are blocked, else what the tenant did."""
    for wish in (request.form.get("lang"), request.args.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if wish in flow.locales:
            return str(wish)
    return onboarding.locale


def visitor() -> Visitor:
    """Who pressed, as evidence of a consent."""
    return Visitor(request.remote_addr or "", request.headers.get("User-Agent", ""))


STEP_LABELS = ("phone", "code", "bank", "review")


def steps(view: View) -> tuple[Step, ...]:
    """The four steps a reader sees, as far as they have come."""
    labels = {"phone": _("Your phone"), "code": _("Your code"), "bank": _("Your bank"), "review": _("Check and share")}
    left_out = {
        *(() if view.onboarding.asked["bank"] else ("bank",)),
        *(("code",) if layer_first(view.onboarding, view.flow) else ()),
    }
    names = [name for name in STEP_LABELS if name not in left_out]
    here = STEPS.index(view.onboarding.step)
    made = []
    for name in names:
        place = STEPS.index(name)
        state = "done" if place < here else "now" if place == here else "next"
        made.append(Step(labels[name], state))  # type: ignore[arg-type]
    return tuple(made)


def page(view: View, *, bearer: str | None = None, with_steps: bool = True) -> Page:
    """What surrounds a screen of this onboarding."""
    branding, onboarding = view.branding, view.onboarding
    tenant = wire_id("tenant", onboarding.tenant_id)
    framed = view.consumer.place == FRAMED if view.consumer else request.headers.get("Sec-Fetch-Dest") == "iframe"
    bound = view.consumer is not None
    still_open = view.status in OPEN
    support = Link(branding.support_label, branding.support_href) if branding.support_href else None
    made = Page(
        nonce=g.nonce,
        locale=g.locale,
        tenant_name=branding.name,
        tenant_short_name=branding.short_name,
        logo_light=static_url(f"logos/{branding.logo_light}") if branding.logo_light else None,
        logo_dark=static_url(f"logos/{branding.logo_dark}") if branding.logo_dark else None,
        brand_stylesheet=f"/brand/{tenant}/{onboarding.mode}/{onboarding.settings_version}.css",
        bound=bound,
        press=None if bound else new_token(),
        framed=framed,
        embed_origin=onboarding.embed_origin,
        bearer=bearer,
        csrf_token=csrf_token(view.consumer) if view.consumer else None,
        onboarding_id=view.wire,
        onboarding_url=view.url() if bound else None,
        step=onboarding.step if bound else None,
        status=view.status if bound and view.may_see else None,  # type: ignore[arg-type]
        return_token=_ended_token(view),
        support=support,
        reference=onboarding.reference,
        privacy_url=view.disclosures["privacy"],
        finish_later_url=view.url("later") if bound and still_open else None,
        device_action=view.url("device") if can_move(view) else None,
        cancel_url=view.url("cancel") if view.may_see and still_open else None,
        steps=steps(view) if with_steps else (),
    )
    return _with_other_language(view, made)


def can_move(view: View) -> bool:
    """Whether another device may go on: only where a proven phone keeps what is there from strangers."""
    return view.may_see and view.status in OPEN and view.onboarding.phone_verified_at is not None


def _ended_token(view: View) -> str | None:
    if view.consumer is None or not view.onboarding.embed_origin or view.status in OPEN or not view.may_see:
        return None
    return return_token(view.session, view.onboarding, settings().app_url)


def _with_other_language(view: View, made: Page) -> Page:
    """The way to the other language: a form once a browser is bound, because a GET keeps nothing; a link before."""
    others = [locale for locale in view.flow.locales if locale != g.locale]
    here = request.path if request.method == "GET" and not wants_fragment() else None
    if not others or (view.consumer is None and here is None):
        return made
    return replace(
        made,
        other_locale=others[0],
        other_locale_label=LANGUAGES[others[0]],
        other_locale_url=f"{here}?lang={others[0]}" if view.consumer is None else None,
        other_locale_action=view.url("language") if view.consumer is not None else None,
    )


def show(view: View, screen: Any, status: int = 200, *, with_steps: bool = True, bearer: str | None = None) -> Response:
    """Answer with a screen."""
    made = page(view, with_steps=with_steps, bearer=bearer)
    wide = screen.template in ("review",)
    response = render_screen(replace(made, wide=wide), screen, status)
    wish = request.args.get("lang")
    if view.consumer is None and wish in view.flow.locales:
        remember_language(response, str(wish), framed=in_frame())
    return response


def remember_language(response: Response, locale: str, *, framed: bool) -> None:
    """Keep the language for pages without a binding, in a cookie that says nothing else."""
    _set_cookie(response, LANGUAGE_COOKIE, locale, framed=framed)


def set_binding_cookie(response: Response, consumer: Consumer, secret: str) -> None:
    """Give this browser its secret: partitioned in a frame, `Lax` at top level."""
    name = cookie_name(wire_id("onboarding", consumer.onboarding_id))
    _set_cookie(response, name, secret, framed=consumer.place == FRAMED)


def _set_cookie(response: Response, name: str, value: str, *, framed: bool) -> None:
    same_site = "None" if framed else "Lax"
    response.set_cookie(name, value, secure=True, httponly=True, path="/", samesite=same_site, partitioned=framed)


def go_on(url: str) -> Response:
    """The next page after a native form: always by GET, so that a reload posts nothing."""
    return Response(status=303, headers={"Location": url})


def read_scope(consumer: Consumer) -> Any:
    """A read-only transaction in the consumer's scope."""
    return services().database.session(consumer.scope, read_only=True)


def scoped(scope: Scope) -> Any:
    """A read-only transaction of a scope that was found by link or id."""
    return services().database.session(scope, read_only=True)


def tenant_home(view: View) -> str | None:
    """Where the reader came from, as far as the tenant told us."""
    return view.onboarding.return_url or view.onboarding.embed_origin

"""Where a bank's own page sends the browser back to: one fixed address, which Plaid keeps on a list."""

from flask import Blueprint, Response, g, request

from app.access import find_browser
from app.consumer.bank import at_link, link_document
from app.consumer.context import load, read_scope
from app.consumer.screens import Page
from app.consumer.side_screens import BankReturn
from app.domain.launch import Consumer
from app.models import Onboarding
from app.templating import LOCALES
from app.web import render_screen, services, settings, use_locale

blueprint = Blueprint("bank_return", __name__)
COOKIE = "__Host-prefill-"
# A browser that holds more forms than this is none of a person's.
MOST = 10


@blueprint.get("/bank/return")
def come_back() -> Response:
    """Open Link again with the same token and where the bank sent us; whose it is, the browser's cookies tell."""
    consumer = _waiting_here() if "oauth_state_id" in request.args else None
    if consumer is None:
        return _lost()
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        if not at_link(view):
            return _lost()
        query = request.query_string.decode("ascii", "replace")
        return link_document(view, received=f"{settings().app_url}/bank/return?{query}")


def _waiting_here() -> Consumer | None:
    """The onboarding of this browser that waits for the bank; of several the one touched last."""
    found: list[tuple[object, Consumer]] = []
    for name in [name for name in request.cookies if name.startswith(f"{COOKIE}onb_")][:MOST]:
        consumer = find_browser(name.removeprefix(COOKIE))
        if consumer is None:
            continue
        with services().database.session(consumer.scope, read_only=True) as session:
            onboarding = session.get_one(Onboarding, consumer.onboarding_id)
            if (onboarding.step, onboarding.stage) == ("bank", "link") and consumer.may_see(onboarding):
                found.append((onboarding.last_active_at, consumer))
    return max(found, key=lambda one: str(one[0]))[1] if found else None


def _lost() -> Response:
    """Nothing tells whose it is; the page can still lead back where this tab knows."""
    use_locale(request.accept_languages.best_match(LOCALES) or "en")
    made = Page(nonce=g.nonce, locale=g.locale, tenant_name="Prefill", tenant_short_name="Prefill", bound=False)
    return render_screen(made, BankReturn())

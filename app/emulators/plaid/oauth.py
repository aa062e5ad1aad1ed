"""Banks with a sign-in page of their own: the way there, by pop-up or by redirect, and the way back.

A pop-up is used whatever redirect_uri says, except inside a WebView (or when the switch oauth_redirect asks for it):
there the page itself goes to the bank, comes back to `redirect_uri?oauth_state_id=…`, and Link is made again with the
same token and `receivedRedirectUri`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from app.emulators.context import Emulators
from app.emulators.persona_bank import Account, Bank
from app.emulators.persona_models import Persona
from app.emulators.plaid import catalog, connecting, items
from app.emulators.plaid.errors import PlaidError
from app.emulators.plaid.phones import normalised
from app.emulators.plaid.sessions import Context, LinkSession, show, tell
from app.emulators.plaid.state import LinkToken, switches

_NO_STATE = "oauth uri does not contain a valid oauth_state_id query parameter"


@dataclass
class OAuthState:
    """One visit to a bank's own page."""

    session: LinkSession
    institution_id: str
    redirect: bool
    state_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: Literal["pending", "allowed", "denied", "processed"] = "pending"
    bank: Bank | None = None
    persona: Persona | None = None
    accounts: list[Account] = field(default_factory=list)

    @property
    def return_uri(self) -> str:
        return f"{self.session.token.redirect_uri}?oauth_state_id={self.state_id}"


def states(shared: Emulators) -> dict[str, OAuthState]:
    return shared.store.state("plaid-oauth", "all", dict)


def offer(context: Context) -> None:
    """The pane before the bank's page."""
    session = context.session
    wanted = session.webview or switches(context.shared).oauth_redirect
    visit = OAuthState(
        session=session,
        institution_id=(session.institution or {}).get("institution_id", ""),
        redirect=bool(wanted and session.token.redirect_uri),
    )
    states(context.shared)[visit.state_id] = visit
    session.oauth_state = visit.state_id
    show(context, "oauth", "OAUTH")


def visit_of(context: Context) -> OAuthState | None:
    return states(context.shared).get(context.session.oauth_state or "")


def opened(context: Context) -> None:
    """The bank's page is being shown."""
    context.session.problem = None
    tell(context, "OPEN_OAUTH")


def look(context: Context) -> None:
    """Goes on if the bank's page has been answered."""
    visit = visit_of(context)
    if visit is None or visit.status in ("pending", "processed"):
        return
    allowed, visit.status = visit.status == "allowed", "processed"
    if not allowed or visit.bank is None:
        tell(context, "FAIL_OAUTH")
        connecting.broken(context, PlaidError("ACCESS_NOT_GRANTED"), "requires_oauth")
        return
    connecting.signed_in(context, visit.bank, visit.persona)
    tell(context, "TRANSITION_VIEW", view_name="LOADING")
    connecting.take(context, visit.bank, visit.accounts)


def closed(context: Context) -> None:
    """The bank's window went away; nothing else, unless it was answered first."""
    visit = visit_of(context)
    if visit is not None and visit.status == "pending":
        tell(context, "CLOSE_OAUTH")
        context.session.problem = "The bank’s window was closed before you were done."
    else:
        look(context)


def received(shared: Emulators, token: LinkToken, uri: str) -> LinkSession:
    """The session to go on with after a redirect, or one that can only answer with what is wrong."""
    state_id = (parse_qs(urlsplit(uri).query).get("oauth_state_id") or [""])[0]
    visit = states(shared).get(state_id)
    error = None
    if not state_id:
        error = PlaidError("INVALID_FIELD", _NO_STATE)
    elif visit is None:
        error = PlaidError("OAUTH_STATE_ID_NOT_FOUND")
    elif visit.session.token is not token:
        error = PlaidError("INCORRECT_LINK_TOKEN")
    elif visit.status == "processed":
        error = PlaidError("OAUTH_STATE_ID_ALREADY_PROCESSED")
    if error is not None or visit is None:
        return LinkSession(token, shared.store.now(), refused=error)
    if visit.status == "pending":
        visit.status = "denied"
    return visit.session


def sign_in(shared: Emulators, visit: OAuthState, username: str, password: str) -> None:
    """On the bank's page any name and password are right; a persona's own open the persona's bank."""
    phone = visit.session.token.phone_number or visit.session.phone_number
    known_phone = normalised(phone) if phone else None
    try:
        visit.bank, visit.persona = items.sign_in(shared, visit.institution_id, username, password, known_phone)
    except PlaidError:
        institution = catalog.institution(shared.personas, visit.institution_id)
        visit.bank, visit.persona = catalog.standard_bank(institution), None


def decide(visit: OAuthState, selected: list[str] | None) -> None:
    """`selected` names accounts by their place at the bank; None or none of them says no."""
    if visit.status != "pending":
        return
    held = visit.bank.accounts if visit.bank else []
    visit.accounts = [one for place, one in enumerate(held) if str(place) in (selected or [])]
    visit.status = "allowed" if visit.accounts else "denied"

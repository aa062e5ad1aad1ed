"""Ordinary Link: the bank is searched and chosen, and signed in to with all it asks."""

from __future__ import annotations

from app.emulators.plaid import catalog, connecting, items, mfa, oauth
from app.emulators.plaid.errors import PlaidError
from app.emulators.plaid.phones import normalised
from app.emulators.plaid.sessions import Context, fail, leave, show, tell

TRIES = 3
# Of one session, at all its banks together; then its token is of no use any more.
TRIES_IN_ALL = 6
# What a wrong answer may be tried again after; every other error ends the sign-in.
_TRY_AGAIN = ("INVALID_CREDENTIALS", "INVALID_MFA", "INSUFFICIENT_CREDENTIALS")
_PANE_STATUSES = {
    "credentials": "requires_credentials",
    "accounts": "requires_account_selection",
    "oauth": "requires_oauth",
    "unsupported": "institution_not_supported",
}


def begin(context: Context) -> None:
    """Opens at the consent, in update mode at the Item's bank, inside a page at the list of banks."""
    session = context.session
    if session.opened:
        if session.oauth_state is not None:
            tell(context, "OPEN", view_name="OAUTH", is_update_mode=_update_mode(context))
            oauth.look(context)
        return
    session.opened = True
    item = connecting.updated_item(context)
    first = "CREDENTIAL" if item else "SELECT_INSTITUTION" if session.embedded else "CONSENT"
    tell(context, "OPEN", view_name=first, is_update_mode=_update_mode(context))
    if item is not None:
        session.institution = {"institution_id": item.bank.institution_id, "name": item.bank.name}
        _ask_bank(context)
    elif session.embedded:
        show(context, "institutions", "SELECT_INSTITUTION")
    else:
        session.pane = "welcome"


def choose_bank(context: Context) -> None:
    """On to the list of banks, unless the token names the one to use."""
    named = context.session.token.institution_id
    if named is None:
        show(context, "institutions", "SELECT_INSTITUTION")
    else:
        select_institution(context, named)


def search(context: Context, query: str) -> None:
    context.session.query = query
    if query:
        tell(context, "SEARCH_INSTITUTION", institution_search_query=query)


def found_institutions(context: Context) -> list[catalog.Institution]:
    """Those whose name holds every word that was typed."""
    words = context.session.query.casefold().split()
    known = catalog.institutions(context.shared.personas).values()
    return [one for one in known if all(word in one.name.casefold() for word in words)]


def select_institution(context: Context, institution_id: str) -> None:
    session, found = context.session, catalog.institution(context.shared.personas, institution_id)
    session.institution = {"institution_id": found.institution_id, "name": found.name}
    if found.health == "DOWN":
        tell(context, "SELECT_DOWN_INSTITUTION")
        connecting.broken(context, PlaidError("INSTITUTION_DOWN"), None)
    elif found.health == "UNSUPPORTED":
        tell(context, "SELECT_INSTITUTION")
        session.pane = "unsupported"
        connecting.broken(context, PlaidError("INSTITUTION_NO_LONGER_SUPPORTED"), "institution_not_supported")
    elif found.health == "DEGRADED":
        tell(context, "SELECT_DEGRADED_INSTITUTION")
        session.pane = "degraded"
    else:
        tell(context, "SELECT_INSTITUTION")
        _ask_bank(context)


def go_on_degraded(context: Context) -> None:
    tell(context, "SELECT_INSTITUTION")
    _ask_bank(context)


def _ask_bank(context: Context) -> None:
    """The bank's own page, or its name and password here."""
    chosen = (context.session.institution or {}).get("institution_id", "")
    if catalog.institution(context.shared.personas, chosen).oauth:
        oauth.offer(context)
    else:
        show(context, "credentials", "CREDENTIAL")


def submit_credentials(context: Context, username: str, password: str) -> None:
    session = context.session
    tell(context, "SUBMIT_CREDENTIALS")
    tell(context, "TRANSITION_VIEW", view_name="LOADING")
    chosen = (session.institution or {}).get("institution_id", "")
    phone = session.token.phone_number or session.phone_number
    try:
        bank, persona = items.sign_in(context.shared, chosen, username, password, normalised(phone) if phone else None)
    except PlaidError as error:
        _sign_in_failed(context, error, chosen)
        return
    connecting.signed_in(context, bank, persona)
    session.error = None
    session.wrong_logins[chosen] = 0
    session.challenges = mfa.of_password(password) or mfa.of_bank(bank)
    _next_challenge(context)


def _sign_in_failed(context: Context, error: PlaidError, institution_id: str) -> None:
    session = context.session
    if error.code not in _TRY_AGAIN:
        connecting.broken(context, error, "requires_credentials")
        return
    session.wrong_logins[institution_id] += 1
    if session.wrong_logins.total() >= TRIES_IN_ALL:
        fail(context, error)
        leave(context, PlaidError("INVALID_LINK_TOKEN"), "requires_credentials")
    elif session.wrong_logins[institution_id] >= TRIES:
        connecting.broken(context, PlaidError("ITEM_LOCKED"), "requires_credentials")
    else:
        fail(context, error)
        show(context, "credentials", "CREDENTIAL")
        session.error, session.problem = error, error.shown


def submit_mfa(context: Context, answers: list[str]) -> None:
    session = context.session
    if not session.challenges:
        return
    asked = session.challenges[0]
    tell(context, "SUBMIT_MFA", mfa_type=asked[0].kind)
    if not mfa.right(asked, answers):
        _mfa_failed(context)
        return
    session.error = None
    session.challenges = session.challenges[1:]
    if asked[0].kind != "device":
        tell(context, "TRANSITION_VIEW", view_name="LOADING")
    _next_challenge(context)


def _mfa_failed(context: Context) -> None:
    session, error = context.session, PlaidError("INVALID_MFA")
    chosen = (session.institution or {}).get("institution_id", "")
    session.wrong_logins[chosen] += 1
    if session.wrong_logins[chosen] >= TRIES:
        connecting.broken(context, PlaidError("ITEM_LOCKED"), exit_status(context, "mfa"))
        return
    fail(context, error)
    session.error, session.problem = error, error.shown


def _next_challenge(context: Context) -> None:
    session = context.session
    if session.challenges:
        show(context, "mfa", "MFA")
        return
    item = connecting.updated_item(context)
    if item is not None:
        if not session.token.selects_accounts:
            connecting.sign_in_again(context, item)
            return
        held = [account.mask for account in item.accounts.values()]
        offered = enumerate(connecting.offered_accounts(context))
        session.selected = [str(place) for place, account in offered if account.mask in held]
    if not connecting.offered_accounts(context):
        connecting.broken(context, PlaidError("NO_ACCOUNTS"), "requires_account_selection")
        return
    show(context, "accounts", "SELECT_ACCOUNT")


def exit_status(context: Context, pane: str) -> str | None:
    """The `status` of onExit: what the pane was waiting for."""
    session = context.session
    if pane == "broken":
        return session.failed_status
    if pane == "mfa" and session.challenges:
        return mfa.STATUSES[session.challenges[0][0].kind]
    if pane == "institutions":
        return "institution_not_found" if session.query and not found_institutions(context) else None
    return _PANE_STATUSES.get(pane)


def _update_mode(context: Context) -> str:
    return "true" if context.session.token.access_token else "false"

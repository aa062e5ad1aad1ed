"""Ordinary Link, the short way: choose a bank, sign in, choose accounts."""

from __future__ import annotations

from typing import Any

from app.emulators.persona_bank import Bank
from app.emulators.persona_models import Persona
from app.emulators.plaid import catalog, items
from app.emulators.plaid.errors import PlaidError
from app.emulators.plaid.layer import normalised
from app.emulators.plaid.sessions import Context, fail, show, succeed, tell
from app.emulators.plaid.state import Item, state_of

EXIT_STATUS = {
    "credentials": "requires_credentials",
    "mfa": "requires_code",
    "accounts": "requires_account_selection",
}


def begin(context: Context) -> None:
    """Opens at the list of banks, or in update mode at the Item's bank."""
    session = context.session
    if session.opened:
        return
    session.opened = True
    item = _updated_item(context)
    tell(context, "OPEN", is_update_mode="true" if item else "false")
    if item is None:
        show(context, "institutions", "SELECT_INSTITUTION")
        return
    session.institution = {"institution_id": item.bank.institution_id, "name": item.bank.name}
    show(context, "credentials", "CREDENTIAL")


def select_institution(context: Context, institution_id: str) -> None:
    found = catalog.institution(context.shared.personas, institution_id)
    context.session.institution = {"institution_id": found.institution_id, "name": found.name}
    tell(context, "SELECT_INSTITUTION")
    show(context, "credentials", "CREDENTIAL")


def submit_credentials(context: Context, username: str, password: str) -> None:
    session = context.session
    tell(context, "SUBMIT_CREDENTIALS")
    try:
        session.bank, session.persona = _sign_in(context, username, password)
    except PlaidError as error:
        fail(context, error)
        session.problem = error.documented.display or error.message
        return
    if session.bank.mfa is not None:
        show(context, "mfa", "MFA")
        return
    _signed_in(context)


def submit_mfa(context: Context, answer: str) -> None:
    session = context.session
    tell(context, "SUBMIT_MFA", mfa_type="code")
    if session.bank is None or session.bank.mfa is None or answer != session.bank.mfa.answer:
        session.problem = "That answer isn’t right. Please try again."
        return
    _signed_in(context)


def share(context: Context, selected: list[str]) -> None:
    """`selected` names accounts by their place at the bank; at least one."""
    session = context.session
    session.selected = selected
    bank = session.bank
    if bank is None:
        return
    accounts = [held for place, held in enumerate(bank.accounts) if str(place) in selected]
    if not accounts:
        session.problem = "Choose at least one account to share."
        return
    item = items.create_item(
        context.shared,
        session.token.client_id,
        bank,
        persona=session.persona,
        products=session.token.products,
        accounts=accounts,
        webhook=session.token.webhook,
    )
    _connected(context, item)


def _sign_in(context: Context, username: str, password: str) -> tuple[Bank, Persona | None]:
    chosen = (context.session.institution or {}).get("institution_id", "")
    phone = context.session.token.phone_number
    known_phone = normalised(phone) if phone else None
    return items.sign_in(context.shared, chosen, username, password, known_phone)


def _signed_in(context: Context) -> None:
    item = _updated_item(context)
    if item is None:
        show(context, "accounts", "SELECT_ACCOUNT")
        return
    item.signed_in_at = context.now()
    _connected(context, item)


def _connected(context: Context, item: Item) -> None:
    show(context, "connected", "CONNECTED")
    token = items.create_public_token(context.shared, context.session.token.client_id, item)
    succeed(context, token, [_account(key, item) for key in item.accounts])


def _account(account_id: str, item: Item) -> dict[str, Any]:
    held = item.accounts[account_id]
    return {
        "class_type": None,
        "id": account_id,
        "mask": held.mask,
        "name": held.name,
        "subtype": held.subtype,
        "type": held.type,
        "verification_status": None,
    }


def _updated_item(context: Context) -> Item | None:
    """The Item of an update-mode token, if it is still there."""
    token = context.session.token
    state = state_of(context.shared, token.client_id)
    return state.items.get(token.access_token) if token.access_token else None

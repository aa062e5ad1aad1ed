"""The end of ordinary Link: the accounts to share, the Item, the last pane; and the pane of what went wrong."""

from __future__ import annotations

from typing import Any

from app.emulators.persona_bank import Account, Bank
from app.emulators.persona_models import Persona
from app.emulators.plaid import ids, items, layer
from app.emulators.plaid.errors import PlaidError
from app.emulators.plaid.sessions import ENVIRONMENT, Added, Context, fail, show, succeed, tell
from app.emulators.plaid.state import Item, state_of


def broken(context: Context, error: PlaidError, status: str | None) -> None:
    """The pane that says what is wrong; whoever leaves there leaves with the error."""
    session = context.session
    session.error, session.failed_status = error, status
    fail(context, error)
    show(context, "broken", "ERROR")


def signed_in(context: Context, bank: Bank, persona: Persona | None) -> None:
    """Whose bank it is counts in ordinary Link alone: in Layer the person has proven to be somebody before."""
    context.session.bank = bank
    if context.session.token.template is None:
        context.session.persona = persona


def offered_accounts(context: Context) -> list[Account]:
    """The bank's accounts that the token's filter lets through."""
    bank, filters = context.session.bank, context.session.token.account_filters
    if bank is None or filters is None:
        return list(bank.accounts) if bank else []
    return [one for one in bank.accounts if {"all", one.subtype} & set(filters.get(one.type, []))]


def share(context: Context, selected: list[str]) -> None:
    """`selected` names accounts by their place at the bank; at least one."""
    session = context.session
    session.selected = selected
    accounts = [held for place, held in enumerate(offered_accounts(context)) if str(place) in selected]
    if session.bank is None or not accounts:
        session.problem = "Choose at least one account to share."
        return
    take(context, session.bank, accounts)


def take(context: Context, bank: Bank, accounts: list[Account]) -> None:
    """Makes the Item, or in update mode changes the accounts of the one there is; then the last pane."""
    session = context.session
    if session.token.template is not None:
        layer.add_bank(context, bank, accounts)
        return
    item = updated_item(context)
    if item is None:
        item = items.create_item(
            context.shared,
            session.token.client_id,
            bank,
            persona=session.persona,
            products=session.token.products,
            accounts=accounts,
            webhook=session.token.webhook,
        )
    else:
        known = {account.mask: key for key, account in item.accounts.items()}
        item.accounts = {known.get(one.mask) or ids.object_id(): one for one in accounts}
        item.signed_in_at, item.login_required = context.now(), False
    connected(context, item)


def sign_in_again(context: Context, item: Item) -> None:
    """Update mode without a choice of accounts."""
    item.signed_in_at, item.login_required = context.now(), False
    connected(context, item)


def connected(context: Context, item: Item) -> None:
    session = context.session
    token = items.create_public_token(context.shared, session.token.client_id, item)
    institution = {"institution_id": item.bank.institution_id, "name": item.bank.name}
    session.added.append(Added(token, institution, [_account(key, item) for key in item.accounts]))
    show(context, "connected", "CONNECTED")
    if session.token.multi_item:
        body = {
            "environment": ENVIRONMENT,
            "link_session_id": session.session_id,
            "link_token": session.token.token,
            "public_token": token,
            "webhook_code": "ITEM_ADD_RESULT",
            "webhook_type": "LINK",
        }
        context.sender.send(session.token.webhook, body)


def connect_another(context: Context) -> None:
    """A further bank in the same session, for tokens with enable_multi_item_link."""
    if context.session.token.multi_item:
        tell(context, "CONNECT_NEW_INSTITUTION")
        start_over(context)


def start_over(context: Context) -> None:
    """Back to the list of banks, nothing chosen."""
    session = context.session
    session.institution = session.bank = session.error = session.failed_status = session.oauth_state = None
    session.challenges, session.selected, session.query = [], None, ""
    show(context, "institutions", "SELECT_INSTITUTION")


def finish(context: Context) -> None:
    last = context.session.added[-1]
    succeed(context, last.public_token, last.accounts)


def updated_item(context: Context) -> Item | None:
    """The Item of an update-mode token, if it is still there."""
    token = context.session.token
    state = state_of(context.shared, token.client_id)
    return state.items.get(token.access_token) if token.access_token else None


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

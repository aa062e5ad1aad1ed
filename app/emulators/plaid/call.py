"""One accepted request, as every endpoint gets it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.emulators.context import Emulators
from app.emulators.persona_bank import Account
from app.emulators.plaid import catalog, items, wire
from app.emulators.plaid.errors import PlaidError
from app.emulators.plaid.state import Item, PlaidState, state_of
from app.emulators.plaid.webhooks import Sender


@dataclass(frozen=True)
class Call:
    """One accepted request."""

    shared: Emulators
    sender: Sender
    client_id: str
    body: dict[str, Any]

    @property
    def state(self) -> PlaidState:
        return state_of(self.shared, self.client_id)

    def item(self) -> Item:
        return items.find(self.state, self.body["access_token"])

    def item_shape(self, item: Item) -> dict[str, Any]:
        institution = catalog.institution(self.shared.personas, item.bank.institution_id)
        return wire.item(item, institution, item_error(self.shared, item))

    def wanted(self, item: Item) -> dict[str, Account]:
        """The accounts that options.account_ids names, else all. Raises INVALID_ACCOUNT_ID."""
        named = self.body.get("options", {}).get("account_ids")
        if named is None:
            return item.accounts
        if not set(named) <= item.accounts.keys():
            raise PlaidError("INVALID_ACCOUNT_ID")
        return {key: held for key, held in item.accounts.items() if key in named}


def item_error(shared: Emulators, item: Item) -> dict[str, Any] | None:
    """The `error` of an Item that wants a new sign-in."""
    error = items.login_error(shared, item)
    return None if error is None else dict(error.link_error())

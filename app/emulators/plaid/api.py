"""The endpoints under /plaid: each takes the checked body and gives the answer without its request id."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from app.emulators.context import Emulators
from app.emulators.persona_bank import Account
from app.emulators.plaid import catalog, ids, items, ledger, wire
from app.emulators.plaid.errors import PlaidError
from app.emulators.plaid.liabilities import liabilities
from app.emulators.plaid.state import (
    LINK_TOKEN_LIFE,
    SESSION_TOKEN_LIFE,
    Item,
    LinkToken,
    PlaidState,
    state_of,
)
from app.emulators.plaid.webhooks import outbox

CLIENT_NAME_LIMIT = 30


@dataclass(frozen=True)
class Call:
    """One accepted request."""

    shared: Emulators
    client_id: str
    body: dict[str, Any]

    @property
    def state(self) -> PlaidState:
        return state_of(self.shared, self.client_id)

    def item(self) -> Item:
        return items.find(self.state, self.body["access_token"])

    def item_shape(self, item: Item) -> dict[str, Any]:
        institution = catalog.institution(self.shared.personas, item.bank.institution_id)
        return wire.item(item, institution, _item_error(self.shared, item))

    def wanted(self, item: Item) -> dict[str, Account]:
        """The accounts that options.account_ids names, else all. Raises INVALID_ACCOUNT_ID."""
        named = self.body.get("options", {}).get("account_ids")
        if named is None:
            return item.accounts
        if not set(named) <= item.accounts.keys():
            raise PlaidError("INVALID_ACCOUNT_ID")
        return {key: held for key, held in item.accounts.items() if key in named}


def session_token_create(call: Call) -> dict[str, Any]:
    """A Layer token. An unknown template is an INVALID_FIELD; Plaid does not document its answer."""
    _check_user(call.body)
    _check_addresses(call.body)
    template = call.state.templates.get(call.body["template_id"])
    if template is None:
        raise PlaidError("INVALID_FIELD", "template_id is not a template of this client")
    token = LinkToken(
        token=ids.token("link"),
        client_id=call.client_id,
        expires_at=call.shared.store.now() + SESSION_TOKEN_LIFE,
        webhook=call.body.get("webhook") or template.webhook,
        template=template,
        products=template.products,
    )
    call.state.link_tokens[token.token] = token
    return {"link": {"expiration": wire.moment(token.expires_at), "link_token": token.token}}


def link_token_create(call: Call) -> dict[str, Any]:
    """A token for ordinary Link, or for update mode when an access token is given."""
    _check_user(call.body)
    _check_addresses(call.body)
    if len(call.body["client_name"]) > CLIENT_NAME_LIMIT:
        raise PlaidError("INVALID_FIELD", f"client_name must be at most {CLIENT_NAME_LIMIT} characters")
    access_token = call.body.get("access_token")
    products = call.body.get("products", [])
    if access_token is not None:
        items.find(call.state, access_token)
    elif not products:
        raise PlaidError("MISSING_FIELDS", "products")
    user = call.body.get("user", {})
    token = LinkToken(
        token=ids.token("link"),
        client_id=call.client_id,
        expires_at=call.shared.store.now() + LINK_TOKEN_LIFE,
        webhook=call.body.get("webhook"),
        client_name=call.body["client_name"],
        products=products,
        phone_number=user.get("phone_number"),
        access_token=access_token,
    )
    call.state.link_tokens[token.token] = token
    return {"expiration": wire.moment(token.expires_at), "link_token": token.token}


def user_account_session_get(call: Call) -> dict[str, Any]:
    """The shared data of a Layer session, for 30 minutes. Raises INVALID_PUBLIC_TOKEN."""
    held = call.state.profile_tokens.get(call.body["public_token"])
    if held is None or held.expires_at <= call.shared.store.now():
        raise PlaidError("INVALID_PUBLIC_TOKEN")
    return held.answer


def sandbox_public_token_create(call: Call) -> dict[str, Any]:
    options = call.body.get("options", {})
    username = options.get("override_username") or catalog.GOOD_LOGIN[0]
    password = options.get("override_password") or catalog.GOOD_LOGIN[1]
    institution_id = call.body["institution_id"]
    bank, persona = items.sign_in(call.shared, institution_id, username, password)
    products = call.body["initial_products"]
    supported = catalog.institution(call.shared.personas, institution_id).products
    unsupported = sorted(set(products) - set(supported))
    if unsupported:
        raise PlaidError("PRODUCTS_NOT_SUPPORTED", "[" + ", ".join(f'"{name}"' for name in unsupported) + "]")
    item = items.create_item(
        call.shared,
        call.client_id,
        bank,
        persona=persona,
        products=products,
        webhook=options.get("webhook"),
    )
    return {"public_token": items.create_public_token(call.shared, call.client_id, item)}


def item_public_token_exchange(call: Call) -> dict[str, Any]:
    item = items.exchange(call.shared, call.state, call.body["public_token"])
    return {"access_token": item.access_token, "item_id": item.item_id}


def accounts_get(call: Call) -> dict[str, Any]:
    item = call.item()
    error = items.login_error(call.shared, item)
    if error is not None:
        raise error
    return {"accounts": wire.accounts(item, call.wanted(item)), "item": call.item_shape(item)}


def identity_get(call: Call) -> dict[str, Any]:
    item = call.item()
    items.use_product(call.shared, item, "identity")
    return {
        "accounts": wire.accounts_with_owners(item, call.wanted(item)),
        "item": call.item_shape(item),
    }


def auth_get(call: Call) -> dict[str, Any]:
    item = call.item()
    items.use_product(call.shared, item, "auth")
    wanted = {key: held for key, held in call.wanted(item).items() if wire.has_numbers(held)}
    if not wanted:
        raise PlaidError("NO_AUTH_ACCOUNTS")
    return {
        "accounts": wire.accounts(item, wanted),
        "item": call.item_shape(item),
        "numbers": {"ach": wire.ach_numbers(wanted), "bacs": [], "eft": [], "international": []},
    }


def liabilities_get(call: Call) -> dict[str, Any]:
    item = call.item()
    items.use_product(call.shared, item, "liabilities")
    wanted = call.wanted(item)
    found = liabilities(wanted)
    if not any(found.values()):
        raise PlaidError("NO_LIABILITY_ACCOUNTS")
    return {"accounts": wire.accounts(item, wanted), "item": call.item_shape(item), "liabilities": found}


def transactions_sync(call: Call) -> dict[str, Any]:
    item = call.item()
    items.use_product(call.shared, item, "transactions")
    if not items.is_ready(call.shared, item):
        return ledger.not_ready()
    return ledger.sync(item, call.body, call.shared.store.now())


def item_get(call: Call) -> dict[str, Any]:
    item = call.item()
    institution = catalog.institution(call.shared.personas, item.bank.institution_id)
    error = _item_error(call.shared, item)
    return {"item": wire.item_with_consent(item, institution, error), "status": wire.item_status(item)}


def item_remove(call: Call) -> dict[str, Any]:
    items.remove(call.state, call.body["access_token"])
    return {}


def institutions_get_by_id(call: Call) -> dict[str, Any]:
    held = catalog.institution(call.shared.personas, call.body["institution_id"])
    if "US" not in call.body["country_codes"]:
        raise PlaidError("INVALID_INSTITUTION")
    options = call.body.get("options", {})
    shape = wire.institution(
        held,
        metadata=options.get("include_optional_metadata", False),
        status=options.get("include_status", False),
        now=call.shared.store.now(),
    )
    return {"institution": shape}


def webhook_verification_key_get(call: Call) -> dict[str, Any]:
    return {"key": outbox(call.shared.store).keys.find(call.body["key_id"]).public()}


ENDPOINTS: dict[str, Callable[[Call], dict[str, Any]]] = {
    "/session/token/create": session_token_create,
    "/user_account/session/get": user_account_session_get,
    "/sandbox/public_token/create": sandbox_public_token_create,
    "/item/public_token/exchange": item_public_token_exchange,
    "/link/token/create": link_token_create,
    "/accounts/get": accounts_get,
    "/identity/get": identity_get,
    "/auth/get": auth_get,
    "/transactions/sync": transactions_sync,
    "/liabilities/get": liabilities_get,
    "/item/get": item_get,
    "/item/remove": item_remove,
    "/institutions/get_by_id": institutions_get_by_id,
    "/webhook_verification_key/get": webhook_verification_key_get,
}


def _item_error(shared: Emulators, item: Item) -> dict[str, Any] | None:
    error = items.login_error(shared, item)
    return None if error is None else dict(error.link_error())


def _check_user(body: dict[str, Any]) -> None:
    if "user" not in body and "user_id" not in body:
        raise PlaidError("MISSING_FIELDS", "user")


def _check_addresses(body: dict[str, Any]) -> None:
    if any(mark in body.get("redirect_uri", "") for mark in "?#"):
        raise PlaidError("INVALID_FIELD", "redirect_uri must not have a query or a fragment")
    if "webhook" in body and not _is_url(body["webhook"]):
        raise PlaidError("INVALID_FIELD", "webhook must be a valid URL")


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)

"""Making and finding Items and the tokens that lead to them."""

from __future__ import annotations

from app.emulators.context import Emulators
from app.emulators.persona_bank import Account, Bank
from app.emulators.persona_models import Persona
from app.emulators.plaid import catalog, ids, mfa
from app.emulators.plaid.custom_user import USERNAME, custom_bank
from app.emulators.plaid.errors import CODES, PlaidError
from app.emulators.plaid.state import (
    LOGIN_LIFE,
    PUBLIC_TOKEN_LIFE,
    Item,
    PlaidState,
    PublicToken,
    state_of,
    switches,
)

FORCED_ERROR = "error_"
# Only what a bank or Plaid itself can answer a sign-in with.
FORCED_TYPES = ("ITEM_ERROR", "INSTITUTION_ERROR", "API_ERROR")


def sign_in(
    shared: Emulators, institution_id: str, username: str, password: str, phone_number: str | None = None
) -> tuple[Bank, Persona | None]:
    """The bank behind a log-in: the phone's own, else the sandbox's user_good, else whoever signs in so.

    Raises INVALID_INSTITUTION, INSTITUTION_DOWN, INSTITUTION_NO_LONGER_SUPPORTED, INVALID_CREDENTIALS or the
    code that the documented password error_<CODE> asks for.
    """
    institution = catalog.institution(shared.personas, institution_id)
    if institution.health == "DOWN":
        raise PlaidError("INSTITUTION_DOWN")
    if institution.health == "UNSUPPORTED":
        raise PlaidError("INSTITUTION_NO_LONGER_SUPPORTED")
    _raise_forced(password)
    if username == USERNAME:
        return custom_bank(institution, password), None
    if mfa.of_password(password):
        password = catalog.GOOD_LOGIN[1]
    login = (institution_id, username, password)
    caller = shared.personas.by_phone(phone_number) if phone_number else None
    for bank in caller.banks if caller else []:
        if (bank.institution_id, bank.username, bank.password) == login:
            return bank, caller
    if (username, password) == catalog.GOOD_LOGIN:
        return catalog.standard_bank(institution), None
    persona = shared.personas.by_login(*login)
    for bank in persona.banks if persona else []:
        if (bank.institution_id, bank.username, bank.password) == login:
            return bank, persona
    raise PlaidError("INVALID_CREDENTIALS")


def _raise_forced(password: str) -> None:
    forced = password.removeprefix(FORCED_ERROR)
    if password.startswith(FORCED_ERROR) and forced in CODES and CODES[forced].error_type in FORCED_TYPES:
        raise PlaidError(forced)


def create_item(
    shared: Emulators,
    client_id: str,
    bank: Bank,
    *,
    persona: Persona | None,
    products: list[str],
    accounts: list[Account] | None = None,
    webhook: str | None = None,
) -> Item:
    """An Item with these accounts; without a list, with all of the bank's."""
    now = shared.store.now()
    item = Item(
        item_id=ids.object_id(),
        access_token=ids.token("access"),
        bank=bank,
        accounts={ids.object_id(): account for account in (bank.accounts if accounts is None else accounts)},
        products=sorted(set(products) - {"balance"}),
        created_at=now,
        signed_in_at=now,
        webhook=webhook,
        persona=persona,
    )
    state_of(shared, client_id).items[item.access_token] = item
    return item


def create_public_token(shared: Emulators, client_id: str, item: Item) -> str:
    token = ids.token("public")
    expires_at = shared.store.now() + PUBLIC_TOKEN_LIFE
    state_of(shared, client_id).public_tokens[token] = PublicToken(token, item.access_token, expires_at)
    return token


def exchange(shared: Emulators, state: PlaidState, token: str) -> Item:
    """Raises INVALID_PUBLIC_TOKEN: unknown, expired, used, or the profile token of a Layer session."""
    held = state.public_tokens.get(token)
    if held is None or held.spent or held.expires_at <= shared.store.now():
        raise PlaidError("INVALID_PUBLIC_TOKEN")
    held.spent = True
    return find(state, held.access_token)


def find(state: PlaidState, access_token: str) -> Item:
    """Raises ITEM_NOT_FOUND after a removal, else INVALID_ACCESS_TOKEN."""
    if access_token in state.removed:
        raise PlaidError("ITEM_NOT_FOUND")
    item = state.items.get(access_token)
    if item is None:
        raise PlaidError("INVALID_ACCESS_TOKEN")
    return item


def remove(state: PlaidState, access_token: str) -> None:
    find(state, access_token)
    del state.items[access_token]
    state.removed.add(access_token)


def login_error(shared: Emulators, item: Item) -> PlaidError | None:
    """Sandbox Items want a new sign-in 30 days after the last, or when /sandbox/item/reset_login was asked."""
    if item.login_required or shared.store.now() - item.signed_in_at > LOGIN_LIFE:
        return PlaidError("ITEM_LOGIN_REQUIRED")
    return None


def is_ready(shared: Emulators, item: Item) -> bool:
    """Whether the first data has arrived."""
    age = (shared.store.now() - item.created_at).total_seconds()
    return age >= switches(shared).products_ready_after_seconds


def use_product(shared: Emulators, item: Item, product: str) -> None:
    """Adds the product to the Item's.

    Raises ITEM_LOGIN_REQUIRED, PRODUCTS_NOT_SUPPORTED or PRODUCT_NOT_READY.
    """
    error = login_error(shared, item)
    if error is not None:
        raise error
    institution = catalog.institution(shared.personas, item.bank.institution_id)
    known_to_bank = any(account.liability for account in item.bank.accounts) and product == "liabilities"
    if product not in institution.products and not known_to_bank:
        raise PlaidError("PRODUCTS_NOT_SUPPORTED", f'["{product}"]')
    if product != "transactions" and not is_ready(shared, item):
        raise PlaidError("PRODUCT_NOT_READY")
    if product not in item.products:
        item.products = sorted([*item.products, product])

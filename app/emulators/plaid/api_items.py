"""The endpoints of Items and institutions, and those that only the sandbox has."""

from __future__ import annotations

from typing import Any

from app.emulators.plaid import catalog, items, wire
from app.emulators.plaid.call import Call, item_error
from app.emulators.plaid.errors import PlaidError
from app.emulators.plaid.item_webhooks import fire, tell_login_required, tell_new_address
from app.emulators.plaid.webhooks import outbox


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


def item_get(call: Call) -> dict[str, Any]:
    item = call.item()
    institution = catalog.institution(call.shared.personas, item.bank.institution_id)
    error = item_error(call.shared, item)
    return {"item": wire.item_with_consent(item, institution, error), "status": wire.item_status(item)}


def item_remove(call: Call) -> dict[str, Any]:
    items.remove(call.state, call.body["access_token"])
    return {}


def item_webhook_update(call: Call) -> dict[str, Any]:
    """Null or an empty text takes the webhook away. The new address is told that it is one."""
    item = call.item()
    item.webhook = call.body.get("webhook") or None
    tell_new_address(call.sender, item)
    return {"item": call.item_shape(item)}


def sandbox_item_fire_webhook(call: Call) -> dict[str, Any]:
    item = call.item()
    fire(call.sender, item, call.body["webhook_code"], call.body.get("webhook_type"))
    return {"webhook_fired": True}


def sandbox_item_reset_login(call: Call) -> dict[str, Any]:
    """The Item answers ITEM_LOGIN_REQUIRED until update mode was gone through."""
    item = call.item()
    item.login_required = True
    tell_login_required(call.sender, item)
    return {"reset_login": True}


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

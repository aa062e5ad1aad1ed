"""Plaid's JSON shapes for accounts, owners, numbers, Items and institutions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.emulators.persona_bank import Account, Owner
from app.emulators.persona_base import Address
from app.emulators.persona_models import Persona
from app.emulators.plaid.catalog import Institution
from app.emulators.plaid.state import Item

AUTH_SUBTYPES = ("checking", "savings", "cash management")
SCOPES = {
    "auth": "account_routing_number",
    "identity": "contact_info",
    "liabilities": "credit_loan_info",
    "transactions": "transactions",
}
PHONE_TYPES = ("home", "work", "mobile")
EMAIL_TYPES = ("primary", "secondary", "other")


def moment(when: datetime) -> str:
    """ISO 8601 in UTC to the second."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def account(account_id: str, held: Account) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "balances": {
            "available": held.balances.available,
            "current": held.balances.current,
            "iso_currency_code": held.balances.currency,
            "limit": held.balances.limit,
            "unofficial_currency_code": None,
        },
        "holder_category": held.holder_category,
        "mask": held.mask,
        "name": held.name,
        "official_name": held.official_name,
        "subtype": held.subtype,
        "type": held.type,
    }


def accounts(item: Item, wanted: dict[str, Account] | None = None) -> list[dict[str, Any]]:
    return [account(key, held) for key, held in (item.accounts if wanted is None else wanted).items()]


def investment_accounts(item: Item, wanted: dict[str, Account]) -> list[dict[str, Any]]:
    """For /investments/holdings/get, whose balances have one field more."""
    listed = accounts(item, wanted)
    return [one | {"balances": {**one["balances"], "margin_loan_amount": None}} for one in listed]


def accounts_with_owners(item: Item, wanted: dict[str, Account]) -> list[dict[str, Any]]:
    """For /identity/get; an account that names no owner belongs to the persona."""
    return [
        account(key, held) | {"owners": [owner(one) for one in held.owners or _persona_as_owner(item.persona)]}
        for key, held in wanted.items()
    ]


def owner(held: Owner) -> dict[str, Any]:
    """The first of each list is the primary one."""
    return {
        "addresses": [{"data": address(one), "primary": place == 0} for place, one in enumerate(held.addresses)],
        "emails": [
            {"data": one, "primary": place == 0, "type": EMAIL_TYPES[min(place, 2)]}
            for place, one in enumerate(held.emails)
        ],
        "names": list(held.names),
        "phone_numbers": [
            {"data": one, "primary": False, "type": PHONE_TYPES[min(place, 2)]}
            for place, one in enumerate(held.phone_numbers)
        ],
    }


def address(held: Address) -> dict[str, Any]:
    return {
        "city": held.city,
        "country": held.country,
        "postal_code": held.zip,
        "region": held.state,
        "street": " ".join(part for part in (held.line1, held.line2) if part),
    }


def ach_numbers(wanted: dict[str, Account]) -> list[dict[str, Any]]:
    return [
        {
            "account": held.account_number,
            "account_id": key,
            "is_tokenized_account_number": held.tokenized,
            "routing": held.routing_number,
            "wire_routing": held.wire_routing_number,
        }
        for key, held in wanted.items()
        if has_numbers(held)
    ]


def has_numbers(held: Account) -> bool:
    return held.subtype in AUTH_SUBTYPES and bool(held.account_number and held.routing_number)


def item(held: Item, institution: Institution, error: dict[str, Any] | None) -> dict[str, Any]:
    available = sorted(set(institution.products) - set(held.products))
    return {
        "auth_method": "INSTANT_AUTH" if "auth" in held.products else None,
        "available_products": available,
        "billed_products": sorted(held.products),
        "consent_expiration_time": None,
        "error": error,
        "institution_id": held.bank.institution_id,
        "institution_name": held.bank.name,
        "item_id": held.item_id,
        "products": sorted(held.products),
        "update_type": "background",
        "webhook": held.webhook,
    }


def item_with_consent(held: Item, institution: Institution, error: dict[str, Any] | None) -> dict[str, Any]:
    """For /item/get."""
    scopes = ["account_balance_info", *(SCOPES[name] for name in held.products if name in SCOPES)]
    return item(held, institution, error) | {
        "consented_data_scopes": sorted(scopes),
        "consented_products": sorted(held.products),
        "consented_use_cases": ["Verify your account"],
        "created_at": moment(held.created_at),
    }


def item_status(held: Item) -> dict[str, Any]:
    return {
        "investments": None,
        "last_webhook": None,
        "transactions": {
            "last_failed_update": None,
            "last_successful_update": moment(held.ledger_end) if held.ledger_end else None,
        },
    }


def institution(held: Institution, *, metadata: bool, status: bool, now: datetime) -> dict[str, Any]:
    """For /institutions/get_by_id; `metadata` and `status` as the request's options ask."""
    shape: dict[str, Any] = {
        "connection_availability": "NOT_SUPPORTED" if held.health == "UNSUPPORTED" else "SUPPORTED",
        "country_codes": ["US"],
        "dtc_numbers": [],
        "institution_id": held.institution_id,
        "name": held.name,
        "oauth": held.oauth,
        "products": held.products,
        "routing_numbers": held.routing_numbers,
    }
    if metadata:
        shape |= {"logo": None, "primary_color": held.primary_color, "url": "https://plaid.com"}
    if status:
        shape["status"] = {"item_logins": _logins(held, now)}
    return shape


def _logins(held: Institution, now: datetime) -> dict[str, Any]:
    success = {"HEALTHY": 0.97, "DEGRADED": 0.5}.get(held.health, 0.0)
    return {
        "breakdown": {
            "error_institution": round(0.99 - success, 2),
            "error_plaid": 0.01,
            "success": success,
        },
        "last_status_change": moment(now.replace(hour=0, minute=0, second=0)),
        "status": "DOWN" if held.health == "UNSUPPORTED" else held.health,
    }


def _persona_as_owner(persona: Persona | None) -> list[Owner]:
    if persona is None:
        return []
    identity = persona.identity
    return [
        Owner(
            names=[identity.name.whole],
            addresses=identity.addresses[:1],
            emails=identity.emails,
            phone_numbers=[persona.phone_number.removeprefix("+1")],
        )
    ]

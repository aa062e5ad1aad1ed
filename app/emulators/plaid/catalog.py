"""The sandbox's banks, and the Item every sandbox bank has for user_good / pass_good."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from app.emulators.persona_bank import Account, Bank, Owner
from app.emulators.persona_base import Part
from app.emulators.personas import Personas
from app.emulators.plaid.errors import PlaidError

GOOD_LOGIN = ("user_good", "pass_good")


class Institution(Part):
    institution_id: str
    name: str
    primary_color: str = "#1f3a5f"
    products: list[str]
    routing_numbers: list[str] = []
    oauth: bool = False
    health: Literal["HEALTHY", "DEGRADED", "DOWN", "UNSUPPORTED"] = "HEALTHY"


@cache
def _facts() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(Path(__file__).with_name("catalog.json").read_text(encoding="utf-8"))
    return facts


@cache
def sandbox_institutions() -> dict[str, Institution]:
    listed = TypeAdapter(list[Institution]).validate_python(_facts()["institutions"])
    return {institution.institution_id: institution for institution in listed}


@cache
def _standard_accounts() -> list[Account]:
    owner = Owner.model_validate(_facts()["standard_owner"])
    accounts = TypeAdapter(list[Account]).validate_json(json.dumps(_facts()["standard_accounts"]))
    return [account.model_copy(update={"owners": [owner]}) for account in accounts]


def standard_bank(institution: Institution) -> Bank:
    """The twelve accounts of Alberta Bobbeth Charleson, the same at every bank."""
    return Bank(institution_id=institution.institution_id, name=institution.name, accounts=_standard_accounts())


def institutions(personas: Personas) -> dict[str, Institution]:
    """The sandbox's own, and those that only a persona has."""
    found = dict(sandbox_institutions())
    for persona in personas:
        for bank in persona.banks:
            if bank.institution_id not in found:
                products = found["ins_109508"].products
                found[bank.institution_id] = Institution(
                    institution_id=bank.institution_id, name=bank.name, products=products
                )
    return found


def institution(personas: Personas, institution_id: str) -> Institution:
    """Raises INVALID_INSTITUTION."""
    found = institutions(personas).get(institution_id)
    if found is None:
        raise PlaidError("INVALID_INSTITUTION")
    return found

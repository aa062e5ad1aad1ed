"""A person made of canaries, as the emulators' persona file has it."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

from tests.support.canary import Canaries, date_forms, phone_forms, social_security_forms

PERSONAS = Path(__file__).parents[2] / "app" / "emulators" / "personas.json"

PHONE, BIRTH, SSN = "+15035550147", dt.date(1957, 3, 29), "899148264"
FIRST, LAST = "Zephyrina", "Quackenbüsh"
STREET, CITY, POSTAL_CODE = "4471 Wigglesworth Crescent", "Quirkhaven", "97299"
EMAIL = "z.quackenbush@quirkmail.example"
ACCOUNT, ROUTING, MASK = "900000000007", "061092387", "7316"
ACCOUNT_NAME, BANK, EMPLOYER, CREDITOR = (
    "Nestegg Zanzibar",
    "Bank of Wobblington",
    "Flibbertigibbet Foundry",
    "Gobbledygook Motors",
)
BALANCE = 48213.77

# What the second person types, where no provider knows anything.
TYPED_PHONE, TYPED_BIRTH = "+15035550163", dt.date(1961, 9, 17)
TYPED = {
    "first_name": "Bartholomea",
    "last_name": "Snickerdoodle",
    "email": "bart.snickerdoodle@typed.example",
    "ssn_last_four": "5937",
    "employer_name": "Wobblebottom Weavers",
    "address_street": "8812 Hullabaloo Terrace",
    "address_city": "Gumdropton",
    "address_postal_code": "97288",
}
EDITED_EMAIL = "edited.by.hand@corrected.example"
STATE, METADATA = "state-canary-5f1c2a", "metadata-canary-77b0"
BROWSER, ADDRESS = "CanaryBrowser/77.31", "203.0.113.177"


def persona_file(folder: Path) -> Path:
    """A persona file with this one person, cut from the first of the usual ones."""
    person = json.loads(PERSONAS.read_text(encoding="utf-8"))["personas"][0]
    home = {"line1": STREET, "city": CITY, "state": "OR", "zip": POSTAL_CODE}
    identity = {"name": {"first": FIRST, "last": LAST}, "emails": [EMAIL], "ssn": SSN, "addresses": [home]}
    person |= {
        "name": f"{FIRST} {LAST}",
        "phone_number": PHONE,
        "date_of_birth": BIRTH.isoformat(),
        "identity": identity,
        "layer": {"by_phone": {"banks": ["ins_109508"]}, "identity": identity},
        "banks": [_bank(home)],
        "credit_file": _credit_file(home),
    }
    path = folder / "personas.json"
    path.write_text(json.dumps({"personas": [person]}), encoding="utf-8")
    return path


def _bank(home: dict[str, Any]) -> dict[str, Any]:
    owner = {"names": [f"{FIRST} {LAST}".upper()], "addresses": [home], "emails": [EMAIL], "phone_numbers": [PHONE]}
    account = {
        "name": ACCOUNT_NAME,
        "official_name": f"{ACCOUNT_NAME} Account",
        "mask": MASK,
        "account_number": ACCOUNT,
        "routing_number": ROUTING,
        "balances": {"available": BALANCE, "current": BALANCE},
        "owners": [owner],
    }
    return {"institution_id": "ins_109508", "name": BANK, "accounts": [account]}


def _credit_file(home: dict[str, Any]) -> dict[str, Any]:
    loan = {
        "creditor": CREDITOR,
        "opened": "2021-01-05",
        "balance": 15240.8,
        "last_four": "6651",
        "original_amount": 20000,
        "minimum_payment": 311.43,
    }
    return {
        "addresses": [{**home, "ownership": "RENT"}],
        "employment": [{"employer": EMPLOYER, "status": "CURRENT"}],
        "auto_loans": [loan],
    }


def canaries() -> Canaries:
    """Everything of both persons that no place may hold in the clear."""
    return Canaries(
        {
            "phone": phone_forms(PHONE),
            "birth date": date_forms(BIRTH),
            "social security number": social_security_forms(SSN),
            "first name": {FIRST},
            "last name": {LAST, "Quackenbush"},
            "street": {STREET, "Wigglesworth"},
            "city": {CITY},
            "postal code": {POSTAL_CODE},
            "e-mail": {EMAIL},
            "account number": {ACCOUNT},
            "routing number": {ROUTING},
            "mask": {MASK, "6651"},
            "account name": {ACCOUNT_NAME},
            "bank": {BANK, "Wobblington"},
            "employer": {EMPLOYER, "Flibbertigibbet"},
            "creditor": {CREDITOR, "Gobbledygook"},
            "balance": {str(BALANCE), "48,213.77", "15240.8", "15,240.80"},
            "typed phone": phone_forms(TYPED_PHONE),
            "typed birth date": date_forms(TYPED_BIRTH),
            **{f"typed {name}": {value} for name, value in TYPED.items()},
            "edited e-mail": {EDITED_EMAIL},
            "state": {STATE},
            "metadata": {METADATA},
            "browser": {BROWSER},
            "address of the browser": {ADDRESS},
        }
    )

"""Phone numbers as people write them, and what Plaid's documented ones mean to ordinary Link."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from app.emulators.context import Emulators
from app.emulators.persona_bank import Bank
from app.emulators.plaid import catalog

Kind = Literal["new", "saved", "new_device", "auto_select"]
_OAUTH_BANK, _FIRST_BANK = "ins_127287", "ins_109508"


@dataclass(frozen=True)
class Standing:
    """What Plaid knows of a phone: `banks` are those somebody saved with it earlier."""

    kind: Kind
    banks: tuple[Bank, ...] = ()


def normalised(phone_number: str) -> str:
    """E.164, from what people type: punctuation dropped, ten digits are a US number."""
    kept = re.sub(r"[^\d+]", "", phone_number)
    if kept.startswith("+"):
        return kept
    return f"+1{kept}" if len(kept) == 10 else f"+{kept}"


def standing(shared: Emulators, phone_number: str) -> Standing | None:
    """Of an E.164 number; None for one that Link refuses.

    In the sandbox only the documented numbers work. Our other people are new to Plaid here.
    """
    person = shared.personas.by_phone(phone_number)
    own = tuple(person.banks) if person else ()
    listed = {
        "+14155550010": Standing("new"),
        "+14155550011": Standing("saved", own or (_standard(_FIRST_BANK),)),
        "+14155550012": Standing("saved", own or (_standard(_FIRST_BANK),)),
        "+14155550013": Standing("saved", (_standard(_OAUTH_BANK),)),
        "+14155550014": Standing("new_device", (_standard(_FIRST_BANK),)),
        "+14155550015": Standing("auto_select", (own or (_standard(_FIRST_BANK),))[:1]),
    }
    if phone_number in listed:
        return listed[phone_number]
    return Standing("new") if person else None


def _standard(institution_id: str) -> Bank:
    return catalog.standard_bank(catalog.sandbox_institutions()[institution_id])

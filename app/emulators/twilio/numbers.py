"""Which numbers can be reached, and how."""

from typing import Literal

import phonenumbers
from phonenumbers import PhoneNumberType

from app.emulators.context import Emulators

Reach = Literal["ok", "landline", "invalid", "country", "blocked"]
COUNTRIES = ("US", "PR", "CA")
BLOCKED = (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.PAGER)


def reach(shared: Emulators, phone_number: str) -> Reach:
    """What becomes of a text to this number (E.164); a landline can be called."""
    persona = shared.personas.by_phone(phone_number)
    if persona is not None:
        return "landline" if persona.spinwheel.connect == "UNSUPPORTED_NUMBER" else "ok"
    try:
        number = phonenumbers.parse(phone_number)
    except phonenumbers.NumberParseException:
        return "invalid"
    if phonenumbers.number_type(number) in BLOCKED:
        return "blocked"
    if not phonenumbers.is_valid_number(number) or not phone_number.startswith("+"):
        return "invalid"
    return "ok" if phonenumbers.region_code_for_number(number) in COUNTRIES else "country"

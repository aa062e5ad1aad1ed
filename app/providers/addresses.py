"""Postal addresses in the form a person would write them."""

import re

from app.providers.casing import nice_address, nice_name
from app.providers.observations import Address

# A unit is one letter or has a digit, so that `10 Suite Ln` stays whole.
_UNIT = re.compile(r"[,\s]+((?:(?:apt|apartment|unit|ste|suite)\.?\s*#?|#)\s*(?:[a-z]|[\w-]*\d[\w-]*))$", re.IGNORECASE)


def tidy_address(place: Address) -> Address:
    """Nice case, the unit out of the street line, state and country as codes in capitals."""
    street, unit = place["street"], place["unit"]
    if street and not unit and (match := _UNIT.search(street)):
        street, unit = street[: match.start()], match.group(1)
    city, state, country = place["city"], place["state"], place["country"]
    return Address(
        street=nice_address(street) if street else None,
        unit=nice_address(unit) if unit else None,
        city=nice_name(city) if city else None,
        state=state.upper() if state and len(state) == 2 else state,
        postal_code=place["postal_code"],
        country=country.upper() if country else None,
    )

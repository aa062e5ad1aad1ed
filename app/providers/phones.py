"""Phone numbers as providers write them, in E.164."""

import phonenumbers


def e164(text: str, region: str = "US") -> str | None:
    """None for what cannot be a phone number. Sandbox numbers are often possible but not assigned."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

"""Phone numbers and dates as people type them."""

import datetime as dt
from collections.abc import Iterable

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

# Numbers that cost more, reach no phone of a person, or take no texts.
REFUSED_TYPES = frozenset(
    {
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PAGER,
        PhoneNumberType.VOICEMAIL,
        PhoneNumberType.UAN,
        PhoneNumberType.VOIP,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.UNKNOWN,
    }
)


class NumberError(ValueError):
    """`reason` is `missing`, `invalid`, `country` or `kind`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def normal_phone(text: str, country: str, countries: Iterable[str]) -> str:
    """E.164.

    Raises:
        NumberError: nothing was typed, it is no number, of a country not accepted, or of a kind that gets no texts.
    """
    if not text.strip():
        raise NumberError("missing")
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        raise NumberError("invalid") from None
    if number.country_code and phonenumbers.region_code_for_number(number) is None:
        raise NumberError("invalid")
    if phonenumbers.region_code_for_number(number) not in set(countries):
        # A number without its area code parses, belongs nowhere and is simply incomplete.
        valid = phonenumbers.is_valid_number(number)
        raise NumberError("country" if valid else "invalid")
    if not phonenumbers.is_valid_number(number):
        raise NumberError("invalid")
    if phonenumbers.number_type(number) in REFUSED_TYPES:
        raise NumberError("kind")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def country_of(number: str) -> str | None:
    """The country of an E.164 number, as two letters."""
    return phonenumbers.region_code_for_number(phonenumbers.parse(number, None))


def masked_phone(number: str) -> str:
    """The last four digits, as `(•••) •••-0142`."""
    return f"(•••) •••-{number[-4:]}"


def shown_phone(number: str) -> str:
    """As people write it: `(503) 555-0142`."""
    parsed = phonenumbers.parse(number, None)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)


def number_prefix(number: str) -> str:
    """The number without its last four digits: what pumping fraud has in common."""
    return number[:-4]


class BirthError(ValueError):
    """`reason` is `missing`, `invalid`, `future` or `old`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def birth_date(month: str, day: str, year: str, today: dt.date) -> dt.date:
    """A date of birth from three boxes.

    Raises:
        BirthError: a box is empty, there is no such day, it is to come, or nobody is that old.
    """
    if not (month.strip() and day.strip() and year.strip()):
        raise BirthError("missing")
    if not all(part.strip().isdecimal() and part.strip().isascii() for part in (month, day, year)):
        raise BirthError("invalid")
    if len(year.strip()) != 4:
        raise BirthError("invalid")
    try:
        born = dt.date(int(year), int(month), int(day))
    except (ValueError, OverflowError):
        raise BirthError("invalid") from None
    if born > today:
        raise BirthError("future")
    if born.year < today.year - 120:
        raise BirthError("old")
    return born


def age_on(born: dt.date, day: dt.date) -> int:
    """Whole years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))

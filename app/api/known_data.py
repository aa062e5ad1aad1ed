"""What the tenant already knows of its consumer: the shape of the result, checked like a typed answer."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from app.api.reading import Strict, invalid, pointer
from app.domain.numbers import NumberError, normal_phone
from app.domain.prefill.fields import FIELDS, FieldSpec
from app.domain.prefill.validation import ADDRESS_PARTS, AnswerError, read_answer

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]

Amount = Annotated[str, StringConstraints(max_length=20)] | Annotated[float, Field(strict=True)]

WORDS = {
    "missing": "Is needed, or is not one of the values there are.",
    "long": "Is longer than 120 characters.",
    "invalid": "Holds control characters.",
    "email": "Is not an e-mail address.",
    "four_digits": "Must be the last four digits, and only those.",
    "money": "Must be an amount of US dollars per year, such as 54000.00.",
    "phone": "Is not a phone number that can get texts.",
    "zip": "Must be a ZIP code such as 94577 or 94577-1234.",
    "birth_missing": "Must be a date such as 1975-01-18.",
    "birth_invalid": "Must be a date such as 1975-01-18.",
    "birth_future": "Is in the future.",
    "birth_old": "Is more than 120 years ago.",
}


class PersonalInfo(Strict):
    """`phone_number` in any usual form, `date_of_birth` as YYYY-MM-DD, `ssn` the last four digits."""

    first_name: Text | None = None
    last_name: Text | None = None
    email: Text | None = None
    phone_number: Text | None = None
    date_of_birth: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None = None
    ssn: Text | None = None


class Address(Strict):
    """A home in the United States; `state` and `country` as two letters."""

    street: Text
    unit: Text | None = None
    city: Text
    state: Text
    postal_code: Text
    country: Annotated[str, StringConstraints(pattern="^US$")] = "US"
    housing_status: Text | None = None


class Employment(Strict):
    """`income` per year in US dollars."""

    employer_name: Text | None = None
    income: Amount | None = None
    employment_type: Text | None = None


class KnownData(Strict):
    """`locked` names the fields, by key, that the consumer may not change."""

    personal_info: PersonalInfo = Field(default=PersonalInfo(), repr=False)
    addresses: list[Address] = Field(default=[], max_length=1, repr=False)
    employment: Employment = Field(default=Employment(), repr=False)
    locked: list[Annotated[str, StringConstraints(max_length=48)]] = Field(default=[], max_length=len(FIELDS))

    def values(self) -> dict[str, Any]:
        """Field keys with their values in the form the rest of the product keeps them.

        Raises:
            Problem: 422, with a pointer for each value that is not one.
        """
        plain = self.model_dump(exclude_none=True)
        found: dict[str, Any] = {}
        errors: list[dict[str, str]] = []
        for key, spec in FIELDS.items():
            try:
                value = _value(spec, plain)
            except AnswerError as error:
                errors += [_mistake(spec, name, word) for name, word in error.errors.items()]
                continue
            if value is not None:
                found[key] = value
        if errors:
            raise invalid(errors)
        return found


def _path(spec: FieldSpec) -> list[str | int]:
    return [int(part) if part.isdecimal() else part for part in spec.pointer.split("/")[1:]]


def _value(spec: FieldSpec, plain: dict[str, Any]) -> Any:
    """The checked value, None where the tenant sent none. Raises AnswerError."""
    said: Any = plain
    for part in _path(spec):
        try:
            said = said[part]
        except (KeyError, IndexError):
            return None
    if spec.kind == "phone":
        return _phone(spec, said)
    return read_answer(spec.key, _form(spec, said), required=True)


def _phone(spec: FieldSpec, said: str) -> str:
    try:
        # Which of the two countries this tenant takes is checked with its settings.
        return normal_phone(said, "US", ("US", "PR"))
    except NumberError:
        raise AnswerError({spec.key: "phone"}) from None


def _form(spec: FieldSpec, said: Any) -> dict[str, str]:
    """The boxes a person would have filled, so that both ways in share one set of rules."""
    if spec.kind == "address":
        return {f"address_{part}": said.get(part, "") for part in ADDRESS_PARTS}
    if spec.kind == "date":
        year, _, rest = said.partition("-")
        month, _, day = rest.partition("-")
        return {f"{spec.key}_month": month, f"{spec.key}_day": day, f"{spec.key}_year": year}
    return {spec.key: str(said)}


def _mistake(spec: FieldSpec, name: str, word: str) -> dict[str, str]:
    path = ["prefill", *_path(spec)]
    if spec.kind == "address":
        path.append(name.removeprefix("address_"))
    code = "required" if word == "missing" else word
    return {"pointer": pointer(tuple(path)), "detail": WORDS[word], "code": code}

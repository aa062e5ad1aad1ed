"""The people the emulators know, read from one JSON file."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app.emulators.persona_base import Address, Identity, Name
from app.emulators.persona_models import Persona, PersonaFile

OURS = Path(__file__).with_name("personas.json")
DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA = Path(__file__).with_name("personas.schema.json")


class PersonaFileError(SystemExit):
    """The file cannot be used; its text says which field (as a JSON pointer) and why."""


class Personas:
    """In the order of the file; the first is the one to show first."""

    def __init__(self, people: list[Persona], code: str) -> None:
        self._people = people
        self._code = code
        self._by_phone = {person.phone_number: person for person in people}
        self._by_birth = {person.date_of_birth: person for person in people if person.spinwheel.any_phone}

    def __iter__(self) -> Iterator[Persona]:
        return iter(self._people)

    def by_phone(self, phone_number: str) -> Persona | None:
        """By E.164 number."""
        return self._by_phone.get(phone_number)

    def for_spinwheel(self, phone_number: str, date_of_birth: date) -> Persona:
        """By phone, else by date of birth, else somebody plain without a credit file."""
        found = self._by_phone.get(phone_number) or self._by_birth.get(date_of_birth)
        return found or somebody(phone_number, date_of_birth, self._code)

    def by_login(self, institution_id: str, username: str, password: str) -> Persona | None:
        """The first persona that signs in at the bank like this."""
        wanted = (institution_id, username, password)
        for person in self._people:
            for bank in person.banks:
                if wanted == (bank.institution_id, bank.username, bank.password):
                    return person
        return None


def somebody(phone_number: str, date_of_birth: date, code: str) -> Persona:
    """A plain person for a number nobody has described."""
    home = Address(line1="100 Sample St", city="Springfield", state="IL", zip="62701", since=date(2020, 1, 1))
    identity = Identity(
        name=Name(first="Sam", last="Sample"),
        emails=["sam.sample@mail.example"],
        ssn=f"90000{phone_number[-4:]}",
        addresses=[home],
    )
    return Persona(
        name="Sam Sample",
        ladder="manual",
        phone_number=phone_number,
        date_of_birth=date_of_birth,
        code=code,
        description="Made up from the phone number.",
        identity=identity,
    )


def load_personas(path: Path | None = None, code: str = "123456") -> Personas:
    """Ours, or those of another file; `code` is for people who bring none. Raises PersonaFileError."""
    source = path or OURS
    try:
        content = json.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise PersonaFileError(f"Personas: {source} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise PersonaFileError(f"Personas: {source} is not JSON: {error}.") from None
    try:
        people = PersonaFile.model_validate_json(json.dumps(content)).personas
    except ValidationError as error:
        raise PersonaFileError(_sentence(source, error)) from None
    _check_apart(source, people)
    with_codes = [person if person.code else person.model_copy(update={"code": code}) for person in people]
    return Personas(with_codes, code)


def _check_apart(source: Path, people: list[Persona]) -> None:
    """A phone, and a date of birth that stands for any phone, must belong to one person."""
    phones: set[str] = set()
    births: set[date] = set()
    for index, person in enumerate(people):
        field = None
        if person.phone_number in phones:
            field = "phone_number"
        elif person.spinwheel.any_phone and person.date_of_birth in births:
            field = "date_of_birth"
        if field:
            where = f"/personas/{index}/{field}"
            raise PersonaFileError(f"Personas: {source}: {where} is wrong: an earlier persona has it.")
        phones.add(person.phone_number)
        births |= {person.date_of_birth} if person.spinwheel.any_phone else set()


def _sentence(source: Path, error: ValidationError) -> str:
    problems = error.errors(include_url=False)
    first = problems[0]
    reason = first["msg"].removeprefix("Value error, ")
    more = f" There are {len(problems) - 1} more problems." if len(problems) > 1 else ""
    return f"Personas: {source}: {_pointer(first['loc'])} is wrong: {reason}.{more}"


def _pointer(location: tuple[int | str, ...]) -> str:
    """RFC 6901; the tag that pydantic adds for a union is no part of the file."""
    parts = [str(part) for part in location if part not in ("credit", "mortgage", "student")]
    return "/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in parts)


def schema() -> dict[str, Any]:
    """The JSON Schema of a persona file, made from the models."""
    made = PersonaFile.model_json_schema()
    return {"$schema": DIALECT, **made, "title": "Personas of the emulators"}

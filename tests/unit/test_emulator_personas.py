"""The people: the file we ship, other files and their mistakes, what recurs."""

import copy
import json
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import phonenumbers
import pytest

from app.emulators.persona_bank import Account, Recurring
from app.emulators.personas import OURS, SCHEMA, PersonaFileError, load_personas, schema, somebody

TODAY = date(2026, 11, 24)
ONE: dict[str, Any] = {
    "name": "Ann Example",
    "ladder": "link",
    "phone_number": "+14155550150",
    "date_of_birth": "1980-05-06",
    "description": "For tests.",
    "identity": {
        "name": {"first": "Ann", "last": "Example"},
        "ssn": "900001234",
        "addresses": [{"line1": "1 Test St", "city": "Fresno", "state": "CA", "zip": "93722"}],
    },
    "layer": {"by_phone": {"missing": ["email"], "banks": ["ins_1"]}},
    "banks": [
        {
            "institution_id": "ins_1",
            "name": "Test Bank",
            "accounts": [{"name": "Checking", "mask": "1111"}],
        }
    ],
}

# plaid.com/docs/layer: phone → what the saved profile lacks, banks connected.
DOCUMENTED = {
    "+14155550000": (["name", "date_of_birth", "address", "ssn", "email"], 0),
    "+14155550011": ([], 2),
    "+14155550012": (["name", "date_of_birth", "address", "ssn", "email"], 3),
    "+14155550015": ([], 1),
    "+15155550013": (["email"], 1),
    "+15155550015": (["date_of_birth"], 1),
    "+15155550016": (["ssn"], 1),
    "+15155550017": (["address"], 1),
    "+15155550018": (["name"], 1),
    "+15155550019": ([], 1),
}


def write(tmp_path: Path, *people: dict[str, Any]) -> Path:
    path = tmp_path / "people.json"
    path.write_text(json.dumps({"personas": people}), encoding="utf-8")
    return path


def changed(pointer: str, value: object) -> dict[str, Any]:
    """ONE with the value at a JSON pointer replaced."""
    person = copy.deepcopy(ONE)
    *parents, last = pointer.strip("/").split("/")
    part: Any = person
    for name in parents:
        part = part[int(name)] if isinstance(part, list) else part[name]
    part[last] = value
    return person


@pytest.mark.parametrize(("phone_number", "expected"), DOCUMENTED.items())
def test_documented_layer_phones(phone_number: str, expected: tuple[list[str], int]) -> None:
    persona = load_personas().by_phone(phone_number)
    assert persona is not None and persona.layer.by_phone is not None
    assert (persona.layer.by_phone.missing, len(persona.layer.by_phone.banks)) == expected
    assert persona.date_of_birth == date(1975, 1, 18)
    assert persona.layer.by_date_of_birth is not None and persona.layer.by_date_of_birth.missing == []


def test_savings_only_phone_has_no_checking_account() -> None:
    persona = load_personas().by_phone("+15155550019")
    assert persona is not None
    assert [account.subtype for bank in persona.banks for account in bank.accounts] == ["savings"]


def test_the_first_goes_all_the_way_through_layer() -> None:
    first = next(iter(load_personas()))
    assert (first.ladder, first.phone_number) == ("layer_phone", "+14155550011")
    file = first.credit_file
    assert file is not None
    kinds = ("credit_cards", "auto_loans", "home_loans", "personal_loans", "student_loans")
    assert all(getattr(file, kind) for kind in (*kinds, "miscellaneous_liabilities"))


def test_everybody_is_fictional_and_has_a_number_that_is_valid() -> None:
    for persona in load_personas():
        assert phonenumbers.is_valid_number(phonenumbers.parse(persona.phone_number)), persona.name
        assert persona.phone_number[5:8] == "555", persona.name
        assert persona.identity.ssn[:3] == "666" or persona.identity.ssn[0] == "9", persona.name
        assert all(email.endswith(".example") for email in persona.identity.emails), persona.name


def test_found_by_phone_before_date_of_birth() -> None:
    personas = load_personas()
    born = date(1990, 1, 1)
    assert personas.for_spinwheel("+14155550011", born).name == "Maria Elena Ortiz Reyes"
    assert personas.for_spinwheel("+12135550199", born).name == "Aldo Cherry"
    assert personas.for_spinwheel("+12135550199", date(1971, 2, 3)) == somebody(
        "+12135550199", date(1971, 2, 3), "123456"
    )


def test_our_file_and_schema_agree() -> None:
    committed = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert committed == schema(), "write personas.schema.json again: it is made from the models"
    jsonschema.Draft202012Validator.check_schema(committed)
    jsonschema.validate(json.loads(OURS.read_text(encoding="utf-8")), committed)


@pytest.mark.parametrize("pointer", ["/identity/ssn", "/banks/0/institution_id", "/ladder", "/phone_number"])
def test_schema_refuses_what_the_loader_refuses(pointer: str, tmp_path: Path) -> None:
    person = changed(pointer, "nonsense")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"personas": [person]}, schema())
    with pytest.raises(PersonaFileError, match=f": /personas/0{pointer} is wrong: "):
        load_personas(write(tmp_path, person))


def test_a_file_of_ones_own_replaces_ours(tmp_path: Path) -> None:
    personas = load_personas(write(tmp_path, ONE), "246810")
    assert [(person.name, person.code) for person in personas] == [("Ann Example", "246810")]


@pytest.mark.parametrize(
    ("pointer", "value", "reason"),
    [
        ("/date_of_birth", "1980-02-30", "/personas/0/date_of_birth is wrong: "),
        ("/nickname", "Annie", "/personas/0/nickname is wrong: Extra inputs"),
        ("/banks/0/accounts/0/liability", {"kind": "credit"}, "/banks/0/accounts/0/liability/apr is wrong: "),
        ("/identity/addresses", [], "/personas/0/identity/addresses is wrong: "),
        ("/layer/by_phone/banks", ["ins_9"], "/personas/0 is wrong: layer names the bank ins_9"),
        ("/layer/by_phone/accounts", ["9999"], "/personas/0 is wrong: layer names the account 9999"),
        ("/a~b", 1, "/personas/0/a~0b is wrong: "),
    ],
)
def test_a_mistake_is_named_by_its_pointer(pointer: str, value: object, reason: str, tmp_path: Path) -> None:
    path = write(tmp_path, changed(pointer, value))
    with pytest.raises(PersonaFileError) as caught:
        load_personas(path)
    assert str(path) in str(caught.value) and reason in str(caught.value)


def test_people_must_be_told_apart(tmp_path: Path) -> None:
    with pytest.raises(PersonaFileError, match="/personas/1/phone_number is wrong: an earlier persona"):
        load_personas(write(tmp_path, ONE, ONE))
    anybody = {**ONE, "spinwheel": {"any_phone": True}}
    twin = {**anybody, "phone_number": "+14155550151"}
    with pytest.raises(PersonaFileError, match="/personas/1/date_of_birth is wrong: an earlier persona"):
        load_personas(write(tmp_path, anybody, twin))


def test_a_file_that_is_missing_or_not_json(tmp_path: Path) -> None:
    with pytest.raises(PersonaFileError, match="cannot be read: No such file"):
        load_personas(tmp_path / "none.json")
    broken = tmp_path / "broken.json"
    broken.write_text("{", encoding="utf-8")
    with pytest.raises(PersonaFileError, match="is not JSON"):
        load_personas(broken)


def test_pay_recurs_every_two_weeks_and_never_in_the_future() -> None:
    rule = Recurring(name="PAY", amount=-100, every="two_weeks", first=date(2026, 10, 2))
    expected = [date(2026, 10, 2), date(2026, 10, 16), date(2026, 10, 30), date(2026, 11, 13)]
    assert rule.days(date(2020, 1, 1), TODAY) == expected
    assert rule.days(date(2026, 10, 17), TODAY) == expected[2:]


@pytest.mark.parametrize(
    ("every", "first", "expected"),
    [
        ("month", date(2026, 8, 31), [date(2026, 9, 28), date(2026, 10, 28)]),
        ("half_month", date(2026, 10, 10), [date(2026, 10, 10), date(2026, 10, 25), date(2026, 11, 10)]),
        ("week", date(2026, 11, 10), [date(2026, 11, 10), date(2026, 11, 17), date(2026, 11, 24)]),
    ],
)
def test_other_rhythms(every: Any, first: date, expected: list[date]) -> None:
    rule = Recurring(name="X", amount=5, every=every, first=first)
    assert rule.days(date(2026, 1, 1), TODAY) == expected


def test_what_recurs_is_the_same_on_the_same_day_and_ends_when_told() -> None:
    rule = Recurring(
        name="SHOP", amount=100, varies_by=0.2, every="week", first=date(2026, 9, 1), last=date(2026, 10, 1)
    )
    account = Account(name="Checking", mask="1111", recurring=[rule])
    amounts = [entry.amount for entry in account.transactions_until(TODAY)]
    assert amounts == [entry.amount for entry in account.transactions_until(TODAY)]
    assert len(amounts) == 5 and len(set(amounts)) > 1
    assert all(80 <= amount <= 120 for amount in amounts)

"""Answers of the form: read, tidied, or refused box by box."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.prefill.fields import DEFAULT_ASKED, FIELDS, LISTS, ONLY_CREDIT_FILE
from app.domain.prefill.validation import STATES, AnswerError, read_answer

HOME = {
    "address_street": " 12  Pine Street ",
    "address_unit": "",
    "address_city": "Seattle",
    "address_state": "WA",
    "address_postal_code": "98101",
}


@pytest.mark.parametrize(
    ("key", "typed", "kept"),
    [
        ("first_name", "  Maria   Elena ", "Maria Elena"),
        ("last_name", "O’Brien-Nuñez", "O’Brien-Nuñez"),
        ("email", "Name+tag@Example.co.uk", "Name+tag@Example.co.uk"),
        ("ssn_last_four", "0007", "0007"),
        ("income", "$52,000", "52000.00"),
        ("income", "0", "0.00"),
        ("income", "1250.5", "1250.50"),
        ("phone_number", "(415) 555-0011", "+14155550011"),
        ("housing_status", "rent", "rent"),
        ("employment_type", "retired", "retired"),
    ],
)
def test_a_good_answer_is_kept_tidied(key: str, typed: str, kept: str) -> None:
    assert read_answer(key, {key: typed}, required=True) == kept


@pytest.mark.parametrize(
    ("key", "typed", "reason"),
    [
        ("first_name", "", "missing"),
        ("first_name", " \t ", "missing"),
        ("first_name", "x" * 121, "long"),
        ("first_name", "a\x00b", "invalid"),
        ("email", "name", "email"),
        ("email", "name@example", "email"),
        ("email", "a b@example.com", "email"),
        ("email", "a@b@example.com", "email"),
        ("ssn_last_four", "123", "four_digits"),
        ("ssn_last_four", "12345", "four_digits"),
        ("ssn_last_four", "12a4", "four_digits"),
        ("ssn_last_four", "١٢٣٤", "four_digits"),
        ("income", "lots", "money"),
        ("income", "-1", "money"),
        ("income", "NaN", "money"),
        ("income", "sNaN", "money"),
        ("income", "Infinity", "money"),
        ("income", "1e30", "money"),
        ("phone_number", "555 0142", "phone"),
        ("phone_number", "+44 20 7946 0958", "phone"),
        ("housing_status", "castle", "missing"),
    ],
)
def test_a_bad_answer_is_refused_with_its_reason(key: str, typed: str, reason: str) -> None:
    with pytest.raises(AnswerError) as refused:
        read_answer(key, {key: typed}, required=True)
    assert refused.value.errors == {key: reason}


@pytest.mark.parametrize("key", [key for key, spec in FIELDS.items() if spec.kind != "list"])
def test_an_optional_answer_may_stay_empty(key: str) -> None:
    assert read_answer(key, {}, required=False) is None


def test_an_address_is_kept_in_parts() -> None:
    assert read_answer("address", HOME, required=True) == {
        "street": "12 Pine Street",
        "unit": None,
        "city": "Seattle",
        "state": "WA",
        "postal_code": "98101",
        "country": "US",
    }


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"address_street": ""}, {"address_street": "missing"}),
        ({"address_state": "ZZ"}, {"address_state": "missing"}),
        ({"address_postal_code": "9810"}, {"address_postal_code": "zip"}),
        ({"address_postal_code": "98101-12"}, {"address_postal_code": "zip"}),
        ({"address_city": "x" * 121}, {"address_city": "long"}),
        (
            {name: "" for name in HOME},
            {f"address_{part}": "missing" for part in ("street", "city", "state", "postal_code")},
        ),
    ],
)
def test_each_box_of_an_address_has_its_own_error(changes: dict[str, str], errors: dict[str, str]) -> None:
    with pytest.raises(AnswerError) as refused:
        read_answer("address", {**HOME, **changes}, required=True)
    assert refused.value.errors == errors


@pytest.mark.parametrize("code", ["98101", "98101-1234", "981011234"])
def test_a_zip_code_has_five_or_nine_digits(code: str) -> None:
    assert read_answer("address", {**HOME, "address_postal_code": code}, required=True)["postal_code"] == code


def test_a_half_filled_optional_address_is_refused() -> None:
    with pytest.raises(AnswerError):
        read_answer("address", {"address_city": "Seattle"}, required=False)


def test_a_birth_date_is_read_from_its_boxes() -> None:
    boxes = {"date_of_birth_month": "7", "date_of_birth_day": "2", "date_of_birth_year": "1996"}
    assert read_answer("date_of_birth", boxes, required=True) == "1996-07-02"
    with pytest.raises(AnswerError) as refused:
        read_answer("date_of_birth", {**boxes, "date_of_birth_month": "13"}, required=True)
    assert refused.value.errors == {"date_of_birth": "birth_invalid"}


@given(st.sampled_from([key for key, spec in FIELDS.items() if spec.kind != "list"]), st.text(max_size=200))
def test_any_text_is_an_answer_or_refused(key: str, typed: str) -> None:
    names = [key, *HOME, *(f"{key}_{part}" for part in ("month", "day", "year"))]
    try:
        value: Any = read_answer(key, dict.fromkeys(names, typed), required=True)
    except AnswerError as error:
        assert error.errors
    else:
        assert value


def test_there_are_fifty_states_and_two_more_places() -> None:
    assert len(STATES) == len(set(STATES)) == 52


def test_the_table_of_fields_is_whole() -> None:
    for key, spec in FIELDS.items():
        assert spec.key == key
        assert spec.pointer.split("/")[1] in ("personal_info", "addresses", "employment", "financial_info")
        assert (spec.kind == "choice") == bool(spec.options)
        assert (spec.kind == "list") == (key in LISTS)
    assert set(DEFAULT_ASKED.values()) <= {"required", "optional", "off"}
    assert {"employer_name", "housing_status"} == ONLY_CREDIT_FILE

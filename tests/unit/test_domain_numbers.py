"""Numbers and dates as people type them."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.numbers import (
    BirthError,
    NumberError,
    age_on,
    birth_date,
    country_of,
    masked_phone,
    normal_phone,
    number_prefix,
    shown_phone,
)

TODAY = dt.date(2026, 11, 24)


@pytest.mark.parametrize(
    "typed",
    [
        "(415) 555-0011",
        "415-555-0011",
        "4155550011",
        "1 415 555 0011",
        "+1 415 555 0011",
        " 415.555.0011 ",
        "+14155550011",
    ],
)
def test_one_number_is_one_number_however_it_is_typed(typed: str) -> None:
    assert normal_phone(typed, "US", ("US",)) == "+14155550011"


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "missing"),
        ("   ", "missing"),
        ("abc", "invalid"),
        ("5550011", "invalid"),
        ("415555001", "invalid"),
        ("415555001122334455", "invalid"),
        ("+", "invalid"),
        ("+999 1234567", "invalid"),
        ("+44 20 7946 0958", "country"),
        ("+49 30 901820", "country"),
        ("+1 787 555 0100", "country"),
        ("+1 876 555 0100", "country"),
        ("800 555 0199", "kind"),
        ("888-555-0199", "kind"),
        ("900 555 0199", "kind"),
    ],
)
def test_what_gets_no_text_is_refused_with_its_reason(typed: str, reason: str) -> None:
    with pytest.raises(NumberError) as refused:
        normal_phone(typed, "US", ("US",))
    assert refused.value.reason == reason


def test_another_country_is_fine_where_the_tenant_accepts_it() -> None:
    assert normal_phone("787 555 0100", "PR", ("US", "PR")) == "+17875550100"
    assert normal_phone("787 555 0100", "US", ("US", "PR")) == "+17875550100"


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_refused(typed: str) -> None:
    try:
        number = normal_phone(typed, "US", ("US",))
    except NumberError as error:
        assert error.reason in ("missing", "invalid", "country", "kind")
    else:
        assert number.startswith("+1")
        assert len(number) == 12


def test_a_masked_number_shows_four_digits() -> None:
    assert masked_phone("+14155550011") == "(•••) •••-0011"
    assert shown_phone("+14155550011") == "(415) 555-0011"
    assert number_prefix("+14155550011") == "+1415555"
    assert country_of("+14155550011") == "US"


@pytest.mark.parametrize(
    ("boxes", "reason"),
    [
        (("", "", ""), "missing"),
        (("1", "", "1975"), "missing"),
        (("2", "30", "1975"), "invalid"),
        (("2", "29", "1975"), "invalid"),
        (("13", "1", "1975"), "invalid"),
        (("0", "1", "1975"), "invalid"),
        (("1", "1", "75"), "invalid"),
        (("1", "1", "0000"), "invalid"),
        (("x", "1", "1975"), "invalid"),
        (("١", "1", "1975"), "invalid"),
        (("-1", "1", "1975"), "invalid"),
        (("9" * 30, "1", "1975"), "invalid"),
        (("1", "9" * 6000, "1975"), "invalid"),
        (("11", "25", "2026"), "future"),
        (("1", "1", "1905"), "old"),
    ],
)
def test_an_impossible_birth_date_is_refused_with_its_reason(boxes: tuple[str, str, str], reason: str) -> None:
    with pytest.raises(BirthError) as refused:
        birth_date(*boxes, TODAY)
    assert refused.value.reason == reason


@given(st.dates(dt.date(1907, 1, 1), TODAY))
def test_every_real_birth_date_is_read(born: dt.date) -> None:
    assert birth_date(f" {born.month:02} ", str(born.day), f"{born.year}", TODAY) == born


@given(st.text(max_size=8), st.text(max_size=8), st.text(max_size=8))
def test_any_boxes_are_a_date_or_refused(month: str, day: str, year: str) -> None:
    try:
        born = birth_date(month, day, year, TODAY)
    except BirthError as error:
        assert error.reason in ("missing", "invalid", "future", "old")
    else:
        assert born <= TODAY


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (dt.date(2008, 11, 24), TODAY, 18),
        (dt.date(2008, 11, 25), TODAY, 17),
        (dt.date(2008, 2, 29), dt.date(2026, 2, 28), 17),
        (dt.date(2008, 2, 29), dt.date(2026, 3, 1), 18),
        (TODAY, TODAY, 0),
    ],
)
def test_age_counts_whole_years(born: dt.date, day: dt.date, age: int) -> None:
    assert age_on(born, day) == age

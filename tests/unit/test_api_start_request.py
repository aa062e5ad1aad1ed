"""The body of `POST /onboardings`: what is taken, and what is refused with which words."""

import datetime as dt
from typing import Any

import pytest
from pydantic import ValidationError

from app.api.start_request import StartRequest
from app.errors import Problem

SMALLEST = {"external_user_id": "applicant-1042"}


def _read(**fields: Any) -> StartRequest:
    return StartRequest.model_validate(SMALLEST | fields)


def _mistakes(prefill: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(Problem) as refused:
        _read(prefill=prefill).wanted()
    assert (refused.value.status, refused.value.code) == (422, "invalid_request")
    return {error["pointer"]: error["code"] for error in refused.value.errors}


@pytest.mark.parametrize(
    "taken", ["a", "42", "applicant-1042", "user:7/x", "0192f0c1-7e5a-7cc3-98c4-dc0c0c07398f", "x" * 255, "99999"]
)
def test_an_opaque_id_is_taken(taken: str) -> None:
    assert _read(external_user_id=taken).wanted().external_user_id == taken


@pytest.mark.parametrize(
    "refused",
    [
        "",
        "x" * 256,
        "maria@mail.example",
        "id maria@mail.example",
        "+14155550011",
        "(415) 555-0011",
        "4155552671",
        "123-45-6789",
        " padded",
        "line\nbreak",
        42,
        None,
    ],
)
def test_what_names_a_person_is_refused(refused: Any) -> None:
    with pytest.raises(ValidationError) as error:
        _read(external_user_id=refused)
    assert error.value.errors(include_input=False)[0]["loc"] == ("external_user_id",)


@pytest.mark.parametrize(
    "fields",
    [
        {"surprise": 1},
        {"steps": ["bank", "phone"]},
        {"steps": []},
        {"steps": ["phone", "code", "review", "bank"]},
        {"locale": "fr"},
        {"expires_in": 299},
        {"expires_in": 30 * 86_400 + 1},
        {"expires_in": "3600"},
        {"expires_in": True},
        {"state": "x" * 513},
        {"metadata": {"a": "x" * 4096}},
        {"metadata": []},
        {"return_url": "javascript:alert(1)"},
        {"return_url": "https://acme.example/return?next=1"},
        {"embed_origin": "https://acme.example/"},
        {"disclosures": {"terms_url": "http://acme.example/terms"}},
        {"disclosures": {"cookies_url": "https://acme.example/"}},
        {"fields": {"email": "maybe"}},
        {"prefill": {"personal_info": {"middle_name": "E"}}},
        {"prefill": {"addresses": [{}, {}]}},
        {"prefill": {"personal_info": {"first_name": 5}}},
        {"prefill": {"employment": {"income": True}}},
    ],
)
def test_what_cannot_be_meant_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _read(**fields)


HOME = {"street": "1 A St", "city": "Oakland", "state": "CA", "postal_code": "94601"}


def test_everything_becomes_what_the_domain_takes() -> None:
    wanted = _read(
        state="s",
        steps=["phone", "code", "review"],
        locale="es",
        expires_in=3600,
        disclosures={"terms_url": "https://acme.example/terms?v=3"},
        fields={"income": "required", "email": "off"},
        metadata={"branch": 7},
        prefill={
            "personal_info": {
                "first_name": " Maria  Elena ",
                "phone_number": "(415) 555-0011",
                "date_of_birth": "1975-01-18",
                "ssn": "0011",
            },
            "addresses": [HOME],
            "employment": {"income": 54000, "employment_type": "full_time"},
            "locked": ["first_name"],
        },
    ).wanted()
    assert wanted.given == {
        "first_name": "Maria Elena",
        "phone_number": "+14155550011",
        "date_of_birth": "1975-01-18",
        "ssn_last_four": "0011",
        "address": {**HOME, "unit": None, "country": "US"},
        "income": "54000.00",
        "employment_type": "full_time",
    }
    assert wanted.locked == ("first_name",)
    assert wanted.with_bank is False
    assert wanted.disclosures == {"terms_url": "https://acme.example/terms?v=3"}
    assert wanted.fields == {"income": "required", "email": "off"}
    assert wanted.expires_in == dt.timedelta(hours=1)


def test_each_known_value_is_checked_and_its_place_named() -> None:
    assert _mistakes(
        {
            "personal_info": {
                "email": "no",
                "phone_number": "555",
                "date_of_birth": "1975-02-30",
                "ssn": "123456789",
            },
            "addresses": [{"street": "1 A St", "city": " ", "state": "ZZ", "postal_code": "1"}],
            "employment": {"income": "much", "employment_type": "retired "},
        }
    ) == {
        "/prefill/personal_info/email": "email",
        "/prefill/personal_info/phone_number": "phone",
        "/prefill/personal_info/date_of_birth": "birth_invalid",
        "/prefill/personal_info/ssn": "four_digits",
        "/prefill/addresses/0/city": "required",
        "/prefill/addresses/0/state": "required",
        "/prefill/addresses/0/postal_code": "zip",
        "/prefill/employment/income": "money",
    }


def test_nothing_known_shows_in_a_repr() -> None:
    request = _read(prefill={"personal_info": {"first_name": "Maria", "ssn": "0011"}}, metadata={"secret": "canary"})
    for shown in (repr(request), repr(request.wanted()), str(request)):
        assert "Maria" not in shown
        assert "canary" not in shown

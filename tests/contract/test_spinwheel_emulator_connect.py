"""Connecting by text message: the way through, every refusal, every limit."""

import uuid

import pytest
import requests

from tests.contract.spinwheel_calls import CODE, KEY, MARIA, Spinwheel, code_of, data, refusal
from tests.support.emulator import Emulator

BORN = "1971-02-03"


@pytest.fixture
def api(emulator: Emulator) -> Spinwheel:
    return Spinwheel(emulator.url)


def advance(emulator: Emulator, seconds: float) -> None:
    emulator.control("POST", "/clock", {"advance_seconds": seconds})


def test_connect_and_verify(api: Spinwheel) -> None:
    sent = api.connect(**MARIA, extUserId="acme-42", audit={"consentTimestamp": "2026-11-24T00:00:00Z"})
    assert sent.status_code == 201
    waiting = data(sent)
    assert uuid.UUID(waiting["userId"]) and uuid.UUID(waiting["connectionId"])
    assert waiting["sms"]["codeTimeoutSeconds"] == 300
    assert waiting["connectionStatus"] != "SUCCESS"
    proved = data(api.verify(waiting["userId"]))
    assert proved == {
        "userId": waiting["userId"],
        "extUserId": "acme-42",
        "connectionId": waiting["connectionId"],
        "connectionStatus": "SUCCESS",
        "profile": {
            "firstName": "MARIA",
            "middleName": "ELENA",
            "lastName": "ORTIZ REYES",
            "ssnLastFourDigits": "0011",
            "phoneNumber": "+14155550011",
            "emailAddress": "maria.ortiz@mail.example",
            "dateOfBirth": "1975-01-18",
            "addresses": [
                {
                    "addressLine1": "1427 LARKSPUR STREET",
                    "addressLine2": "APT 3",
                    "city": "SAN LEANDRO",
                    "state": "CA",
                    "zip": "94577",
                }
            ],
        },
    }


def test_the_text_is_in_the_inbox(api: Spinwheel, emulator: Emulator) -> None:
    api.connect(**MARIA, extUserId="acme-42")
    query = {"phone_number": MARIA["phoneNumber"]}
    texts = requests.get(f"{emulator.url}/inbox.json", params=query, timeout=10).json()["texts"]
    assert [(text["sender"], text["code"]) for text in texts] == [("Spinwheel", CODE)]
    assert CODE in texts[0]["body"]
    other = requests.get(f"{emulator.url}/inbox.json?phone_number=%2B14155550015", timeout=10).json()
    assert other == {"mails": [], "texts": []}


def test_trailing_slashes_are_accepted(api: Spinwheel) -> None:
    sent = api.call("POST", "/v1/users/connect/sms/", {**MARIA, "extUserId": "acme-42"})
    user_id = data(sent)["userId"]
    assert api.call("POST", f"/v1/users/{user_id}/connect/sms/verify/", {"code": CODE}).status_code == 200


@pytest.mark.parametrize("header", [{}, {"x-api-key": KEY}, {"Authorization": f"Basic {KEY}"}])
def test_without_a_bearer(emulator: Emulator, header: dict[str, str]) -> None:
    url = f"{emulator.url}/spinwheel/v1/users?userId=x"
    answer = requests.get(url, headers=header, timeout=10)
    assert refusal(answer) == (401, "UNAUTHORIZED", "No auth key provided")


def test_keys_are_registered_and_keep_apart(emulator: Emulator, api: Spinwheel) -> None:
    other = Spinwheel(emulator.url, "another-key")
    assert code_of(other.connect(**MARIA, extUserId="acme-42")) == (401, "INVALID_AUTH_KEY")
    emulator.control("POST", "/credentials", {"provider": "spinwheel", "api_key": "another-key"})
    user_id = api.connected()
    assert code_of(other.call("GET", f"/v1/users/{user_id}")) == (404, "USER_NOT_FOUND")
    assert code_of(other.call("DELETE", f"/v1/users/{user_id}")) == (404, "USER_NOT_FOUND")
    assert code_of(other.verify(user_id)) == (404, "USER_NOT_FOUND")
    assert code_of(other.report(user_id)) == (404, "USER_NOT_FOUND")


@pytest.mark.parametrize(
    "change",
    [
        {"dateOfBirth": None},
        {"dateOfBirth": "18-01-1975"},
        {"dateOfBirth": "1975-02-30"},
        {"dateOfBirth": "2999-01-01"},
        {"phoneNumber": 14155550011},
        {"extUserId": None},
        {"extUserId": ""},
        {"userId": "both"},
        {"audit": "yes"},
        {"phone": "unknown field"},
    ],
)
def test_body_is_validated(api: Spinwheel, change: dict[str, object]) -> None:
    body = {**MARIA, "extUserId": "acme-42", **change}
    answer = api.connect(**{key: value for key, value in body.items() if value is not None})
    assert code_of(answer) == (400, "BAD_REQUEST")


def test_a_body_that_is_not_json(api: Spinwheel) -> None:
    answer = requests.post(f"{api.base}/v1/users/connect/sms", "{", headers=api.headers, timeout=10)
    assert code_of(answer) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("phone_number", "expected", "sentence"),
    [
        ("4155550011", "INVALID_NUMBER", "The provided phone number is invalid."),
        ("+1 415-555-0011", "INVALID_NUMBER", "The provided phone number is invalid."),
        ("+10000000000", "INVALID_NUMBER", "The provided phone number is invalid."),
        (
            "+442079460018",
            "UNSUPPORTED_COUNTRY_CODE",
            "The region associated with the provided phone number is not supported.",
        ),
        (
            "+14165550123",
            "UNSUPPORTED_COUNTRY_CODE",
            "The region associated with the provided phone number is not supported.",
        ),
    ],
)
def test_numbers_that_are_refused(api: Spinwheel, phone_number: str, expected: str, sentence: str) -> None:
    answer = api.connect(phoneNumber=phone_number, dateOfBirth=BORN, extUserId="acme-42")
    assert refusal(answer) == (400, expected, sentence)


def test_a_number_that_cannot_receive_texts(api: Spinwheel) -> None:
    answer = api.connect(phoneNumber="+17185550190", dateOfBirth="1969-04-30", extUserId="acme-42")
    assert code_of(answer) == (400, "UNSUPPORTED_NUMBER")


@pytest.mark.parametrize(
    ("phone_number", "born", "expected", "sentence"),
    [
        (
            "+18085550155",
            "2010-05-14",
            "FAILED_ELIGIBILITY",
            "User failed to meet eligibility requirements. Please continue with challenge questions.",
        ),
        (
            "+12065550147",
            "1996-07-02",
            "FAILED_IDENTIFICATION",
            "Failed user identification. Please continue with challenge questions.",
        ),
        (
            "+14155550011",
            "1975-01-19",
            "FAILED_IDENTIFICATION_INFO_MISMATCH",
            "Failed user identification. Either the user’s DOB or Phone Number is incorrect - "
            "please check and try again.",
        ),
    ],
)
def test_identity_is_judged_after_the_code(
    api: Spinwheel, phone_number: str, born: str, expected: str, sentence: str
) -> None:
    user_id = data(api.connect(phoneNumber=phone_number, dateOfBirth=born, extUserId="acme-42"))["userId"]
    assert code_of(api.verify(user_id, "000000")) == (400, "INCORRECT")
    assert refusal(api.verify(user_id)) == (400, expected, sentence)
    assert code_of(api.report(user_id)) == (400, "USER_NOT_CONNECTED")
    assert code_of(api.verify(user_id)) == (400, "EXPIRED")


def test_somebody_under_18_is_not_eligible(api: Spinwheel) -> None:
    born = "2012-01-01"
    user_id = data(api.connect(phoneNumber="+12125550170", dateOfBirth=born, extUserId="x"))["userId"]
    assert code_of(api.verify(user_id)) == (400, "FAILED_ELIGIBILITY")


def test_the_date_of_birth_picks_the_person_for_any_phone(api: Spinwheel) -> None:
    sent = api.connect(phoneNumber="+14084567890", dateOfBirth="1990-01-01", extUserId="x")
    profile = data(api.verify(data(sent)["userId"]))["profile"]
    assert (profile["firstName"], profile["lastName"]) == ("ALDO", "CHERRY")
    assert profile["phoneNumber"] == "+14084567890"


def test_a_code_lives_five_minutes(api: Spinwheel, emulator: Emulator) -> None:
    user_id = data(api.connect(**MARIA, extUserId="acme-42"))["userId"]
    advance(emulator, 295)
    assert code_of(api.verify(user_id, "000000")) == (400, "INCORRECT")
    advance(emulator, 5)
    answer = api.verify(user_id)
    assert refusal(answer) == (400, "EXPIRED", "Code Expired. Please create a new connection.")


@pytest.mark.parametrize("code", ["12345", "abcdef", 123456, None])
def test_a_code_is_six_digits(api: Spinwheel, code: object) -> None:
    user_id = data(api.connect(**MARIA, extUserId="acme-42"))["userId"]
    assert code_of(api.verify(user_id, code)) == (400, "BAD_REQUEST")


def test_verify_for_nobody(api: Spinwheel) -> None:
    assert code_of(api.verify(str(uuid.uuid4()))) == (404, "USER_NOT_FOUND")
    assert code_of(api.connect(**MARIA, userId=str(uuid.uuid4()))) == (404, "USER_NOT_FOUND")


def test_five_wrong_codes_and_five_minutes(api: Spinwheel, emulator: Emulator) -> None:
    user_id = data(api.connect(**MARIA, extUserId="acme-42"))["userId"]
    for _ in range(5):
        assert refusal(api.verify(user_id, "000000")) == (400, "INCORRECT", "Incorrect Code")
    sentence = "Exceeded 5 attempt maximum. Resend a new code in 5 minutes"
    assert refusal(api.verify(user_id)) == (429, "MAX_ATTEMPTS_REACHED", sentence)
    assert code_of(api.connect(**MARIA, userId=user_id)) == (429, "MAX_ATTEMPTS_REACHED")
    advance(emulator, 301)
    assert data(api.connect(**MARIA, userId=user_id))["userId"] == user_id
    assert api.verify(user_id).status_code == 200


def test_too_many_checks_in_a_short_time(api: Spinwheel, emulator: Emulator) -> None:
    user_id = data(api.connect(**MARIA, extUserId="acme-42"))["userId"]
    answers = [code_of(api.verify(user_id, "000000"))[1] for _ in range(11)]
    assert answers == ["INCORRECT"] * 5 + ["MAX_ATTEMPTS_REACHED"] * 5 + ["TOO_MANY_REQUESTS"]
    advance(emulator, 61)
    assert code_of(api.verify(user_id)) == (429, "MAX_ATTEMPTS_REACHED")


def test_too_many_texts_lock_the_number_for_a_day(api: Spinwheel, emulator: Emulator) -> None:
    for _ in range(20):
        assert api.connect(**MARIA, extUserId="acme-42").status_code == 201
    sentence = "Too many verification attempts - this phone number is disabled for 24hrs."
    assert refusal(api.connect(**MARIA, extUserId="other")) == (429, "TOO_MANY_VERIFICATIONS", sentence)
    advance(emulator, 23 * 3600)
    assert code_of(api.connect(**MARIA, extUserId="acme-42")) == (429, "TOO_MANY_VERIFICATIONS")
    advance(emulator, 3601)
    assert api.connect(**MARIA, extUserId="acme-42").status_code == 201


def test_a_second_connect_replaces_the_code_of_the_same_user(api: Spinwheel) -> None:
    first = data(api.connect(**MARIA, extUserId="acme-42"))
    again = data(api.connect(**MARIA, extUserId="acme-42"))
    assert first["userId"] == again["userId"] and first["connectionId"] != again["connectionId"]


def test_an_ext_user_id_belongs_to_one_person(api: Spinwheel) -> None:
    api.connected()
    other = {"phoneNumber": "+14155550015", "dateOfBirth": "1975-01-18"}
    assert code_of(api.connect(**other, extUserId="acme-42")) == (409, "USER_CONFLICT")


def test_an_unproved_reconnect_changes_nothing(api: Spinwheel) -> None:
    """Naming another phone must not hand over that person's report before the code is typed."""
    user_id = api.connected()
    other = {"phoneNumber": "+14155550015", "dateOfBirth": "1975-01-18"}
    assert api.connect(**other, userId=user_id).status_code == 201
    assert data(api.report(user_id))["creditReports"][0]["profile"]["firstName"] == "MARIA"
    assert data(api.verify(user_id))["profile"]["firstName"] == "LENA"
    assert "creditReports" not in data(api.call("GET", f"/v1/users/{user_id}"))

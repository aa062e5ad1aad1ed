"""The debt profile, reading a user back, and deleting one."""

import uuid
from typing import Any

import pytest

from tests.contract.spinwheel_calls import MARIA, Spinwheel, code_of, data, refusal
from tests.support.emulator import Emulator

BOTH = {"creditReport": {"type": "1_BUREAU.FULL"}, "creditScore": {"model": "VANTAGE_SCORE_3_0"}}
KINDS = {
    "creditCards": ("creditCardId", "creditCardSummary", "CREDIT_CARD"),
    "autoLoans": ("autoLoanId", "autoLoanSummary", "AUTO_LOAN"),
    "homeLoans": ("homeLoanId", "homeLoanSummary", "HOME_LOAN"),
    "personalLoans": ("personalLoanId", "personalLoanSummary", "PERSONAL_LOAN"),
    "studentLoans": ("studentLoanId", "studentLoanSummary", "STUDENT_LOAN"),
    "miscellaneousLiabilities": (
        "miscellaneousLiabilityId",
        "miscellaneousLiabilitySummary",
        "MISCELLANEOUS_LIABILITY",
    ),
}


@pytest.fixture
def api(emulator: Emulator) -> Spinwheel:
    return Spinwheel(emulator.url)


def holds(value: Any, text: str) -> bool:
    return text in str(value)


def test_a_full_report(api: Spinwheel) -> None:
    user_id = api.connected()
    body = data(api.report(user_id, BOTH))
    assert (body["userId"], body["extUserId"]) == (user_id, "acme-42")
    report = body["creditReports"][0]
    assert report["reportStatus"] == {"status": "SUCCESS"}
    assert (report["sourceBureau"], report["type"]) == ("TransUnion", "1_BUREAU.FULL")
    assert report["inquiries"][0]["purposeType"] == "HARD" and report["bankruptcies"] == []
    score = report["creditScoreDetails"][0]
    assert (score["creditScore"], score["model"]) == (712, "VANTAGE_SCORE_3_0")
    assert score["factors"][0]["code"] == "32"
    assert report["profile"]["creditScore"] == 712
    assert report["summary"]["securedDebtLiabilitiesCount"] == 1
    assert report["creditAttributes"] == [{"description": "Number of tradelines", "value": "7"}]


def test_identity_in_the_report(api: Spinwheel) -> None:
    profile = data(api.report(api.connected(), BOTH))["creditReports"][0]["profile"]
    assert (profile["firstName"], profile["middleName"], profile["lastName"]) == ("MARIA", "E", "ORTIZ REYES")
    assert profile["ssn"] == "0011" and profile["dateOfBirth"] == "1975-01-18"
    assert profile["formerNames"] == [{"firstName": "MARIA", "middleName": "E", "lastName": "ORTIZ"}]
    current, previous = profile["addresses"]
    assert current["addressLine1"] == "1427 LARKSPUR ST"
    assert (current["residencyType"], previous["residencyType"]) == ("CURRENT", "PREVIOUS")
    assert current["firstReportedDateWithFormat"] == {"value": "2019-06", "format": "YYYY-MM"}
    assert current["reportedDateWithFormat"] == {"value": "2026-10-20", "format": "YYYY-MM-DD"}
    assert previous["residencyDurationInMonths"] == 99
    job = profile["employmentHistory"][0]
    assert (job["employerName"], job["employmentStatus"]) == ("BAYVIEW PEDIATRICS", "CURRENT")


@pytest.mark.parametrize(("array", "names"), KINDS.items())
def test_every_kind_of_liability(api: Spinwheel, array: str, names: tuple[str, str, str]) -> None:
    id_field, summary, liability_type = names
    body = data(api.report(api.connected(), BOTH, f"?liabilityType={liability_type}"))
    liability = body[array][0]
    assert uuid.UUID(liability[id_field])
    profile = liability["cardProfile" if array == "creditCards" else "liabilityProfile"]
    assert profile["status"] == "OPEN" and profile["paymentHistory"]["details"][0]["code"] == "0"
    assert liability["balanceDetails"]["outstandingBalance"] > 0
    assert liability["statementSummary"]["overduePeriod"] == "NOT_OVERDUE"
    assert liability["creditor"]["originalName"].isupper()
    assert body[summary]["currentOutstandingBalance"] > 0
    assert not [other for other in KINDS if other != array and other in body]
    assert not [other[1] for other in KINDS.values() if other[1] != summary and other[1] in body]


def test_card_and_loan_details(api: Spinwheel) -> None:
    body = data(api.report(api.connected()))
    card = body["creditCards"][0]["cardProfile"]
    assert card["creditCardNumberMasked"].endswith("******3307")
    assert (card["creditLimit"], card["availableCreditDerived"]) == (5000, 4587.82)
    assert card["creditUtilization"] == 8.24
    assert card["accountOriginationDate"] == "2018-03-12T00:00:00.000Z"
    assert body["creditCards"][0]["aprs"][0]["rate"] == 19.99
    assert body["creditCardSummary"]["noOfCreditCards"] == 2
    home = body["homeLoans"][0]["liabilityProfile"]
    assert home["accountOwnershipType"] == "JOINT_CONTRACTUAL_LIABILITY" and home["ecoaCode"] == "J"
    assert home["accountOriginationDate"] == "2016-05-01" and home["loanTermInMonths"] == 360
    assert body["studentLoans"][0]["liabilityProfile"]["loanType"] == "PUBLIC"
    assert not holds(body, "fullNumber")


def test_a_score_only_when_asked_for(api: Spinwheel) -> None:
    report = data(api.report(api.connected(), {"creditReport": {"type": "1_BUREAU.FULL"}}))["creditReports"][0]
    assert report["creditScoreDetails"] == [] and "creditScore" not in report["profile"]


def test_a_score_alone_brings_no_liabilities(api: Spinwheel) -> None:
    body = data(api.report(api.connected(), {"creditScore": {"model": "VANTAGE_SCORE_3_0"}}))
    assert body["creditReports"][0]["creditScoreDetails"][0]["creditScore"] == 712
    assert "creditCards" not in body


def test_one_report_per_user_and_day(api: Spinwheel, emulator: Emulator) -> None:
    user_id = api.connected()
    assert api.report(user_id, BOTH).status_code == 200
    sentence = "Credit report orders are limited to one request per user per day"
    assert refusal(api.report(user_id)) == (429, "DAILY_USER_REQUEST_LIMIT_REACHED", sentence)
    emulator.control("POST", "/clock", {"advance_seconds": 86400})
    assert api.report(user_id, BOTH).status_code == 200


def test_a_report_needs_a_connection(api: Spinwheel) -> None:
    user_id = data(api.connect(**MARIA, extUserId="acme-42"))["userId"]
    assert code_of(api.report(user_id)) == (400, "USER_NOT_CONNECTED")
    assert code_of(api.report(str(uuid.uuid4()))) == (404, "USER_NOT_FOUND")


@pytest.mark.parametrize(
    ("phone_number", "born", "expected"),
    [
        ("+16175550118", "1982-12-05", (400, "FROZEN_REPORT")),
        ("+17135550133", "1979-09-14", (400, "LOCKED_REPORT")),
        ("+16025550144", "1988-02-20", (400, "FRAUDULENT_REPORT")),
        ("+12125550170", "1971-02-03", (404, "CREDIT_REPORT_NOT_FOUND")),
    ],
)
def test_files_that_are_refused(api: Spinwheel, phone_number: str, born: str, expected: tuple[int, str]) -> None:
    user_id = api.connected(phoneNumber=phone_number, dateOfBirth=born)
    assert code_of(api.report(user_id, BOTH)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"report": {}}, (400, "BAD_REQUEST")),
        ({"creditReport": {"type": "equifax"}}, (400, "BAD_REQUEST")),
        ({"creditReport": {"type": "1_BUREAU.FULL", "sourceBureau": "Experian"}}, (400, "BAD_REQUEST")),
        ({"creditScore": {}}, (400, "BAD_REQUEST")),
        ({"creditScore": {"model": "EquifaxVantageScore3.0"}}, (400, "INVALID_SCORE_MODEL")),
        ({"creditScore": {"model": "FICO_SCORE_8"}}, (400, "BAD_REQUEST")),
        (
            {
                "creditReport": {"type": "1_BUREAU.FULL", "sourceBureau": "TransUnion"},
                "creditScore": {"model": "FICO_SCORE_8", "sourceBureau": "TransUnion"},
            },
            (400, "INVALID_SCORE_MODEL"),
        ),
        (
            {
                "creditReport": {"type": "1_BUREAU.FULL", "sourceBureau": "Equifax"},
                "creditScore": {"model": "VANTAGE_SCORE_3_0", "sourceBureau": "TransUnion"},
            },
            (409, "BUREAU_SOURCE_CONFLICT"),
        ),
    ],
)
def test_orders_that_are_refused(api: Spinwheel, body: dict[str, Any], expected: tuple[int, str]) -> None:
    user_id = api.connected()
    assert code_of(api.report(user_id, body)) == expected
    assert api.report(user_id, BOTH).status_code == 200, "a refused order does not use up the day"


def test_an_order_needs_a_body_and_a_known_kind(api: Spinwheel) -> None:
    user_id = api.connected()
    assert code_of(api.call("POST", f"/v1/users/{user_id}/debtProfile")) == (400, "BAD_REQUEST")
    assert code_of(api.report(user_id, BOTH, "?liabilityType=BOAT_LOAN")) == (400, "BAD_REQUEST")


def test_the_first_bureau_stays(api: Spinwheel, emulator: Emulator) -> None:
    user_id = api.connected()
    equifax = {"creditReport": {"type": "1_BUREAU.FULL", "sourceBureau": "Equifax"}}
    assert data(api.report(user_id, equifax))["creditReports"][0]["sourceBureau"] == "Equifax"
    emulator.control("POST", "/clock", {"advance_seconds": 86400})
    transunion = {"creditReport": {"type": "1_BUREAU.FULL", "sourceBureau": "TransUnion"}}
    assert code_of(api.report(user_id, transunion)) == (409, "BUREAU_SOURCE_CONFLICT")
    assert data(api.report(user_id))["creditReports"][0]["sourceBureau"] == "Equifax"


def test_reading_a_user(api: Spinwheel) -> None:
    user_id = data(api.connect(**MARIA, extUserId="acme-42"))["userId"]
    assert "profile" not in data(api.call("GET", f"/v1/users?userId={user_id}"))
    api.verify(user_id)
    identity = data(api.call("GET", "/v1/users?extUserId=acme-42"))
    assert identity["profile"]["dob"] == "1975-01-18" and "creditReports" not in identity
    api.report(user_id, BOTH)
    whole = data(api.call("GET", f"/v1/users/{user_id}"))
    assert whole == data(api.call("GET", f"/v1/users?userId={user_id}"))
    assert whole["profile"]["creditScore"] == 712 and whole["autoLoans"]
    assert not holds(whole, "666010011") and not holds(whole, "fullNumber")


def test_full_numbers_only_on_the_secure_base(api: Spinwheel, emulator: Emulator) -> None:
    user_id = api.connected()
    api.report(user_id, BOTH)
    query = f"/v1/users?userId={user_id}&unmask=ssn&unmask=accountNumber"
    assert code_of(api.call("GET", query)) == (403, "SECURE_HOST_REQUIRED")
    secure = Spinwheel(emulator.url, base="spinwheel-secure")
    shown = data(secure.call("GET", query))
    assert shown["profile"]["ssn"] == shown["creditReports"][0]["profile"]["ssn"] == "666010011"
    assert shown["creditCards"][0]["cardProfile"]["creditCardNumber"].endswith("3307")
    assert len(shown["autoLoans"][0]["liabilityProfile"]["accountNumber"]) == 10
    masked = data(secure.call("GET", f"/v1/users?userId={user_id}"))
    assert not holds(masked, "666010011") and not holds(masked, "'creditCardNumber'")
    assert code_of(secure.call("GET", f"/v1/users?userId={user_id}&unmask=all")) == (400, "BAD_REQUEST")
    assert code_of(secure.connect(**MARIA, extUserId="x")) == (404, "NOT_FOUND")


@pytest.mark.parametrize("query", ["", "?userId=a&extUserId=b"])
def test_reading_needs_one_id(api: Spinwheel, query: str) -> None:
    assert code_of(api.call("GET", f"/v1/users{query}")) == (400, "BAD_REQUEST")
    assert code_of(api.call("GET", "/v1/users?extUserId=nobody")) == (404, "USER_NOT_FOUND")


def test_a_deleted_user_must_connect_anew(api: Spinwheel) -> None:
    user_id = api.connected()
    assert data(api.call("DELETE", f"/v1/users/{user_id}"))["userId"] == user_id
    for answer in (api.call("GET", "/v1/users?extUserId=acme-42"), api.report(user_id), api.verify(user_id)):
        assert code_of(answer) == (404, "USER_NOT_FOUND")
    assert code_of(api.call("DELETE", f"/v1/users/{user_id}")) == (404, "USER_NOT_FOUND")
    assert api.connected() != user_id


def test_paths_that_do_not_exist(api: Spinwheel) -> None:
    for method, path in (
        ("GET", "/v1/users/connect"),
        ("POST", "/v1/users"),
        ("GET", "/v2/users"),
        ("PUT", "/"),
    ):
        status, code = code_of(api.call(method, path))
        assert (status, code) in {(404, "NOT_FOUND"), (404, "USER_NOT_FOUND")}, (method, path)

"""Spinwheel's replies, as documented and as broken ones may come, into records and observations."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.providers import spinwheel_reading as reading
from app.providers.errors import Kind, ProviderError, Reason
from app.providers.observations import Observation
from app.providers.spinwheel import SpinwheelClient
from app.providers.spinwheel_errors import classify
from app.providers.spinwheel_observations import credit_file_observations, profile_observations

NOW = datetime(2026, 11, 24, tzinfo=UTC)
USER = "0b6b2f0e-6d7a-4f5e-9a55-0d6a2f1c7e10"
PROFILE: dict[str, Any] = {
    "firstName": "MARA",
    "middleName": "J",
    "lastName": "EXAMPLE",
    "ssnLastFourDigits": "4123",
    "phoneNumber": "+14155550123",
    "emailAddress": "mara@example.com",
    "dateOfBirth": "1988-04-02",
    "addresses": [
        {
            "addressLine1": "10 TEST ST",
            "city": "FRESNO",
            "state": "CA",
            "zip": "93722",
            "zipExtension": "1234",
        }
    ],
}
REPORT: dict[str, Any] = {
    "id": "report-1",
    "sourceBureau": "TransUnion",
    "profile": {
        "firstName": "MARA",
        "lastName": "EXAMPLE",
        "dateOfBirth": "1988-04-02",
        "ssn": "4123",
        "creditScore": 650,
        "addresses": [
            {
                "addressLine1": "1 OLD RD",
                "city": "RENO",
                "state": "NV",
                "zip": "1",
                "residencyType": "PREVIOUS",
            },
            {
                "addressLine1": "10 TEST ST APT 4",
                "city": "FRESNO",
                "state": "CA",
                "zip": "93722",
                "residencyType": "CURRENT",
                "addressOwnership": "RENT",
                "reportedDate": "2025-11-20",
            },
        ],
        "employmentHistory": [
            {"employerName": "OLD WORKS", "employmentStatus": "PREVIOUS"},
            {"employerName": "EXAMPLE WORKS LLC", "employmentStatus": "CURRENT"},
        ],
    },
    "creditScoreDetails": [
        {"creditScore": 690, "model": "OLD", "reportedDate": "2025-01-05"},
        {"creditScore": 702, "model": "VANTAGE_SCORE_3_0", "reportedDate": "2026-01-05"},
        {"creditScore": None, "reportedDate": "2027-01-05"},
    ],
}
FILE: dict[str, Any] = {
    "userId": USER,
    "creditReports": [REPORT],
    "creditCards": [
        {
            "creditCardId": "card",
            "displayName": "Example Card",
            "cardProfile": {
                "creditCardNumberMasked": "123456******3456",
                "status": "OPEN",
                "creditLimit": 500,
            },
            "balanceDetails": {"outstandingBalance": Decimal("256.43")},
            "statementSummary": {"minimumPaymentAmount": 35},
            "aprs": [{"rate": 0, "type": "INTRO"}, {"rate": Decimal("19.99"), "type": "PURCHASE"}],
            "creditor": {"originalName": "EXAMPLE BANK"},
        }
    ],
    "autoLoans": [
        {
            "autoLoanId": "auto",
            "displayName": "Example Auto",
            "liabilityProfile": {
                "status": "CLOSED",
                "interestRateDerived": Decimal("7.12"),
                "accountNumberLastFour": "1234",
            },
            "balanceDetails": {"outstandingBalance": 7632},
        },
        {"displayName": "without an id"},
    ],
    "miscellaneousLiabilities": [{"miscellaneousLiabilityId": "misc"}],
    "studentLoans": None,
}


def values(observations: list[Observation]) -> dict[str, Any]:
    return {seen.field: seen.value for seen in observations}


@pytest.mark.parametrize(
    "expires", [1764001500000, "1764001500000", "2025-11-24T16:25:00Z", "2025-11-24T16:25:00", 1764001500]
)
def test_the_expiry_is_read_in_every_form(expires: object) -> None:
    sent = reading.sms_sent({"userId": USER, "sms": {"codeExpiresAt": expires}}, NOW)
    assert sent is not None
    assert sent.expires_at == datetime(2025, 11, 24, 16, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sms", "seconds"), [(None, 300), ({"codeTimeoutSeconds": 120}, 120), ({"codeExpiresAt": "soon"}, 300)]
)
def test_without_an_expiry_the_lifetime_counts(sms: object, seconds: int) -> None:
    sent = reading.sms_sent({"userId": USER, "connectionId": "c", "sms": sms}, NOW)
    assert sent is not None
    assert sent.expires_at == NOW + timedelta(seconds=seconds)


def test_a_verified_profile_becomes_observations() -> None:
    connected = reading.connected({"userId": USER, "connectionStatus": "SUCCESS", "profile": PROFILE})
    assert connected is not None
    assert connected.profile is not None
    found = profile_observations(connected.profile, USER, NOW)
    assert values(found) == {
        "first_name": "Mara J",
        "last_name": "Example",
        "email": "mara@example.com",
        "date_of_birth": "1988-04-02",
        "ssn_last_four": "4123",
        "phone_number": "+14155550123",
        "address": {
            "street": "10 Test St", "unit": None, "city": "Fresno", "state": "CA",
            "postal_code": "93722", "country": "US",
        },
    }  # fmt: skip
    assert {seen.field for seen in found if seen.verified} == {"phone_number"}
    assert {seen.source for seen in found} == {"spinwheel_profile"}
    for secret in ("MARA", "4123", "1988", "TEST"):
        assert secret not in repr(connected) + repr(connected.profile) + repr(found)


def test_both_spellings_of_the_birth_date_and_a_full_ssn() -> None:
    person = reading.profile({"dob": "1988-04-02", "ssn": "666014123"})
    assert (person.date_of_birth, person.ssn_last_four) == ("1988-04-02", "4123")


def test_a_credit_file_becomes_observations_and_debts() -> None:
    file = reading.credit_file(FILE)
    assert file is not None
    assert file.score is not None
    assert (file.score.score, file.score.model) == (702, "VANTAGE_SCORE_3_0")
    found = credit_file_observations(file, NOW)
    assert values(found)["employer_name"] == "Example Works LLC"
    assert values(found)["housing_status"] == "rent"
    assert [seen.value["unit"] for seen in found if isinstance(seen.value, dict)] == ["Apt 4"]
    address = next(seen for seen in found if seen.field == "address")
    assert address.observed_at == datetime(2025, 11, 20, tzinfo=UTC)
    assert not any(seen.verified for seen in found)
    assert [(debt.kind, debt.mask, debt.balance, debt.limit, debt.rate, debt.status) for debt in file.debts] == [
        ("credit_card", "3456", "256.43", "500", "19.99", "open"),
        ("auto_loan", "1234", "7632", None, "7.12", "closed"),
        ("other", None, None, None, None, None),
    ]
    assert file.debts[0].creditor == "Example Bank"
    assert file.debts[0].monthly_payment == "35"


@pytest.mark.parametrize("missing", list(FILE))
@pytest.mark.parametrize("instead", [None, [], {}, "text", [None, 7], 3])
def test_no_missing_or_odd_part_breaks_the_reading(missing: str, instead: object) -> None:
    file = reading.credit_file({**FILE, missing: instead})
    if missing == "userId":
        assert file is None or file.user_id == "text"
        return
    assert file is not None
    credit_file_observations(file, NOW)


@pytest.mark.parametrize("missing", list(REPORT["profile"]))
@pytest.mark.parametrize("instead", [None, [], {}, "text", [{}], 3])
def test_no_odd_person_breaks_the_reading(missing: str, instead: object) -> None:
    report = {**REPORT, "profile": {**REPORT["profile"], missing: instead}, "creditScoreDetails": []}
    file = reading.credit_file({"userId": USER, "creditReports": [report]})
    assert file is not None
    credit_file_observations(file, NOW)


def test_a_score_may_be_absent() -> None:
    assert reading.credit_file({"userId": USER, "creditReports": []}) == reading.credit_file({"userId": USER})
    bare = reading.credit_file({"userId": USER, "creditReports": [{"profile": {"creditScore": 650, "modelName": "M"}}]})
    assert bare is not None
    assert bare.score is not None
    assert (bare.score.score, bare.score.model) == (650, "M")


def test_a_user_before_any_report() -> None:
    user = reading.user({"userId": USER, "extUserId": "acme-42", "profile": PROFILE})
    assert user is not None
    assert user.credit_file is None
    assert user.ext_user_id == "acme-42"
    assert reading.user({}) is None


def judged(description: object, operation: str = "verify_sms") -> tuple[str, Reason, Kind] | None:
    body = {"status": {"code": 400, "desc": description, "messages": [{"desc": "secret"}]}}
    found = classify(operation, 400, body)
    return found and (found[0], found[1].reason, found[1].kind)


def test_errors_are_judged_by_their_machine_code() -> None:
    assert judged("INCORRECT") == ("INCORRECT", Reason.WRONG_CODE, Kind.DATA_VALIDATION)
    assert judged("TOO_MANY_VERIFICATIONS") == (
        "TOO_MANY_VERIFICATIONS", Reason.NUMBER_LOCKED, Kind.RATE_LIMIT,
    )  # fmt: skip
    assert judged("FROZEN_REPORT") == ("FROZEN_REPORT", Reason.REPORT_FROZEN, Kind.DATA_VALIDATION)
    for odd in ("No auth key provided", "BRAND_NEW", None, 7, ""):
        assert judged(odd) is None
    assert classify("get_user", 500, {}) is None
    assert classify("get_user", 500, {"status": "text"}) is None


def test_too_many_requests_means_codes_only_where_codes_are_asked_for() -> None:
    for operation, reason in (("verify_sms", Reason.TOO_MANY_CODES), ("debt_profile", Reason.PROVIDER_BUSY)):
        assert judged("TOO_MANY_REQUESTS", operation) == ("TOO_MANY_REQUESTS", reason, Kind.RATE_LIMIT)


def client() -> SpinwheelClient:
    """Of an address that nobody serves: what these tests ask must be refused before any call."""
    return SpinwheelClient("http://127.0.0.1:9", "http://127.0.0.1:9", "key", connection_key="unit")


@pytest.mark.parametrize(
    ("phone", "reason"),
    [
        ("+442079460958", Reason.COUNTRY_UNSUPPORTED),
        ("4155550011", Reason.NUMBER_INVALID),
        ("+11155550011", Reason.NUMBER_INVALID),
        ("+1415555001", Reason.NUMBER_INVALID),
        ("+14155550011\n", Reason.NUMBER_INVALID),
        ("+1４155550011", Reason.NUMBER_INVALID),
    ],
)
def test_a_number_that_would_waste_a_text_is_refused_here(phone: str, reason: Reason) -> None:
    with pytest.raises(ProviderError) as failure:
        client().connect_sms(phone, "1990-01-01", consent_at=NOW, ext_user_id="u")
    assert failure.value.reason is reason
    assert phone.strip() not in repr(failure.value) + str(failure.value)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "１２３４５６"])
def test_a_code_that_cannot_be_right_is_refused_here(code: str) -> None:
    with pytest.raises(ProviderError) as failure:
        client().verify_sms(USER, code)
    assert failure.value.reason is Reason.WRONG_CODE


def test_misuse_is_an_error_of_ours() -> None:
    good: dict[str, Any] = {"phone_number": "+14155550011", "date_of_birth": "1990-01-01", "consent_at": NOW}
    with pytest.raises(ValueError, match="exactly one"):
        client().connect_sms(**good)
    with pytest.raises(ValueError, match="exactly one"):
        client().connect_sms(**good, ext_user_id="a", user_id="b")
    with pytest.raises(ValueError, match="isoformat"):
        client().connect_sms(**{**good, "date_of_birth": "01/02/1990"}, ext_user_id="a")
    with pytest.raises(ValueError, match="time zone"):
        client().connect_sms(**{**good, "consent_at": NOW.replace(tzinfo=None)}, ext_user_id="a")


@pytest.mark.parametrize(
    ("details", "kept"),
    [
        ({"trustScore": 630, "reasonCodes": ["PT", "OL"]}, {"trust_score": 630, "reason_codes": ["PT", "OL"]}),
        ({"lineType": "NonFixedVoIP", "verified": False}, {"line_type": "NonFixedVoIP", "verified": False}),
        ({"phoneNumber": "14155550123", "name": {"firstName": "MARA"}, "carrier": "A Carrier"}, {}),
        ({"trustScore": "630", "verified": "yes", "isBaselined": 1, "lineType": "10 TEST ST"}, {}),
        ({"trustScore": True, "reasonCodes": ["MARA EXAMPLE"]}, {}),
        ({"trustScore": 99999, "reasonCodes": "PT"}, {}),
        (["no", "object"], {}),
        (None, {}),
    ],
)
def test_of_a_risk_assessment_only_known_numbers_flags_and_words_are_kept(details: Any, kept: dict[str, Any]) -> None:
    entry = {"vendor": "PROVE", "version": "trust/v2", "details": details}
    connected = reading.connected({"userId": USER, "riskAssessments": [entry, "odd", None]})
    assert connected is not None
    (risk,) = connected.risk_assessments
    assert (risk.vendor, risk.version, risk.signals) == ("PROVE", "trust/v2", kept)


def test_who_says_it_is_a_word_too() -> None:
    connected = reading.connected({"userId": USER, "riskAssessments": [{"vendor": "Mara Example, 10 Test St"}]})
    assert connected is not None
    (risk,) = connected.risk_assessments
    assert (risk.vendor, risk.version) == ("unknown", "unknown")

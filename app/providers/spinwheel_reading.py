"""From Spinwheel's JSON to records. Arrays, summaries and profiles may all be absent."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from app.providers.casing import nice_name
from app.providers.observations import SPINWHEEL_CREDIT_FILE, Address, Debt
from app.providers.reading import Json, amount, iso_date, moment, part, parts, text
from app.providers.spinwheel_records import (
    Connected,
    CreditFile,
    CreditScore,
    Employment,
    Profile,
    Residence,
    RiskAssessment,
    SmsSent,
    SpinwheelUser,
)

_CODE_SECONDS = 300
_LIABILITIES = {
    "creditCards": ("credit_card", "creditCardId", "cardProfile"),
    "autoLoans": ("auto_loan", "autoLoanId", "liabilityProfile"),
    "homeLoans": ("home_loan", "homeLoanId", "liabilityProfile"),
    "personalLoans": ("personal_loan", "personalLoanId", "liabilityProfile"),
    "studentLoans": ("student_loan", "studentLoanId", "liabilityProfile"),
    "miscellaneousLiabilities": ("other", "miscellaneousLiabilityId", "liabilityProfile"),
}
_OWNERSHIP = {"OWN": "own", "BUY": "own", "RENT": "rent"}
_COUNTRY = "US"


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9_/.-]{0,31}", value) is not None


def _is_score(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1000


def _are_codes(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= 20
        and all(isinstance(code, str) and re.fullmatch(r"[A-Z0-9]{1,4}", code) for code in value)
    )


# The vendor behind Spinwheel's risk layer publishes these names for its own answers; a real key corrects them.
_RISK_SIGNALS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "trustScore": ("trust_score", _is_score),
    "lineType": ("line_type", _is_word),
    "isBaselined": ("is_baselined", lambda value: isinstance(value, bool)),
    "verified": ("verified", lambda value: isinstance(value, bool)),
    "reasonCodes": ("reason_codes", _are_codes),
}


def sms_sent(data: Json, now: datetime) -> SmsSent | None:
    """The user id alone decides; the expiry comes as milliseconds, digits, ISO text or a duration."""
    user_id = text(data, "userId")
    if user_id is None:
        return None
    sms = part(data, "sms")
    seconds = sms.get("codeTimeoutSeconds")
    lifetime = seconds if isinstance(seconds, int) and 0 < seconds <= 3600 else _CODE_SECONDS
    expires = moment(sms.get("codeExpiresAt")) or now + timedelta(seconds=lifetime)
    return SmsSent(user_id, text(data, "connectionId"), expires)


def connected(data: Json) -> Connected | None:
    user_id = text(data, "userId")
    if user_id is None:
        return None
    body = part(data, "profile")
    risks = tuple(_risk(entry) for entry in parts(data, "riskAssessments"))
    return Connected(user_id, profile(body) if body else None, risks)


def _risk(entry: Json) -> RiskAssessment:
    """`details` is not documented: only what has a known name and looks like it is kept, the rest may be personal."""
    details = part(entry, "details")
    signals = {
        ours: details[theirs]
        for theirs, (ours, fits) in _RISK_SIGNALS.items()
        if theirs in details and fits(details[theirs])
    }
    return RiskAssessment(_word(entry, "vendor"), _word(entry, "version"), signals)


def _word(entry: Json, key: str) -> str:
    value = text(entry, key)
    return value if value is not None and _is_word(value) else "unknown"


def user(data: Json) -> SpinwheelUser | None:
    user_id = text(data, "userId")
    if user_id is None:
        return None
    body = part(data, "profile")
    return SpinwheelUser(
        user_id,
        text(data, "extUserId"),
        profile(body) if body else None,
        credit_file(data) if parts(data, "creditReports") else None,
    )


def credit_file(data: Json) -> CreditFile | None:
    """The first report; liabilities stand beside the reports, not inside."""
    user_id = text(data, "userId")
    if user_id is None:
        return None
    report: Json = next(iter(parts(data, "creditReports")), {})
    body = part(report, "profile")
    return CreditFile(
        user_id=user_id,
        report_id=text(report, "id"),
        bureau=text(report, "sourceBureau"),
        profile=profile(body) if body else None,
        score=_score(report),
        debts=tuple(
            _debt(entry, kind, record_id, part(entry, profile_key))
            for key, (kind, id_key, profile_key) in _LIABILITIES.items()
            for entry in parts(data, key)
            if (record_id := text(entry, id_key))
        ),
    )


def profile(body: Json) -> Profile:
    """`dateOfBirth` in the docs is `dob` in their SDK; `ssn` is the last four unless unmasked."""
    ssn = text(body, "ssnLastFourDigits", "ssn")
    return Profile(
        first_name=text(body, "firstName"),
        middle_name=text(body, "middleName"),
        last_name=text(body, "lastName"),
        ssn_last_four=ssn[-4:] if ssn and len(ssn) >= 4 and ssn[-4:].isdecimal() else None,
        phone_number=text(body, "phoneNumber"),
        email=text(body, "emailAddress"),
        date_of_birth=iso_date(body.get("dateOfBirth")) or iso_date(body.get("dob")),
        residences=tuple(_residence(entry) for entry in parts(body, "addresses")),
        employments=tuple(
            Employment(name, _is_current(entry, "employmentStatus"))
            for entry in parts(body, "employmentHistory")
            if (name := text(entry, "employerName"))
        ),
    )


def _residence(body: Json) -> Residence:
    ownership = text(body, "addressOwnership")
    return Residence(
        address=Address(
            street=text(body, "addressLine1"),
            unit=text(body, "addressLine2"),
            city=text(body, "city"),
            state=text(body, "state"),
            postal_code=text(body, "zip"),
            country=_COUNTRY,
        ),
        is_current=_is_current(body, "residencyType"),
        ownership=_OWNERSHIP.get(ownership.upper(), "other") if ownership else None,
        reported_on=iso_date(body.get("reportedDate")),
    )


def _is_current(body: Json, key: str) -> bool | None:
    status = text(body, key)
    return None if status is None else status.upper() == "CURRENT"


def _score(report: Json) -> CreditScore | None:
    """The newest of the detailed scores, else the one in the report's profile."""
    details = [entry for entry in parts(report, "creditScoreDetails") if _points(entry) is not None]
    if details:
        newest = max(details, key=lambda entry: iso_date(entry.get("reportedDate")) or "")
    else:
        newest = dict(part(report, "profile"))
    points = _points(newest)
    if points is None:
        return None
    return CreditScore(points, text(newest, "model", "modelName"), iso_date(newest.get("reportedDate")))


def _points(body: Json) -> int | None:
    score = body.get("creditScore")
    return score if isinstance(score, int) and not isinstance(score, bool) else None


def _debt(entry: Json, kind: str, record_id: str, details: Json) -> Debt:
    number = text(details, "accountNumberLastFour", "creditCardNumberMasked") or ""
    status = text(details, "status")
    rates = parts(entry, "aprs")
    purchase = next((rate for rate in rates if rate.get("type") == "PURCHASE"), {})
    return Debt(
        record_id=record_id,
        kind=kind,
        creditor=nice_name(text(part(entry, "creditor"), "originalName") or text(entry, "displayName") or "") or None,
        mask=number[-4:] if number[-4:].isdecimal() else None,
        balance=amount(part(entry, "balanceDetails").get("outstandingBalance")),
        limit=amount(details.get("creditLimit")),
        monthly_payment=amount(part(entry, "statementSummary").get("minimumPaymentAmount")),
        rate=amount(purchase.get("rate")) or amount(details.get("interestRateDerived")),
        status=status.lower() if status else None,
        source=SPINWHEEL_CREDIT_FILE,
    )

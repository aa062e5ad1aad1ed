"""Who the person is, in Spinwheel's words: upper case, ISO dates, the SSN's last four unless unmasked."""

from datetime import date
from typing import Any

from app.emulators.persona_base import Address, Identity, Name
from app.emulators.persona_credit import Employment, ReportedAddress
from app.emulators.persona_models import Persona
from app.emulators.spinwheel.state import User

DAYS_A_MONTH = 30.4375


def name_fields(name: Name) -> dict[str, Any]:
    middle = {"middleName": name.middle.upper()} if name.middle else {}
    return {"firstName": name.first.upper(), **middle, "lastName": name.last.upper()}


def address_fields(address: Address) -> dict[str, Any]:
    zip_code, _, extension = address.zip.partition("-")
    fields = {
        "addressLine1": address.line1.upper(),
        "addressLine2": address.line2.upper() if address.line2 else None,
        "city": address.city.upper(),
        "state": address.state,
        "zip": zip_code,
        "zipExtension": extension or None,
    }
    return {key: value for key, value in fields.items() if value is not None}


def connect_profile(user: User) -> dict[str, Any]:
    """`data.profile` of a verified connection; the phone is the one that was connected."""
    identity = user.persona.spinwheel.profile or user.persona.identity
    return {
        **name_fields(identity.name),
        "ssnLastFourDigits": identity.ssn[-4:],
        "phoneNumber": user.phone_number,
        **_email(identity),
        "dateOfBirth": _birth(user.persona, identity),
        "addresses": [address_fields(identity.addresses[0])],
    }


def hydrated_profile(user: User, unmask: set[str]) -> dict[str, Any]:
    """`data.profile` of GET /v1/users, which spells the date of birth `dob`."""
    identity = user.persona.spinwheel.profile or user.persona.identity
    profile = connect_profile(user)
    profile["dob"] = profile.pop("dateOfBirth")
    if "ssn" in unmask:
        profile["ssn"] = identity.ssn
    return profile


def report_profile(persona: Persona, bureau: str, now: int, today: date) -> dict[str, Any]:
    """`creditReports[].profile`. The SSN is whole here; it is masked on the way out."""
    file, identity = persona.credit_file, persona.identity
    name = (file.name if file else None) or identity.name
    former = (file.former_names if file else []) or identity.former_names
    addresses = (file.addresses if file else []) or identity.addresses
    return {
        **name_fields(name),
        "dateOfBirth": _birth(persona, identity),
        "ssn": (file.ssn if file else None) or identity.ssn,
        "formerNames": [name_fields(name) for name in former],
        "addresses": [_reported_address(address, bureau, today) for address in addresses],
        "employmentHistory": [_employment(job) for job in (file.employment if file else [])],
        "createdOn": now,
        "updatedOn": now,
    }


def _reported_address(address: Address, bureau: str, today: date) -> dict[str, Any]:
    fields = {
        **address_fields(address),
        "residencyType": "PREVIOUS" if address.until else "CURRENT",
        "addressSource": bureau.upper(),
    }
    if address.since:
        months = ((address.until or today) - address.since).days / DAYS_A_MONTH
        fields["residencyDurationInMonths"] = round(months)
        fields["firstReportedDateWithFormat"] = month(address.since)
    if isinstance(address, ReportedAddress):
        if address.ownership:
            fields["addressOwnership"] = address.ownership
        if address.reported:
            fields["reportedDate"] = address.reported.isoformat()
            fields["reportedDateWithFormat"] = day(address.reported)
    return fields


def _employment(job: Employment) -> dict[str, Any]:
    fields: dict[str, Any] = {"employerName": job.employer.upper(), "employmentStatus": job.status}
    if job.position:
        fields["position"] = job.position.upper()
    if job.since:
        fields["startDateWithFormat"] = month(job.since)
    if job.reported:
        fields["reportedDateWithFormat"] = month(job.reported)
    return fields


def day(value: date) -> dict[str, str]:
    return {"value": value.isoformat(), "format": "YYYY-MM-DD"}


def month(value: date) -> dict[str, str]:
    return {"value": value.strftime("%Y-%m"), "format": "YYYY-MM"}


def _email(identity: Identity) -> dict[str, str]:
    return {"emailAddress": identity.emails[0]} if identity.emails else {}


def _birth(persona: Persona, identity: Identity) -> str:
    return (identity.date_of_birth or persona.date_of_birth).isoformat()

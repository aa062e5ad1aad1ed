"""Spinwheel's replies as observations."""

from datetime import UTC, datetime

from app.providers.addresses import tidy_address
from app.providers.casing import nice_name
from app.providers.observations import SPINWHEEL_CREDIT_FILE, SPINWHEEL_PROFILE, Address, Observation
from app.providers.phones import e164
from app.providers.spinwheel_records import CreditFile, Profile, Residence


def profile_observations(profile: Profile, source_record: str, observed_at: datetime) -> list[Observation]:
    """What the phone's owner is known as; the phone itself was proven by the code."""
    observations = _person(profile, SPINWHEEL_PROFILE, source_record, observed_at)
    if phone := e164(profile.phone_number or ""):
        proven = Observation("phone_number", phone, SPINWHEEL_PROFILE, source_record, observed_at, verified=True)
        observations.append(proven)
    return observations


def credit_file_observations(file: CreditFile, observed_at: datetime) -> list[Observation]:
    """What a bureau has on file: old, upper case, and nothing of it proven."""
    if file.profile is None:
        return []
    return _person(file.profile, SPINWHEEL_CREDIT_FILE, file.report_id or file.user_id, observed_at)


def _person(profile: Profile, source: str, record: str, observed_at: datetime) -> list[Observation]:
    def observe(field: str, value: str | Address | None, at: datetime = observed_at) -> None:
        if value:
            observations.append(Observation(field, value, source, record, at))

    observations: list[Observation] = []
    first = " ".join(name for name in (profile.first_name, profile.middle_name) if name)
    observe("first_name", nice_name(first))
    observe("last_name", nice_name(profile.last_name or ""))
    observe("email", profile.email)
    observe("date_of_birth", profile.date_of_birth)
    observe("ssn_last_four", profile.ssn_last_four)
    for home in _current(profile.residences):
        reported = home.reported_on
        at = datetime.fromisoformat(reported).replace(tzinfo=UTC) if reported else observed_at
        observe("address", tidy_address(home.address), at)
        observe("housing_status", home.ownership, at)
    for job in profile.employments:
        if job.is_current is not False:
            observe("employer_name", nice_name(job.employer_name))
    return observations


def _current(residences: tuple[Residence, ...]) -> list[Residence]:
    """Residences not marked as past, else the first one."""
    current = [home for home in residences if home.is_current is not False]
    return current or list(residences[:1])

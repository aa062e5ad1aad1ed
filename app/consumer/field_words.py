"""What fields, choices and sources are called."""

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _

from app.consumer.context import View
from app.consumer.formats import ago
from app.consumer.screen_parts import Field, Option, Source
from app.domain.prefill.answers import PHONE_CHECK, Answers
from app.domain.prefill.fields import CONSUMER, FIELDS, TENANT
from app.domain.prefill.merge import Chosen
from app.domain.prefill.validation import STATES

# Asked for one by one: translating all of them for each field of a form would cost more than the form.
_LABELS: dict[str, Callable[[], str]] = {
    "first_name": lambda: _("First and middle name"),
    "last_name": lambda: _("Last name"),
    "email": lambda: _("Email"),
    "phone_number": lambda: _("Mobile number"),
    "date_of_birth": lambda: _("Date of birth"),
    "ssn_last_four": lambda: _("Last four digits of your SSN"),
    "address": lambda: _("Address"),
    "housing_status": lambda: _("Do you own or rent?"),
    "employer_name": lambda: _("Employer"),
    "employment_type": lambda: _("How do you earn a living?"),
    "income": lambda: _("Income before tax"),
    "bank_accounts": lambda: _("Accounts"),
    "credit_accounts": lambda: _("Debts"),
}


def label(key: str) -> str:
    """The question."""
    return _LABELS[key]()


_OPTIONS: dict[str, Callable[[], str]] = {
    "own": lambda: _("Own"),
    "rent": lambda: _("Rent"),
    "other": lambda: _("Something else"),
    "full_time": lambda: _("Employed full time"),
    "part_time": lambda: _("Employed part time"),
    "self_employed": lambda: _("Self-employed"),
    "retired": lambda: _("Retired"),
    "student": lambda: _("Student"),
    "not_working": lambda: _("Not working now"),
}


def option_label(value: str) -> str:
    """One choice."""
    return _OPTIONS[value]()


def options(key: str) -> tuple[Option, ...]:
    """The choices of a field."""
    return tuple(Option(value, option_label(value)) for value in FIELDS[key].options)


def source_name(source: str) -> str:
    """Where a value came from."""
    names = {
        "spinwheel_profile": _("From your phone check"),
        "plaid_layer": _("From Plaid"),
        "plaid_bank": _("From your bank"),
        "spinwheel_credit_file": _("From your credit file"),
        CONSUMER: _("You entered this"),
    }
    return names[source]


ICONS = {
    "spinwheel_profile": "check-circle",
    "plaid_layer": "bank",
    "plaid_bank": "bank",
    "spinwheel_credit_file": "file",
    PHONE_CHECK: "check-circle",
    CONSUMER: "pencil",
    TENANT: "flag",
}


def source_words(view: View, answers: Answers, chosen: Chosen) -> Source:
    """The strip under a field."""
    tenant = view.branding.short_name
    if chosen.key in answers.disputed:
        return Source(_("You told us this isn’t right. %(tenant)s will check it with you.", tenant=tenant), "flag")
    if chosen.edited:
        return Source(_("You changed this"), "pencil")
    if chosen.source == TENANT:
        return Source(_("From %(tenant)s", tenant=tenant), "lock" if chosen.locked else "info")
    if chosen.source == PHONE_CHECK:
        return Source(f"{_('Confirmed by text')} · {ago(chosen.observed_at)}", "check-circle")
    if chosen.source == CONSUMER:
        words = _("You entered it at the start") if chosen.locked else _("You entered this")
        return Source(words, "lock" if chosen.locked else "pencil")
    return Source(f"{source_name(chosen.source)} · {ago(chosen.observed_at)}", ICONS[chosen.source])  # type: ignore[arg-type]


def address_parts(value: dict[str, Any], typed: dict[str, str] | None, errors: dict[str, str]) -> tuple[Field, ...]:
    """The boxes of an address."""

    def box(part: str, words: str, autocomplete: str, **more: Any) -> Field:
        key = f"address_{part}"
        text = (typed or {}).get(key, value.get(part) or "")
        error = errors.get(key)
        return Field(key=key, label=words, value=text, autocomplete=autocomplete, error=error, **more)

    states = tuple(Option(state, state) for state in STATES)
    return (
        box("street", _("Street address"), "address-line1", wide=True, max_length=120),
        box("unit", _("Apartment or unit"), "address-line2", required=False, max_length=120),
        box("city", _("City"), "address-level2", max_length=120),
        box("state", _("State"), "address-level1", kind="select", options=states),
        box("postal_code", _("ZIP code"), "postal-code", kind="digits", max_length=10),
    )


def address_lines(value: dict[str, Any]) -> tuple[str, ...]:
    """An address as it is written on an envelope."""
    street = ", ".join(part for part in (value.get("street"), value.get("unit")) if part)
    state = " ".join(part for part in (value.get("state"), value.get("postal_code")) if part)
    city = ", ".join(part for part in (value.get("city"), state) if part)
    return tuple(line for line in (street, city) if line)

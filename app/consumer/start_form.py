"""The first form, and the one that proves the phone again: what they show and how they are read."""

import datetime as dt
from typing import Any

from flask import g
from flask_babel import gettext as _

from app.consumer.context import View, load, read_scope, tenant_home, visitor
from app.consumer.formats import day
from app.consumer.screen_parts import BirthInput, Option, PhoneInput
from app.consumer.screens import StartPhone
from app.consumer.sentences import birth_sentence, phone_sentence
from app.consumer.side_screens import Resume
from app.consumer.wording import code_agreement, return_agreement
from app.domain.consents import Shown
from app.domain.flow import allowed
from app.domain.launch import Consumer
from app.domain.numbers import BirthError, NumberError, birth_date, masked_phone, normal_phone
from app.domain.outcomes import Outcome
from app.domain.tenant_settings import FlowSettings
from app.domain.verification import CodeRequest, send_code
from app.models.vault import vault
from app.web import services

DIAL_CODES = {"US": "US +1", "PR": "PR +1"}


def submit_start(consumer: Consumer, form: dict[str, str]) -> Outcome:
    """Send the code for a checked form; the outcome tells the next screen what to say."""
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        coming_back = view.onboarding.phone_verified_at is not None
        if view.may_see if coming_back else not allowed(view.onboarding, "send_code"):
            return Outcome()
        values, errors = read_start(view, form)
        repeated = view.onboarding.stage == "enter" and _same_as_before(view, values)
        shown = _shown(view, coming_back)
    if errors and not coming_back:
        return Outcome()
    wanted = CodeRequest(
        visitor(),
        (shown,),
        phone_number=None if coming_back else values["phone_number"],
        date_of_birth=None if coming_back else values["date_of_birth"],
    )
    outcome = send_code(services(), consumer.scope, consumer.onboarding_id, wanted)
    # The same form pressed twice: the code is on its way.
    return Outcome() if repeated and outcome.problem == "too_soon" else outcome


def _same_as_before(view: View, values: dict[str, str | None]) -> bool:
    keep = vault(view.session)
    return all(keep.open(view.onboarding, name) == value for name, value in values.items())


def _shown(view: View, coming_back: bool) -> Shown:
    kind = "resume" if coming_back else "phone"
    agreement = return_agreement(_) if coming_back else _agreement(view)
    return Shown(kind, view.disclosures["version"], _locale(view), agreement.plain)


def _locale(view: View) -> str:
    return str(g.locale or view.onboarding.locale)


def _agreement(view: View) -> Any:
    words = view.disclosures
    return code_agreement(_, tenant=view.branding.name, terms_url=words["terms"], privacy_url=words["privacy"])


def read_start(view: View, form: dict[str, str]) -> tuple[dict[str, str | None], dict[str, str]]:
    """What the form (or before it the tenant) says, and the sentences for what is wrong."""
    keep = vault(view.session)
    given = keep.open(view.onboarding, "given") or {"values": {}}
    values: dict[str, str | None] = {
        "phone_number": given["values"].get("phone_number"),
        "date_of_birth": given["values"].get("date_of_birth"),
    }
    errors: dict[str, str] = {}
    if values["phone_number"] is None:
        try:
            country = form.get("country", view.flow.countries[0])
            values["phone_number"] = normal_phone(form.get("phone_number", ""), country, view.flow.countries)
        except NumberError as error:
            errors["phone"] = phone_sentence(error)
    if values["date_of_birth"] is None:
        month, day, year = (form.get(f"birth_{part}", "") for part in ("month", "day", "year"))
        try:
            values["date_of_birth"] = birth_date(month, day, year, dt.datetime.now(dt.UTC).date()).isoformat()
        except BirthError as error:
            errors["birth"] = birth_sentence(error)
    return values, errors


def countries(flow: FlowSettings) -> tuple[Option, ...]:
    """The choices beside the number."""
    return tuple(Option(country, DIAL_CODES[country]) for country in flow.countries)


def start_screen(
    view: View, action: str, form: dict[str, str], errors: dict[str, str], notice: str | None = None
) -> StartPhone:
    """The first form; what the tenant gave already is not asked again."""
    given = (vault(view.session).open(view.onboarding, "given") or {"values": {}})["values"]
    phone = PhoneInput(
        countries=countries(view.flow),
        country=form.get("country", view.flow.countries[0]),
        number=form.get("phone_number", ""),
        error=errors.get("phone"),
    )
    birth = BirthInput(
        month=form.get("birth_month", ""),
        day=form.get("birth_day", ""),
        year=form.get("birth_year", ""),
        error=errors.get("birth"),
    )
    known = given.get("phone_number")
    bound = view.consumer is not None
    return StartPhone(
        action=action,
        agreement=_agreement(view),
        phone=None if known else phone,
        birth=None if given.get("date_of_birth") else birth,
        known_phone=masked_phone(known) if known else None,
        manual_url=(view.url("by-hand") if bound else f"{action}/by-hand") if view.flow.by_hand else None,
        manual_posts=True,
        notice=notice,
    )


def resume_form(view: View, action: str, form: dict[str, str] | None = None, error: str | None = None) -> Resume:
    """Prove the phone again."""
    form = form or {}
    phone = PhoneInput(
        countries=countries(view.flow),
        country=form.get("country", view.flow.countries[0]),
        number=form.get("phone_number", ""),
        error=error,
    )
    return Resume(
        action=action,
        phone=phone,
        agreement=return_agreement(_),
        until=day(view.onboarding.expires_at),
        restart_url=tenant_home(view),
    )


def phone_problem(view: View, form: dict[str, str]) -> str | None:
    """Whether this is the number the onboarding was begun with; a sentence when it is not."""
    try:
        country = form.get("country", view.flow.countries[0])
        typed = normal_phone(form.get("phone_number", ""), country, view.flow.countries)
    except NumberError as error:
        return phone_sentence(error)
    if typed != vault(view.session).open(view.onboarding, "phone_number"):
        return _("This form was begun with another number. Check it, or start again.")
    return None

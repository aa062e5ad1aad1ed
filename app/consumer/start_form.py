"""The first form, and the one that proves the phone again: what they show and how they are read."""

import datetime as dt

from flask import g
from flask_babel import gettext as _

from app.consumer.code_words import asked_method, code_button, methods_offered, usual_method
from app.consumer.context import View, load, read_scope, tenant_home, visitor
from app.consumer.formats import day
from app.consumer.layer_first import asks_for_code, bank_is_first, start_agreement, start_words
from app.consumer.moment import this_browser
from app.consumer.screen_parts import BirthInput, Option, PhoneInput
from app.consumer.screens import StartPhone
from app.consumer.sentences import birth_sentence, phone_sentence, trouble_sentence
from app.consumer.side_screens import Resume
from app.consumer.wording import return_agreement
from app.domain.consents import Shown
from app.domain.flow import allowed
from app.domain.launch import Consumer
from app.domain.layer_proof import begin_with_bank
from app.domain.numbers import BirthError, NumberError, birth_date, masked_phone, normal_phone
from app.domain.outcomes import Outcome
from app.domain.tenant_settings import FlowSettings
from app.domain.verification import CodeRequest, send_code
from app.domain.verifiers import VOICE
from app.models.vault import vault
from app.web import services

DIAL_CODES = {"US": "US +1", "PR": "PR +1"}


def submit_start(consumer: Consumer, form: dict[str, str]) -> Outcome:
    """Send the code for a checked form; the outcome tells the next screen what to say."""
    with read_scope(consumer) as session:
        view = load(session, consumer.onboarding_id, consumer)
        coming_back = view.onboarding.phone_verified_at is not None
        bank_first = not coming_back and bank_is_first(view)
        move = "begin_with_bank" if bank_first else "send_code"
        if view.may_see if coming_back else not allowed(view.onboarding, move):
            return Outcome()
        values, errors = read_start(view, form)
        repeated = view.onboarding.stage == "enter" and _same_as_before(view, values)
        method = asked_method(view, form)
        shown = _shown(view, coming_back, method)
        try:
            typed = _typed_phone(view, form) if coming_back else values["phone_number"]
        except NumberError:
            return Outcome()
        mistaken = coming_back and typed != vault(session).open(view.onboarding, "phone_number")
    if errors and not coming_back:
        return Outcome()
    wanted = CodeRequest(
        visitor(),
        (shown,),
        phone_number=typed,
        date_of_birth=None if coming_back else values["date_of_birth"],
        method=method,
        browser=this_browser(consumer, mistaken=mistaken),
    )
    if bank_first:
        return begin_with_bank(services(), consumer.scope, consumer.onboarding_id, wanted)
    outcome = send_code(services(), consumer.scope, consumer.onboarding_id, wanted)
    # The same form pressed twice: the code is on its way.
    return Outcome() if repeated and outcome.problem == "too_soon" else outcome


def _same_as_before(view: View, values: dict[str, str | None]) -> bool:
    keep = vault(view.session)
    return all(keep.open(view.onboarding, name) == value for name, value in values.items())


def _shown(view: View, coming_back: bool, method: str) -> Shown:
    kind = "resume" if coming_back else "phone"
    agreement = return_agreement(_, by_call=method == VOICE) if coming_back else start_agreement(view, method)
    return Shown(kind, view.disclosures["version"], _locale(view), agreement.plain)


def _locale(view: View) -> str:
    return str(g.locale or view.onboarding.locale)


def read_start(view: View, form: dict[str, str]) -> tuple[dict[str, str | None], dict[str, str]]:
    """What the form (or before it the tenant) says, and the sentences for what is wrong."""
    keep = vault(view.session)
    given = (keep.open(view.onboarding, "given") or {"values": {}})["values"]
    names = ("phone_number", "date_of_birth")
    if asks_for_code(view, form):
        given = {name: keep.open(view.onboarding, name) for name in names}
    values: dict[str, str | None] = {name: given.get(name) for name in names}
    errors: dict[str, str] = {}
    if values["phone_number"] is None:
        try:
            values["phone_number"] = _typed_phone(view, form)
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
    method = asked_method(view, form)
    return StartPhone(
        action=action,
        agreement=start_agreement(view, method),
        method=method if method != usual_method(view) else None,
        phone=None if known else phone,
        birth=None if given.get("date_of_birth") else birth,
        known_phone=masked_phone(known) if known else None,
        **start_words(view, masked_phone(known) if known else None, method),
        manual_url=(view.url("by-hand") if bound else f"{action}/by-hand") if view.flow.by_hand else None,
        manual_posts=True,
        notice=notice,
    )


def start_again(view: View, form: dict[str, str], outcome: Outcome) -> StartPhone:
    """The form with what its last press came to. A number that takes no texts is called, where that can be."""
    problem = outcome.problem or ""
    notice = trouble_sentence(problem, by_call=outcome.by_call) if problem not in ("", "incomplete") else None
    if problem == "number_unsupported" and not outcome.by_call and VOICE in methods_offered(view):
        form = {**form, "method": VOICE}
        notice = _("This number can’t get our text. We can call it instead.")
    return start_screen(view, view.url("phone"), form, {}, notice)


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
        agreement=return_agreement(_, by_call=usual_method(view) == VOICE),
        button=code_button(usual_method(view)),
        until=day(view.onboarding.expires_at),
        restart_url=tenant_home(view),
    )


def phone_problem(view: View, form: dict[str, str]) -> str | None:
    """A sentence when this is no number we can text. Whether the onboarding was begun with it is not told."""
    try:
        _typed_phone(view, form)
    except NumberError as error:
        return phone_sentence(error)
    return None


def _typed_phone(view: View, form: dict[str, str]) -> str:
    country = form.get("country", view.flow.countries[0])
    return normal_phone(form.get("phone_number", ""), country, view.flow.countries)

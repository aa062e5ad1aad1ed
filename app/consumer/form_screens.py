"""The form, by hand and prefilled: the same fields, groups and words."""

from typing import Any

from flask_babel import gettext as _

from app.consumer.context import View
from app.consumer.field_words import address_parts, label, options, source_words
from app.consumer.formats import date_words
from app.consumer.ledgers import ledger_groups
from app.consumer.screen_parts import Field, FieldGroup, FieldKind, FieldState
from app.consumer.screens import ManualForm, Review
from app.consumer.wording import share_agreement
from app.domain.numbers import shown_phone
from app.domain.prefill.answers import Answers, answers_of
from app.domain.prefill.fields import FIELDS, LISTS

GROUPS = (
    ("about", ("first_name", "last_name", "date_of_birth", "phone_number", "email", "ssn_last_four")),
    ("home", ("address", "housing_status")),
    ("work", ("employer_name", "employment_type", "income")),
)
AUTOCOMPLETE = {
    "first_name": "given-name",
    "last_name": "family-name",
    "email": "email",
    "phone_number": "tel-national",
    "employer_name": "organization",
}
KINDS: dict[str, FieldKind] = {
    "text": "text",
    "email": "email",
    "phone": "tel",
    "date": "date",
    "digits": "digits",
    "money": "money",
}
MASK = "••••"

Typed = dict[str, str]


def share_words(view: View) -> Any:
    """The agreement above "Share with …"."""
    return share_agreement(_, tenant_short=view.branding.short_name, terms_url=view.disclosures["terms"])


def manual_screen(view: View, typed: Typed | None = None, errors: dict[str, str] | None = None) -> ManualForm:
    """Everything that can be typed; what is fixed or masked waits for the review."""
    answers = answers_of(view.session, view.onboarding)
    keys = [key for key in FIELDS if key in answers.asked and key not in LISTS and not _fixed(answers, key)]
    may_connect = view.onboarding.asked["bank"] and view.onboarding.phone_verified_at is not None
    return ManualForm(
        action=view.url("manual"),
        groups=_groups(view, answers, keys, typed, errors or {}),
        save_url=view.url("manual", "save"),
        connect_url=view.url("connect") if may_connect else None,
    )


def _fixed(answers: Answers, key: str) -> bool:
    chosen = answers.chosen.get(key)
    return chosen is not None and chosen.locked


def review_screen(
    view: View, typed: Typed | None = None, errors: dict[str, str] | None = None, notice: str | None = None
) -> Review:
    """One form, prefilled: missing answers first, under each field where it came from."""
    answers = answers_of(view.session, view.onboarding)
    filled, asked = answers.counts()
    missing = answers.missing
    keys = [key for key in FIELDS if key in answers.asked and key not in LISTS and key not in missing]
    needed = tuple(make_field(view, answers, key, typed, errors or {}) for key in missing)
    return Review(
        action=view.url("review"),
        agreement=share_words(view),
        filled=filled,
        asked=asked,
        groups=_groups(view, answers, keys, typed, errors or {}),
        needed=needed,
        ledgers=ledger_groups(view, answers),
        save_url=view.url("review", "save"),
        not_me_url=view.url("not-me") if view.onboarding.rung != "manual" else None,
        notice=notice,
    )


def _groups(
    view: View, answers: Answers, keys: list[str], typed: Typed | None, errors: dict[str, str]
) -> tuple[FieldGroup, ...]:
    titles = {"about": _("About you"), "home": _("Home"), "work": _("Work and income")}
    groups = []
    for name, members in GROUPS:
        fields = tuple(make_field(view, answers, key, typed, errors) for key in members if key in keys)
        if fields:
            groups.append(FieldGroup(key=name, title=titles[name], fields=fields))
    return tuple(groups)


def make_field(view: View, answers: Answers, key: str, typed: Typed | None, errors: dict[str, str]) -> Field:
    """One question in its state."""
    spec, chosen = FIELDS[key], answers.chosen.get(key)
    required = answers.asked[key] == "required"
    retyping = key in view.onboarding.progress.get("retype", ())
    common: dict[str, Any] = {
        "key": key,
        "label": label(key),
        "required": required,
        "error": errors.get(key),
        "autocomplete": AUTOCOMPLETE.get(key),
        "max_length": 4 if spec.kind == "digits" else 120,
    }
    if chosen is None or (retyping and spec.kind == "digits"):
        return _empty(key, typed, errors, common)
    common["source"] = source_words(view, answers, chosen)
    if chosen.locked:
        state: FieldState = "disputed" if key in answers.disputed else "locked"
        return Field(
            **common, value=_shown(key, chosen.value), state=state, can_dispute=True, can_undo=state == "disputed"
        )
    if spec.kind == "digits":
        reveal = view.url("reveal", key)
        return Field(**common, kind="digits", value=MASK, state="filled", reveal_url=reveal, can_dispute=True)
    common |= {"state": "edited" if chosen.edited else "filled", "can_undo": chosen.edited}
    return _filled(key, chosen.value, typed, errors, common)


def _shown(key: str, value: Any) -> str:
    if key == "date_of_birth":
        return date_words(value)
    if key == "phone_number":
        return shown_phone(value)
    return str(value)


def _empty(key: str, typed: Typed | None, errors: dict[str, str], common: dict[str, Any]) -> Field:
    return _filled(key, None, typed, errors, {**common, "state": "plain"})


def _filled(key: str, value: Any, typed: Typed | None, errors: dict[str, str], common: dict[str, Any]) -> Field:
    spec = FIELDS[key]
    if spec.kind == "address":
        parts = address_parts(value or {}, typed, errors)
        return Field(**{**common, "max_length": None}, kind="address", parts=parts, wide=True)
    if spec.kind == "choice":
        kind: FieldKind = "radio" if key == "housing_status" else "select"
        chosen = (typed or {}).get(key, value or "")
        return Field(**{**common, "max_length": None}, kind=kind, value=chosen, options=options(key))
    if spec.kind == "date":
        month, day, year = ((typed or {}).get(f"{key}_{part}", "") for part in ("month", "day", "year"))
        boxes = (month, day, year)
        return Field(**{**common, "max_length": None}, kind="date", value=value or "", typed=boxes if typed else None)
    text = (typed or {}).get(key, value or "")
    suffix = _("a year") if key == "income" else None
    return Field(**common, kind=KINDS[spec.kind], value=text, suffix=suffix)

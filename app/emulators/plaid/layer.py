"""Layer: who is eligible, the code by text, the review with its edits, and what is shared in the end."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from app.emulators.persona_bank import Account, Bank
from app.emulators.persona_models import LayerField, LayerProfile, Persona
from app.emulators.plaid import ids, items
from app.emulators.plaid.errors import PlaidError
from app.emulators.plaid.history import counts, note_edit
from app.emulators.plaid.phones import normalised
from app.emulators.plaid.sessions import ENVIRONMENT, Context, fail, leave, show, succeed, tell
from app.emulators.plaid.state import PUBLIC_TOKEN_LIFE, Item, ProfileToken, Template, state_of, switches

TRIES = 3
Offered = list[tuple[Bank, list[Account]]]
FIELDS: tuple[LayerField, ...] = ("name", "date_of_birth", "address", "ssn", "email")
_WRONG_CODE = "That code isn’t right. Check the text and try again."


def submit_phone(context: Context, phone_number: str) -> None:
    session = context.session
    session.phone_number = normalised(phone_number)
    us_number = session.phone_number.startswith("+1")
    session.persona = context.shared.personas.by_phone(session.phone_number) if us_number else None
    profile = session.persona.layer.by_phone if session.persona else None
    _decide(context, profile, "LAYER_NOT_AVAILABLE")


def submit_date_of_birth(context: Context, date_of_birth: str) -> None:
    """Counts only after a refused phone number, as Plaid's documentation asks."""
    session = context.session
    if session.refusal is None:
        return
    persona = session.persona
    profile = None
    if persona is not None and persona.date_of_birth.isoformat() == date_of_birth:
        profile = persona.layer.by_date_of_birth
    _decide(context, profile, "LAYER_AUTOFILL_NOT_AVAILABLE")


def show_consent(context: Context) -> None:
    """The first pane, or why there is none."""
    session = context.session
    if session.refusal is not None:
        session.pane = "ineligible"
    elif session.profile is not None and not session.opened:
        session.opened = True
        tell(context, "OPEN")
        show(context, "consent", "CONSENT")


def send_code(context: Context) -> None:
    persona = _persona(context)
    body = f"{persona.code} is your Plaid verification code. Never share it with anyone."
    context.shared.store.send_text(persona.phone_number, "Plaid", body, persona.code)
    show(context, "code", "VERIFY_PHONE")


def submit_code(context: Context, code: str) -> None:
    session = context.session
    tell(context, "SUBMIT_OTP")
    if code == _persona(context).code:
        tell(context, "VERIFY_PHONE")
        context.sender.send(
            session.token.webhook,
            {
                "environment": ENVIRONMENT,
                "link_session_id": session.session_id,
                "link_token": session.token.token,
                "webhook_code": "LAYER_AUTHENTICATION_PASSED",
                "webhook_type": "LAYER",
            },
        )
        show(context, "review", "PROFILE_DATA_REVIEW")
        return
    session.wrong_codes += 1
    if session.wrong_codes < TRIES:
        fail(context, PlaidError("INVALID_OTP"))
        session.problem = _WRONG_CODE
        return
    show(context, "failed", "ERROR")
    fail(context, PlaidError("PROFILE_AUTHENTICATION_FAILED"))


def save(context: Context, values: dict[str, Any]) -> None:
    """Takes over the edited field; an unchanged one is no edit."""
    session = context.session
    name = session.editing
    if name is None:
        return
    changed = _read(name, values)
    if changed is None:
        session.problem = "Something is missing or not in the right form."
        return
    if changed != session.identity.get(name):
        session.identity[name] = changed
        session.edited[name] += 1
        note_edit(context, name)
    session.editing, session.pane, session.problem = None, "review", None


def is_eligible(template: Template, persona: Persona, profile: LayerProfile | None) -> bool:
    """Whether the saved profile holds all that the template requires."""
    if profile is None or set(profile.missing) & set(template.required):
        return False
    return template.accounts != "required" or bool(connected_banks(profile, persona, template))


def connected_banks(profile: LayerProfile, persona: Persona, template: Template) -> Offered:
    """The banks on offer and the accounts of each."""
    if template.accounts == "skip":
        return []
    masks = profile.accounts
    offered = [
        (bank, [account for account in bank.accounts if masks is None or account.mask in masks])
        for bank in persona.banks
        if bank.institution_id in profile.banks
    ]
    return [(bank, accounts) for bank, accounts in offered if accounts]


def offered(context: Context) -> Offered:
    """The saved banks, and those that were added at the review."""
    session = context.session
    if session.profile is None:
        return []
    return [*connected_banks(session.profile, _persona(context), _template(context)), *session.more_banks]


def add_bank(context: Context, bank: Bank, accounts: list[Account]) -> None:
    """Back to the review, the new accounts ticked."""
    session = context.session
    place = len(offered(context))
    session.more_banks.append((bank, accounts))
    if session.kept is not None:
        session.kept = [*session.kept, *(f"{place}-{at}" for at in range(len(accounts)))]
    back_to_review(context)


def back_to_review(context: Context) -> None:
    """From adding a bank, whether one was added or not."""
    session = context.session
    if session.token.template is None:
        return
    session.selected, session.kept = session.kept, None
    session.institution = session.bank = session.error = session.failed_status = None
    show(context, "review", "PROFILE_DATA_REVIEW")


def share(context: Context, selected: list[str]) -> None:
    """`selected` names accounts as "<bank's place>-<account's place>"."""
    session = context.session
    session.selected = selected
    template = _template(context)
    if session.profile is None:
        return
    chosen = [
        (bank, [one for at, one in enumerate(accounts) if f"{place}-{at}" in selected])
        for place, (bank, accounts) in enumerate(offered(context))
    ]
    if template.accounts == "required" and not any(accounts for _, accounts in chosen):
        session.problem = "Choose at least one account to share."
        return
    made = [_make_item(context, bank, accounts) for bank, accounts in chosen if accounts]
    # What Layer puts into institution and accounts of onSuccess is not documented: nothing is said here.
    succeed(context, _profile_token(context, made), [])


def exit_after_failure(context: Context) -> None:
    leave(context, PlaidError("PROFILE_AUTHENTICATION_FAILED"))


def exit_ineligible(context: Context) -> None:
    leave(context, PlaidError(context.session.refusal or "LAYER_NOT_AVAILABLE"))


def _make_item(context: Context, bank: Bank, accounts: list[Account]) -> Item:
    return items.create_item(
        context.shared,
        context.session.token.client_id,
        bank,
        persona=_persona(context),
        products=_template(context).products,
        accounts=accounts,
    )


def _profile_token(context: Context, made: list[Item]) -> str:
    session, token = context.session, ids.token("profile")
    answer = {
        "identity": _shared_identity(context),
        "identity_edit_history": counts(context),
        "items": [{"access_token": item.access_token, "item_id": item.item_id} for item in made],
        "link_session_id": session.session_id,
    }
    expires_at = context.now() + PUBLIC_TOKEN_LIFE
    state = state_of(context.shared, session.token.client_id)
    state.profile_tokens[token] = ProfileToken(token, expires_at, answer, _persona(context).phone_number)
    return token


def _decide(context: Context, profile: LayerProfile | None, refusal: str) -> None:
    session, template = context.session, _template(context)
    if session.persona is None or not is_eligible(template, session.persona, profile):
        session.profile, session.refusal = None, refusal
        tell(context, refusal)
    else:
        session.profile, session.refusal = profile, None
        session.identity = _saved_identity(context)
        for _ in range(2 if switches(context.shared).second_layer_ready else 1):
            tell(context, "LAYER_READY")
    if session.asked_to_open:
        show_consent(context)


def _saved_identity(context: Context) -> dict[str, Any]:
    """What the profile holds of the fields that the template asks for."""
    persona, profile = _persona(context), context.session.profile
    identity = persona.layer.identity or persona.identity
    home = identity.addresses[0]
    born: date = identity.date_of_birth or persona.date_of_birth
    whole = {
        "name": {"first_name": identity.name.first, "last_name": identity.name.last},
        "date_of_birth": born.isoformat(),
        "address": {
            "city": home.city,
            "country": home.country,
            "postal_code": home.zip,
            "region": home.state,
            "street": home.line1,
            "street2": home.line2,
        },
        "ssn": identity.ssn,
        "email": identity.emails[0] if identity.emails else None,
    }
    missing = profile.missing if profile else []
    return {name: whole[name] for name in _template(context).fields if name not in missing and whole[name]}


def _shared_identity(context: Context) -> dict[str, Any]:
    identity = context.session.identity
    ssn = identity.get("ssn")
    return {
        **{name: identity.get(name) for name in FIELDS},
        "phone_number": _persona(context).phone_number,
        "ssn_last_4": ssn[-4:] if ssn else None,
    }


def _read(name: str, values: dict[str, Any]) -> Any:
    """The edited value, or None when it cannot be one."""
    text = {key: str(value).strip() for key, value in values.items()}
    if name == "name":
        wanted = {key: text.get(key, "") for key in ("first_name", "last_name")}
        return wanted if all(wanted.values()) else None
    if name == "address":
        wanted = {key: text.get(key, "") for key in ("street", "city", "region", "postal_code")}
        if not all(wanted.values()):
            return None
        return {**wanted, "country": "US", "street2": text.get("street2") or None}
    value = text.get(name, "")
    forms = {"date_of_birth": r"\d{4}-\d\d-\d\d", "ssn": r"\d{9}", "email": r"[^@\s]+@[^@\s]+"}
    value = value.replace("-", "") if name == "ssn" else value
    return value if re.fullmatch(forms[name], value) else None


def _persona(context: Context) -> Persona:
    if context.session.persona is None:
        raise PlaidError("INVALID_LINK_TOKEN")
    return context.session.persona


def _template(context: Context) -> Template:
    if context.session.token.template is None:
        raise PlaidError("INVALID_LINK_TOKEN")
    return context.session.token.template

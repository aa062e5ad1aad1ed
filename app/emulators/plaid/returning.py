"""Ordinary Link's phone pane: whoever saved a bank with Plaid earlier proves the phone and need not sign in again."""

from __future__ import annotations

from app.emulators.persona_bank import Bank
from app.emulators.plaid import catalog, connecting, oauth, ordinary, phones
from app.emulators.plaid.errors import PlaidError
from app.emulators.plaid.sessions import Context, fail, show, tell

TRIES = 3


def ask_phone(context: Context) -> None:
    """After the consent."""
    show(context, "phone", "SUBMIT_PHONE")


def skip_phone(context: Context) -> None:
    tell(context, "SKIP_SUBMIT_PHONE")
    ordinary.choose_bank(context)


def submit_phone(context: Context, typed: str) -> None:
    """`typed` is empty where the token brought the number. Texts the code."""
    session = context.session
    session.phone_number = phones.normalised(typed or session.token.phone_number or "")
    tell(context, "SUBMIT_PHONE")
    if phones.standing(context.shared, session.phone_number) is None:
        error = PlaidError("INVALID_PHONE_NUMBER")
        fail(context, error)
        session.problem = error.shown
        return
    session.persona = context.shared.personas.by_phone(session.phone_number)
    code = _code(context)
    body = f"{code} is your Plaid verification code. Never share it with anyone."
    context.shared.store.send_text(session.phone_number, "Plaid", body, code)
    show(context, "otp", "VERIFY_PHONE")


def submit_code(context: Context, code: str) -> None:
    session = context.session
    tell(context, "SUBMIT_OTP")
    if code != _code(context):
        fail(context, PlaidError("INVALID_OTP"))
        session.wrong_codes += 1
        if session.wrong_codes >= TRIES:
            ordinary.choose_bank(context)
        session.problem = "That code isn’t right."
        return
    tell(context, "VERIFY_PHONE")
    session.remembered = True
    known = phones.standing(context.shared, session.phone_number or "")
    session.saved = list(known.banks) if known else []
    if not session.saved:
        ordinary.choose_bank(context)
    elif known is not None and known.kind == "auto_select":
        _choose(context, session.saved[0])
        connecting.take(context, session.saved[0], session.saved[0].accounts[:1])
    else:
        show(context, "saved", "SELECT_SAVED_INSTITUTION")


def choose_saved(context: Context, place: str) -> None:
    """A bank from the list, by its place in it: its accounts, or first what the bank wants to see again."""
    session = context.session
    if not place.isdigit() or int(place) >= len(session.saved):
        return
    bank = session.saved[int(place)]
    _choose(context, bank)
    known = phones.standing(context.shared, session.phone_number or "")
    if catalog.institution(context.shared.personas, bank.institution_id).oauth:
        oauth.offer(context)
    elif known is not None and known.kind == "new_device":
        show(context, "credentials", "CREDENTIAL")
    else:
        show(context, "accounts", "SELECT_SAVED_ACCOUNT")


def _choose(context: Context, bank: Bank) -> None:
    context.session.bank = bank
    context.session.institution = {"institution_id": bank.institution_id, "name": bank.name}
    tell(context, "SELECT_INSTITUTION")


def _code(context: Context) -> str:
    persona = context.session.persona
    return persona.code if persona else context.shared.settings.sms_code

"""Words for what went wrong: what happened, and what to do. Never a code, never blame."""

from flask_babel import gettext as _
from flask_babel import ngettext

from app.domain.numbers import BirthError, NumberError
from app.domain.outcomes import Outcome


def phone_sentence(error: NumberError) -> str:
    """Beside the phone number."""
    sentences = {
        "missing": _("Enter your mobile number"),
        "invalid": _("Enter a mobile number with its area code, like 503 555 0142"),
        "country": _("We can’t text numbers of that country yet. Use a number from the list beside it."),
        "kind": _("This kind of number can’t get our text. Use a mobile number."),
    }
    return sentences[error.reason]


def birth_sentence(error: BirthError) -> str:
    """Beside the date of birth."""
    return birth_words(error.reason)


def birth_words(reason: str) -> str:
    """Beside a date of birth, wherever it is asked."""
    sentences = {
        "missing": _("Enter month, day and year of your birth"),
        "invalid": _("Enter a real date, with the year in four digits, like 4 27 1988"),
        "future": _("This date is still to come. Check the year."),
        "old": _("Check the year of your birth"),
    }
    return sentences[reason]


def code_sentence(outcome: Outcome) -> str:
    """Beside the code."""
    problem, by_call = outcome.problem or "", outcome.by_call
    left = outcome.tries_left or 0
    tries = ngettext("You have %(num)s try left.", "You have %(num)s tries left.", left)
    sentences = {
        "wrong_code": _("That code doesn’t match the one from our last call. Check it and try again.")
        if by_call
        else _("That code doesn’t match the last one we sent. Check the newest text and try again."),
        "malformed_code": _("Enter all six digits of the code."),
        "code_expired": _("That code has ended. Ask for a new one below."),
        "tries_used_up": _("That code can’t be used any more. Ask for a new one below."),
        "identity_mismatch": _(
            "The number and the date of birth don’t belong together. Change one of them and try again."
        ),
    }
    sentence = sentences.get(problem) or trouble_sentence(problem, by_call=by_call)
    return f"{sentence} {tries}" if problem in ("wrong_code", "malformed_code") and left else sentence


def trouble_sentence(problem: str, *, by_call: bool = False) -> str:
    """For everything a provider or a limit can say."""
    if by_call and (said := _call_sentence(problem)):
        return said
    sentences = {
        "too_soon": _("We just sent a text. Please wait a moment before you ask for another."),
        "no_more_codes": _("We can’t send more codes to this number today. You can go on without one."),
        "stuck": _("We can’t text you a code right now. You can go on without one, or try again later."),
        "texts_paused": _("We can’t text codes right now. You can go on without one, or come back tomorrow."),
        "texts_held": _("We can’t text codes from here right now. You can go on without one, or try again later."),
        "too_many_codes": _("This number has had too many codes. You can go on without one."),
        "number_locked": _("This number has had too many codes today. You can go on without one."),
        "number_invalid": _("This number doesn’t exist. Check it and try again."),
        "number_unsupported": _("This number can’t get our text. You can go on without a code."),
        "country_unsupported": _("We can’t text numbers of that country yet."),
        "not_eligible": _("We couldn’t match this number to you. You can go on without a code."),
        "identity_mismatch": _("The number and the date of birth don’t belong together. Check both and try again."),
        "maybe_sent": _("We couldn’t tell whether the text was sent. Please try again. Only the newest code works."),
        "provider_slow": _("The text service takes too long right now. Please try again."),
        "provider_busy": _("The text service is very busy right now. Please try again in a minute."),
        "not_configured": _("Texting isn’t possible right now. You can go on without a code."),
    }
    return sentences.get(problem) or _("The text service isn’t answering right now. Please try again.")


def exit_words(why: str) -> tuple[str, str]:
    """Title and sentence after the bank's window was left; `why` as `app/domain/bank_exits.py` names it."""
    another = _("Try another bank you use, or fill in the form yourself.")
    again = _("Nothing was shared. You can try again, or go on another way.")
    words = {
        "bank_not_found": (_("Your bank isn’t in the list"), another),
        "bank_unsupported": (_("This bank can’t be connected"), another),
        "bank_unavailable": (
            _("Your bank isn’t answering right now"),
            _("It isn’t you. Try again in a few minutes, or go on another way."),
        ),
        "no_accounts": (_("We found no account there"), another),
        "login_refused": (
            _("Your bank didn’t accept the sign-in"),
            _("Check the name and password you use at your bank, then try again."),
        ),
        "login_locked": (
            _("Your bank wants to talk to you first"),
            _("Sign in on your bank’s own site once, then try again here."),
        ),
        "access_not_granted": (
            _("Your bank kept the details back"),
            _("Try again and allow them on your bank’s page, or go on another way."),
        ),
        "sign_in_unfinished": (_("The sign-in at your bank wasn’t finished"), again),
        "code_refused": (
            _("The code didn’t match"),
            _("Nothing was shared. You can try again, or choose your bank from a list."),
        ),
        "link_expired": (_("The bank’s window was open too long"), _("Nothing was shared. You can open it again.")),
        "trouble": (
            _("The bank’s window had a problem"),
            _("It isn’t you, and nothing was shared. You can try again, or go on another way."),
        ),
    }
    return words.get(why) or (_("You closed the bank’s window"), again)


def _call_sentence(problem: str) -> str | None:
    """What is said differently of a call; None where the usual words fit."""
    away = _("We can’t call you right now. Please try again.")
    sentences = {
        "too_soon": _("We just called you. Please wait a moment before you ask again."),
        "number_unsupported": _("We can’t call this number. You can go on without a code."),
        "country_unsupported": _("We can’t call numbers of that country yet."),
        "maybe_sent": _("We couldn’t tell whether our call went out. Please try again. Only the newest code works."),
        "provider_slow": _("Our call takes too long to go out right now. Please try again."),
        "provider_busy": _("Too many calls are going out right now. Please try again in a minute."),
        "provider_down": away,
        "unexpected": away,
        "not_configured": _("Calling isn’t possible right now. You can go on without a code."),
    }
    return sentences.get(problem)


def bank_heading(problem: str) -> tuple[str, str]:
    """Heading and sentence when the bank step failed."""
    if problem == "login_required":
        return _("Your bank asks you to sign in again"), _("It isn’t you, and nothing is lost. It takes a moment.")
    if problem in ("access_revoked", "link_expired"):
        return _("The connection to your bank has ended"), _("It isn’t you, and nothing is lost. Connect it once more.")
    if problem in ("bank_unsupported", "no_accounts"):
        return _("Your bank couldn’t help here"), _("It has no accounts we could read. Go on another way.")
    if problem == "not_configured":
        return _("Connecting a bank isn’t possible right now"), _("It isn’t you. Please go on another way.")
    return _("Your bank isn’t answering right now"), _(
        "It isn’t you, and nothing is lost. It’s often back within minutes."
    )


def answer_sentence(key: str, reason: str) -> str:
    """Beside a field of the form."""
    if reason == "missing":
        return _missing(key)
    if reason.startswith("birth_"):
        return birth_words(reason.removeprefix("birth_"))
    sentences = {
        "email": _("Enter your whole email address, like name@example.com"),
        "four_digits": _("Enter the last four digits"),
        "zip": _("Enter a ZIP code with five digits"),
        "money": _("Enter an amount, like 1250"),
        "phone": _("Enter a mobile number with its area code, like 503 555 0142"),
        "long": _("This is too long. Use 120 letters at most."),
    }
    return sentences.get(reason) or _("Check this answer")


def _missing(key: str) -> str:
    sentences = {
        "first_name": _("Enter your first name"),
        "last_name": _("Enter your last name"),
        "email": _("Enter your email address"),
        "phone_number": _("Enter your mobile number"),
        "ssn_last_four": _("Enter the last four digits of your SSN"),
        "address": _("Enter your address"),
        "address_street": _("Enter your street and number"),
        "address_city": _("Enter your city"),
        "address_state": _("Choose your state"),
        "address_postal_code": _("Enter your ZIP code"),
        "housing_status": _("Choose whether you own or rent"),
        "employer_name": _("Enter the name of your employer"),
        "employment_type": _("Choose how you earn a living"),
        "income": _("Enter your income before tax"),
    }
    return sentences.get(key) or _("This answer is needed")


def message_sentence(problem: str) -> str:
    """When a link could not be sent."""
    if problem == "too_many":
        return _("We sent a few already. Use the newest one, or ask again in an hour.")
    return _("We can’t send a link right now. You can come back from where you started.")

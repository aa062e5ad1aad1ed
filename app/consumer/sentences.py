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
    problem = outcome.problem or ""
    left = outcome.tries_left or 0
    tries = ngettext("You have %(num)s try left.", "You have %(num)s tries left.", left)
    sentences = {
        "wrong_code": _("That code doesn’t match the last one we sent. Check the newest text and try again."),
        "malformed_code": _("Enter all six digits of the code."),
        "code_expired": _("That code has ended. Ask for a new one below."),
        "tries_used_up": _("That code can’t be used any more. Ask for a new one below."),
        "identity_mismatch": _(
            "The number and the date of birth don’t belong together. Change one of them and try again."
        ),
    }
    sentence = sentences.get(problem) or trouble_sentence(problem)
    return f"{sentence} {tries}" if problem in ("wrong_code", "malformed_code") and left else sentence


def trouble_sentence(problem: str) -> str:
    """For everything a provider or a limit can say."""
    sentences = {
        "too_soon": _("We just sent a text. Please wait a moment before you ask for another."),
        "no_more_codes": _("We can’t send more codes to this number today. You can go on without one."),
        "too_many_codes": _("This number has had too many codes. You can go on without one."),
        "number_locked": _("This number has had too many codes today. You can go on without one."),
        "number_invalid": _("This number doesn’t exist. Check it and try again."),
        "number_unsupported": _("This number can’t get our text. You can go on without a code."),
        "country_unsupported": _("We can’t text numbers of that country yet."),
        "not_eligible": _("We couldn’t match this number to you. You can go on without a code."),
        "identity_mismatch": _("The number and the date of birth don’t belong together. Check both and try again."),
        "provider_slow": _("The text service takes too long right now. Please try again."),
        "provider_busy": _("The text service is very busy right now. Please try again in a minute."),
        "not_configured": _("Texting isn’t possible right now. You can go on without a code."),
    }
    return sentences.get(problem) or _("The text service isn’t answering right now. Please try again.")


def bank_heading(problem: str) -> tuple[str, str]:
    """Heading and sentence when the bank step failed."""
    if problem in ("login_required", "access_revoked", "link_expired"):
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

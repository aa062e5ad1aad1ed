"""Connecting a person by a code in a text message."""

import uuid
from datetime import date
from typing import Any

import phonenumbers
from pydantic import Field

from app.emulators.context import Emulators
from app.emulators.spinwheel.assumptions import (
    CODE_LIFE,
    MINIMUM_AGE_YEARS,
    PENDING_CONNECTION_STATUS,
    WAIT_AFTER_WRONG_CODES,
    WRONG_CODES_ALLOWED,
    code_expires_at,
)
from app.emulators.spinwheel.envelope import Body, Refused
from app.emulators.spinwheel.profile import connect_profile
from app.emulators.spinwheel.state import Connection, State, User

SENDER = "Spinwheel"


class ConnectBody(Body):
    """`extUserId` on a first connect, `userId` on a further one; exactly one of them."""

    phoneNumber: str = Field(max_length=40)  # noqa: N815 - the provider's spelling
    dateOfBirth: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")  # noqa: N815
    extUserId: str | None = Field(default=None, min_length=1, max_length=255)  # noqa: N815
    userId: str | None = Field(default=None, min_length=1, max_length=255)  # noqa: N815
    audit: dict[str, Any] | None = None


class VerifyBody(Body):
    code: str = Field(pattern=r"^\d{6}$")


def send_code(state: State, shared: Emulators, body: ConnectBody) -> dict[str, Any]:
    """Sends the text and returns the connection that waits for the code. Raises Refused."""
    if (body.extUserId is None) == (body.userId is None):
        raise Refused("BAD_REQUEST", "Exactly one of extUserId and userId is required")
    birth = _birth(body.dateOfBirth, shared.store.now().date())
    phone_number = _us_number(body.phoneNumber, shared)
    persona = shared.personas.for_spinwheel(phone_number, birth)
    if persona.spinwheel.connect == "UNSUPPORTED_NUMBER":
        raise Refused("UNSUPPORTED_NUMBER")
    now = shared.store.now()
    user = _existing(state, body, phone_number)
    state.limits(phone_number).count_send(now)
    milliseconds = shared.store.clock.milliseconds()
    if user is None:
        user = User(str(uuid.uuid4()), body.extUserId, persona, phone_number, birth, milliseconds, milliseconds)
        state.users[user.user_id] = user
        if body.extUserId:
            state.user_ids[body.extUserId] = user.user_id
    user.connection = Connection(str(uuid.uuid4()), persona, phone_number, birth, now + CODE_LIFE)
    text = f"Your Spinwheel verification code is {persona.code}. It expires in 5 minutes."
    shared.store.send_text(phone_number, SENDER, text, persona.code)
    return {
        "userId": user.user_id,
        "extUserId": user.ext_user_id,
        "connectionId": user.connection.connection_id,
        "connectionStatus": PENDING_CONNECTION_STATUS,
        "sms": {
            "codeExpiresAt": code_expires_at(milliseconds + int(CODE_LIFE.total_seconds() * 1000)),
            "codeTimeoutSeconds": int(CODE_LIFE.total_seconds()),
        },
    }


def check_code(state: State, shared: Emulators, user_id: str, code: str) -> dict[str, Any]:
    """The profile once the code is right and the person is who the phone says. Raises Refused."""
    now = shared.store.now()
    user = state.user(user_id)
    connection = user.connection
    if connection is None:
        raise Refused("EXPIRED")
    limits = state.limits(connection.phone_number)
    limits.count_check(now)
    if connection.wrong >= WRONG_CODES_ALLOWED:
        raise Refused("MAX_ATTEMPTS_REACHED")
    if now >= connection.expires_at:
        raise Refused("EXPIRED")
    if code != connection.persona.code:
        connection.wrong += 1
        if connection.wrong >= WRONG_CODES_ALLOWED:
            limits.waits_until = now + WAIT_AFTER_WRONG_CODES
        raise Refused("INCORRECT")
    user.connection = None
    _judge_identity(connection, now.date())
    user.connect(connection, shared.store.clock.milliseconds())
    return {
        "userId": user.user_id,
        "extUserId": user.ext_user_id,
        "connectionId": connection.connection_id,
        "connectionStatus": "SUCCESS",
        "profile": connect_profile(user),
    }


def _judge_identity(connection: Connection, today: date) -> None:
    """Phone and date of birth are judged together, and only once the code was right."""
    outcome = connection.persona.spinwheel.connect
    if connection.persona.date_of_birth != connection.date_of_birth:
        raise Refused("FAILED_IDENTIFICATION_INFO_MISMATCH")
    if outcome != "ok":
        raise Refused(outcome)
    if _age(connection.date_of_birth, today) < MINIMUM_AGE_YEARS:
        raise Refused("FAILED_ELIGIBILITY")


def _existing(state: State, body: ConnectBody, phone_number: str) -> User | None:
    """A second connect with the same extUserId sends a new code to the same user."""
    if body.userId is not None:
        return state.user(body.userId)
    user_id = state.user_ids.get(body.extUserId or "")
    if user_id is None:
        return None
    user = state.users[user_id]
    if user.connected and user.phone_number != phone_number:
        raise Refused("USER_CONFLICT")
    return user


def _us_number(value: str, shared: Emulators) -> str:
    if shared.personas.by_phone(value) and value.startswith("+1"):
        return value
    try:
        number = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        raise Refused("INVALID_NUMBER") from None
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if written != value or not phonenumbers.is_valid_number(number):
        raise Refused("INVALID_NUMBER")
    if phonenumbers.region_code_for_number(number) != "US":
        raise Refused("UNSUPPORTED_COUNTRY_CODE")
    return written


def _birth(value: str, today: date) -> date:
    try:
        birth = date.fromisoformat(value)
    except ValueError:
        raise Refused("BAD_REQUEST", "dateOfBirth: not a date") from None
    if birth >= today:
        raise Refused("BAD_REQUEST", "dateOfBirth: not in the past")
    return birth


def _age(birth: date, today: date) -> int:
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))

"""Connecting a person by a code in a text message."""

import uuid
from datetime import date
from typing import Any

import phonenumbers
from pydantic import Field

from app.emulators.context import Emulators
from app.emulators.persona_models import Persona
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
from app.emulators.spinwheel.risk import assessments
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
    birth = judged_birth(body, shared)
    phone_number = us_number(body.phoneNumber, shared)
    persona = shared.personas.for_spinwheel(phone_number, birth)
    if persona.spinwheel.connect == "UNSUPPORTED_NUMBER":
        raise Refused("UNSUPPORTED_NUMBER")
    now = shared.store.now()
    _refuse_conflict(state, body, phone_number)
    state.limits(phone_number).count_send(now)
    milliseconds = shared.store.clock.milliseconds()
    user = known_user(state, shared, body, persona, phone_number, birth)
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
    return connected(state, shared, user, connection)


def connected(state: State, shared: Emulators, user: User, connection: Connection) -> dict[str, Any]:
    """The phone is proven: the person is judged and, if it is the right one, connected. Raises Refused."""
    _judge_identity(connection, shared.store.now().date())
    user.connect(connection, shared.store.clock.milliseconds())
    return {
        "userId": user.user_id,
        "extUserId": user.ext_user_id,
        "connectionId": connection.connection_id,
        "connectionStatus": "SUCCESS",
        "profile": connect_profile(user),
        **assessments(state, connection.persona),
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


def known_user(
    state: State, shared: Emulators, body: ConnectBody, persona: Persona, phone_number: str, birth: date
) -> User:
    """The user of the ids in the body, made where it is a first connect. Raises Refused."""
    user = _existing(state, body)
    _refuse_conflict(state, body, phone_number)
    if user is None:
        now = shared.store.clock.milliseconds()
        user = User(str(uuid.uuid4()), body.extUserId, persona, phone_number, birth, now, now)
        state.users[user.user_id] = user
        if body.extUserId:
            state.user_ids[body.extUserId] = user.user_id
    return user


def _existing(state: State, body: ConnectBody) -> User | None:
    """A second connect with the same extUserId is about the same user."""
    if body.userId is not None:
        return state.user(body.userId)
    return state.users.get(state.user_ids.get(body.extUserId or "", ""))


def _refuse_conflict(state: State, body: ConnectBody, phone_number: str) -> None:
    user = _existing(state, body)
    if body.userId is None and user is not None and user.connected and user.phone_number != phone_number:
        raise Refused("USER_CONFLICT")


def us_number(value: str, shared: Emulators) -> str:
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


def judged_birth(body: ConnectBody, shared: Emulators) -> date:
    """The date of birth, of a body that names the person in one way. Raises Refused."""
    if (body.extUserId is None) == (body.userId is None):
        raise Refused("BAD_REQUEST", "Exactly one of extUserId and userId is required")
    today = shared.store.now().date()
    try:
        birth = date.fromisoformat(body.dateOfBirth)
    except ValueError:
        raise Refused("BAD_REQUEST", "dateOfBirth: not a date") from None
    if birth >= today:
        raise Refused("BAD_REQUEST", "dateOfBirth: not in the past")
    return birth


def _age(birth: date, today: date) -> int:
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))

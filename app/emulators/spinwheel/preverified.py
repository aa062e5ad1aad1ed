"""Connecting a person whose phone somebody else has proven: one call, no code."""

import uuid
from typing import Any, Literal

from pydantic import Field

from app.emulators.context import Emulators
from app.emulators.spinwheel.assumptions import PREVERIFIED_SENTENCE
from app.emulators.spinwheel.connect import ConnectBody, connected, judged_birth, known_user, us_number
from app.emulators.spinwheel.envelope import Body, Refused
from app.emulators.spinwheel.state import Connection, State

Day = r"^\d{4}-\d{2}-\d{2}$"


class Audit(Body):
    """Who proved the phone how and when, and when the person agreed."""

    verificationDate: str = Field(pattern=Day)  # noqa: N815 - the provider's spelling
    userConsentDate: str = Field(pattern=Day)  # noqa: N815
    verificationType: Literal["SMS", "PHONE_CALL", "KYC", "CREDIT_REPORT"]  # noqa: N815


class PreverifiedBody(Body):
    """As a connect by text, but that the audit must be there."""

    phoneNumber: str = Field(max_length=40)  # noqa: N815
    dateOfBirth: str = Field(pattern=Day)  # noqa: N815
    extUserId: str | None = Field(default=None, min_length=1, max_length=255)  # noqa: N815
    userId: str | None = Field(default=None, min_length=1, max_length=255)  # noqa: N815
    audit: Audit


def connect(state: State, shared: Emulators, body: PreverifiedBody) -> dict[str, Any]:
    """The profile at once. Raises Refused, also where the credential or the persona is not enabled for it."""
    if not state.switches.preverified:
        raise Refused("PRODUCT_NOT_ENABLED", PREVERIFIED_SENTENCE)
    asked = ConnectBody(**body.model_dump(exclude={"audit"}))
    birth = judged_birth(asked, shared)
    phone_number = us_number(body.phoneNumber, shared)
    persona = shared.personas.for_spinwheel(phone_number, birth)
    if not persona.spinwheel.preverified:
        raise Refused("PRODUCT_NOT_ENABLED", PREVERIFIED_SENTENCE)
    user = known_user(state, shared, asked, persona, phone_number, birth)
    now = shared.store.now()
    return connected(state, shared, user, Connection(str(uuid.uuid4()), persona, phone_number, birth, now))

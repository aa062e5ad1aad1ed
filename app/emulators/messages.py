"""The mail half of the inbox: takes what would have left by SMTP, as JSON, and keeps the newest."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.emulators.context import Emulators, emulators

MAILS_KEPT = 100

blueprint = Blueprint("messages", __name__)


class NewMail(BaseModel):
    model_config = ConfigDict(extra="forbid")

    to: str = Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)
    sender: str = Field(min_length=1, max_length=300)
    subject: str = Field(min_length=1, max_length=300)
    text: str = Field(min_length=1, max_length=20_000)
    html: str = Field(min_length=1, max_length=100_000)


@dataclass(frozen=True)
class Mail:
    """One mail, as its reader would see it."""

    to: str
    sender: str
    subject: str
    text: str
    html: str
    sent_at: datetime


def _empty() -> deque[Mail]:
    return deque(maxlen=MAILS_KEPT)


def mails(shared: Emulators) -> list[Mail]:
    """Newest first."""
    with shared.store.lock:
        return list(shared.store.state("inbox", "mails", _empty))


@blueprint.errorhandler(ValidationError)
def wrong_mail(error: ValidationError) -> ResponseReturnValue:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return {"error": f"/{'/'.join(str(part) for part in first['loc'])} is wrong: {first['msg']}."}, 400


@blueprint.post("/inbox/mails")
def take() -> ResponseReturnValue:
    """Keep one mail. A page of another site cannot send what this reads, which is JSON alone."""
    mail = NewMail.model_validate(request.get_json())
    shared = emulators()
    with shared.store.lock:
        kept = shared.store.state("inbox", "mails", _empty)
        kept.appendleft(Mail(**mail.model_dump(), sent_at=shared.store.now()))
    return {"kept": True}, 201

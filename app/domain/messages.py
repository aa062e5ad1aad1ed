"""Messages to a consumer: a link to go on with, asked for on a page, sent by the worker.

The link is made in the moment of sending, so its token is kept nowhere but in the message.
"""

import uuid
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from sqlalchemy.orm import Session

from app.domain.connections import NoConnectionError, connection
from app.domain.events import record
from app.domain.flow import OPEN
from app.domain.ids import wire_id
from app.domain.jobs import ClaimedJob, Retry, enqueue
from app.domain.launch import add_link
from app.domain.limits import MESSAGES, MESSAGES_TO, spend_one
from app.domain.message_texts import day_words, later_mail, later_text, speaker
from app.domain.onboardings import current_status
from app.domain.prefill.validation import AnswerError, read_answer
from app.domain.services import Services
from app.domain.tenant_settings import settings_of
from app.domain.verifiers import surely_unsent
from app.models import Onboarding
from app.models.session import Scope
from app.models.vault import vault
from app.providers.errors import ProviderError
from app.providers.messages import Email, EmailSender, InboxSender
from app.providers.messages_smtp import SmtpSender
from app.providers.twilio_messages import TwilioMessagesClient

Channel = Literal["text", "email"]
# Tries of one message; the consumer has left by then, and can ask again.
TRIES = 4


@dataclass(frozen=True)
class _Text:
    phone_number: str = field(repr=False)
    body: str = field(repr=False)


def can_text(services: Services, session: Session, onboarding: Onboarding) -> bool:
    """Whether a text can reach this consumer: the phone is proven and there is a number to send from."""
    if onboarding.phone_verified_at is None:
        return False
    try:
        return _texter(services, session, onboarding) is not None
    except NoConnectionError:
        return False


def can_mail(services: Services) -> bool:
    """Whether mails can be sent at all."""
    return bool(services.email.credentials["email_url"])


def ask_for_link(
    services: Services, session: Session, onboarding: Onboarding, channel: Channel, email: str = ""
) -> str | None:
    """Have a link sent; None when it is on its way, else a word for what is wrong.

    The words: `missing`, `email`, `long` and `invalid` for the address, `unavailable`, `too_many`.
    """
    scope, scale = Scope(onboarding.tenant_id, onboarding.mode), services.limit_scale
    possible = can_text(services, session, onboarding) if channel == "text" else can_mail(services)
    if not possible:
        return "unavailable"
    if channel == "email":
        try:
            address = str(read_answer("email", {"email": email}, required=True))
        except AnswerError as error:
            return error.errors["email"]
    else:
        address = str(vault(session).open(onboarding, "phone_number"))
    if not spend_one(session, MESSAGES, wire_id("onboarding", onboarding.id), scale):
        return "too_many"
    if not spend_one(session, MESSAGES_TO, f"{onboarding.mode}:{address.lower()}", scale):
        return "too_many"
    if channel == "email":
        vault(session).seal(onboarding, "contact_email", address)
    record(session, onboarding, "message.asked", {"channel": channel})
    enqueue(session, "message.send", scope, {"onboarding_id": str(onboarding.id), "channel": channel})
    return None


def send_message(services: Services, job: ClaimedJob) -> None:
    """`message.send`: make the link, then send it. Repeated where that costs nothing; a failure is only noted."""
    assert job.scope is not None
    onboarding_id, channel = uuid.UUID(job.payload["onboarding_id"]), job.payload["channel"]
    try:
        with services.database.session(job.scope) as session:
            onboarding = session.get_one(Onboarding, onboarding_id)
            if current_status(onboarding) not in OPEN:
                return
            message = _written(services, session, onboarding, channel)
            texter = _texter(services, session, onboarding) if isinstance(message, _Text) else None
    except NoConnectionError:
        message = None
    outcome = "unavailable" if message is None else ""
    try:
        if isinstance(message, _Text) and texter is not None:
            texter.send(message.phone_number, message.body)
        elif isinstance(message, Email):
            _mailer(services).send(message)
    except ProviderError as error:
        # A text costs money, and its link was perhaps read: one that may have left is not sent again.
        again = channel == "email" or surely_unsent(error)
        if error.retryable and again and job.attempts < TRIES:
            raise Retry(error.code) from None
        outcome = error.reason.value
    with services.database.session(job.scope) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        if outcome:
            record(session, onboarding, "message.failed", {"channel": channel, "why": outcome})
        else:
            record(session, onboarding, "message.sent", {"channel": channel})


def _written(services: Services, session: Session, onboarding: Onboarding, channel: Channel) -> _Text | Email | None:
    """The message with a fresh link; None where nobody can be reached that way any more."""
    keep = vault(session)
    to = keep.open(onboarding, "phone_number" if channel == "text" else "contact_email")
    able = can_text(services, session, onboarding) if channel == "text" else can_mail(services)
    if to is None or not able:
        return None
    _, branding = settings_of(session, onboarding.settings_version)
    url = f"{services.app_url}/o/{add_link(session, onboarding, 'later', onboarding.expires_at)}"
    _ = speaker(onboarding.locale)
    if channel == "text":
        return _Text(to, later_text(_, branding, url))
    return later_mail(_, branding, to, url, day_words(onboarding.expires_at, onboarding.locale))


def _texter(services: Services, session: Session, onboarding: Onboarding) -> TwilioMessagesClient | None:
    """The client that texts for this tenant; None where the connection has no number. Raises NoConnectionError."""
    scope = Scope(onboarding.tenant_id, onboarding.mode)
    twilio = connection(services, session, scope, "twilio")
    settings, secrets = twilio.settings, twilio.credentials
    if not settings["from_number"]:
        return None
    return _twilio(
        settings["messages_base_url"],
        secrets["account_sid"],
        secrets["auth_token"],
        settings["from_number"],
        twilio.wire_id,
    )


@lru_cache(maxsize=256)
def _twilio(base_url: str, account_sid: str, auth_token: str, from_number: str, key: str) -> TwilioMessagesClient:
    return TwilioMessagesClient(base_url, account_sid, auth_token, from_number, connection_key=key)


def _mailer(services: Services) -> EmailSender:
    return _email(services.email.credentials["email_url"], services.email.settings["email_from"])


@lru_cache(maxsize=8)
def _email(url: str, sender: str) -> EmailSender:
    return InboxSender(url, sender) if url.startswith("http") else SmtpSender(url, sender)

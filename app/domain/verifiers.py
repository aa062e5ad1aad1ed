"""Who sends a code and judges it: Spinwheel by text, Twilio Verify by text and by call.

A code is judged by whoever sent it. Which one sends follows the tenant's settings and who was away lately.
"""

import datetime as dt
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.connections import NoConnectionError, connection, spinwheel_client, twilio_client
from app.domain.services import Services
from app.domain.tenant_settings import FlowSettings
from app.models import Event, Onboarding, PhoneVerificationSession, utcnow
from app.models.session import Scope
from app.providers.errors import ProviderError, Reason
from app.providers.spinwheel import SpinwheelClient
from app.providers.spinwheel_records import Connected
from app.providers.twilio_verify import TwilioVerifyClient

SMS, VOICE = "sms", "voice"
# So long the outage of one send, or who stepped in for it, decides who sends the next one.
REMEMBERED = dt.timedelta(minutes=10)
# Failures before anything reached the verifier. After all others that it did not answer, a code may be on its way.
_NEVER_LEFT = frozenset({"connect_failed", "tls_failed", "deadline_passed", "circuit_open", "bulkhead_full"})
_MAYBE_DONE = frozenset({408, 504})
# What one verifier refuses and another may do: our own budgets have allowed it.
_WILL_NOT = frozenset({Reason.NOT_CONFIGURED, Reason.COUNTRY_UNSUPPORTED, Reason.NUMBER_LOCKED, Reason.TOO_MANY_CODES})


@dataclass(frozen=True)
class Recipient:
    """Whom a code goes to, as each verifier needs it. `replaces` is the verifier's id of the code this one ends."""

    phone_number: str = field(repr=False)
    date_of_birth: str = field(repr=False)
    user_id: str | None = field(repr=False)
    external: str
    locale: str
    replaces: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Sent:
    """A code on its way. `reference` is what the verifier asks for when it judges it."""

    reference: str = field(repr=False)
    expires_at: dt.datetime


class Verifier(Protocol):
    """Sends codes by its `methods` and judges them. Both calls raise `ProviderError`, outside any transaction."""

    @property
    def name(self) -> str:
        """As rows and events call it."""

    @property
    def methods(self) -> tuple[str, ...]:
        """`sms`, `voice` or both."""

    def send(self, to: Recipient, method: str) -> Sent:
        """Send a code."""

    def check(self, reference: str, code: str) -> Connected | None:
        """Returns when the code is right: with whom it connected, where the verifier knows persons."""


@dataclass(frozen=True)
class SpinwheelVerifier:
    """Its reference is the person's id there, and a right code opens the person's profile."""

    client: SpinwheelClient
    name: str = "spinwheel"
    methods: tuple[str, ...] = (SMS,)

    def send(self, to: Recipient, method: str) -> Sent:  # noqa: ARG002 - there is one method
        sent = self.client.connect_sms(
            to.phone_number,
            to.date_of_birth,
            ext_user_id=None if to.user_id else to.external,
            user_id=to.user_id,
            consent_at=utcnow(),
        )
        return Sent(sent.user_id, sent.expires_at)

    def check(self, reference: str, code: str) -> Connected | None:
        return self.client.verify_sms(reference, code)


@dataclass(frozen=True)
class TwilioVerifier:
    """Proves that somebody holds the phone, and knows nothing else about them."""

    client: TwilioVerifyClient
    name: str = "twilio"
    methods: tuple[str, ...] = (SMS, VOICE)

    def send(self, to: Recipient, method: str) -> Sent:
        earlier = to.replaces.get(self.name)
        if earlier is not None:
            # Otherwise the same code would come again, with the tries that were made on it.
            self.client.cancel_code(earlier)
        sent = self.client.send_code(to.phone_number, method, to.locale)
        return Sent(sent.sid, sent.expires_at)

    def check(self, reference: str, code: str) -> Connected | None:
        self.client.check_code(reference, code)
        return None


def verifiers_of(services: Services, session: Session, scope: Scope) -> dict[str, Verifier]:
    """Those the tenant has a connection for, by name; the one to prefer comes first."""
    found: dict[str, Verifier] = {}
    with suppress(NoConnectionError):
        found["spinwheel"] = SpinwheelVerifier(spinwheel_client(connection(services, session, scope, "spinwheel")))
    with suppress(NoConnectionError):
        twilio = connection(services, session, scope, "twilio")
        if twilio.settings["service_sid"]:
            found["twilio"] = TwilioVerifier(twilio_client(twilio))
    return found


def methods_of(flow: FlowSettings, found: Mapping[str, Verifier]) -> tuple[str, ...]:
    """How a consumer can be sent a code here, the usual way first."""
    wanted = (SMS, VOICE) if flow.verification_method == "both" else (flow.verification_method,)
    return tuple(method for method in wanted if any(method in verifier.methods for verifier in found.values()))


def method_for(flow: FlowSettings, found: Mapping[str, Verifier], asked: str | None) -> str:
    """The method that was asked for, if it can be had, else the usual one."""
    offered = methods_of(flow, found)
    if asked in offered:
        return str(asked)
    return offered[0] if offered else VOICE if flow.verification_method == VOICE else SMS


def senders(session: Session, onboarding: Onboarding, found: Mapping[str, Verifier], method: str) -> list[Verifier]:
    """Who may send now, in the order to be tried: whoever failed last comes last, and who stepped in goes on."""
    since = utcnow() - REMEMBERED
    sent = session.scalars(
        select(PhoneVerificationSession)
        .where(
            PhoneVerificationSession.onboarding_id == onboarding.id,
            PhoneVerificationSession.verification_method == method,
            PhoneVerificationSession.created_at > since,
        )
        .order_by(PhoneVerificationSession.created_at.desc())
        .limit(1)
    ).one_or_none()
    failed = session.scalars(
        select(Event)
        .where(Event.onboarding_id == onboarding.id, Event.type == "code.failed", Event.occurred_at > since)
        .order_by(Event.sequence.desc())
        .limit(1)
    ).one_or_none()
    if failed is not None and sent is not None and failed.occurred_at < sent.created_at:
        failed = None
    avoided = failed.data["verifier"] if failed is not None and failed.data["method"] == method else None
    preferred = sent.verifier if sent is not None else None
    able = [verifier for verifier in found.values() if method in verifier.methods]
    return sorted(able, key=lambda verifier: (verifier.name == avoided, verifier.name != preferred))


def may_step_in(error: ProviderError) -> bool:
    """Whether somebody else may send in this one's place: it is away or will not, and surely sent nothing."""
    return (error.is_outage or error.reason in _WILL_NOT) and surely_unsent(error)


def surely_unsent(error: ProviderError) -> bool:
    """Whether no code can be on its way: nothing left, or the verifier itself said that it failed."""
    if error.operation == "cancel_code" or error.code in _NEVER_LEFT:
        return True
    return error.http_status is not None and error.http_status >= 400 and error.http_status not in _MAYBE_DONE

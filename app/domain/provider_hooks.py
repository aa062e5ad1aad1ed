"""What providers tell us: verified, stored once, worked by a job."""

import hashlib
import hmac
import json
import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.domain.bank_news import take_item_news
from app.domain.bank_tokens import take_public_tokens
from app.domain.connections import Connection, NoConnectionError, connection_by_id, plaid_client
from app.domain.ids import parse_id
from app.domain.jobs import ClaimedJob, enqueue
from app.domain.layer_proof import note_passed
from app.domain.services import Services
from app.models import Onboarding, ProviderEvent, ProviderLink, utcnow
from app.models.session import Scope
from app.models.vault import vault
from app.providers.errors import ProviderError
from app.providers.plaid_records import Jwk
from app.providers.plaid_webhooks import WebhookRefusedError, verify
from app.providers.webhook_keys import KeyCache, KeyFetchRefusedError

_KEYS = KeyCache()


class UnknownConnectionError(Exception):
    """No connection of this provider has this id."""


class HookRefusedError(Exception):
    """Not proven to come from the provider."""


class KeyAwayError(Exception):
    """The key that would prove it cannot be asked for now; the provider sends it again later."""


def receive_plaid(services: Services, wire: str, signature: str, raw: bytes) -> None:
    """Verify and keep what Plaid sent to the address of this connection.

    Raises:
        UnknownConnectionError, HookRefusedError, KeyAwayError: see there.
    """
    scope, plaid = find_connection(services, "plaid", wire)
    try:
        verify(signature, raw, lambda kid: webhook_key(plaid, kid), utcnow())
    except WebhookRefusedError:
        raise HookRefusedError from None
    except (ProviderError, KeyFetchRefusedError):
        raise KeyAwayError from None
    body = _object(raw)
    store_event(services, scope, "plaid", f"{body.get('webhook_type')}/{body.get('webhook_code')}", raw, body)


def receive_spinwheel(services: Services, wire: str, secret: str, raw: bytes) -> None:
    """Verify and keep what Spinwheel sent. A connection without a secret takes nothing.

    Raises:
        UnknownConnectionError, HookRefusedError: see there.
    """
    scope, spinwheel = find_connection(services, "spinwheel", wire)
    expected = spinwheel.credentials.get("webhook_secret", "")
    if not expected or not hmac.compare_digest(secret.encode(), expected.encode()):
        raise HookRefusedError
    body = _object(raw)
    store_event(services, scope, "spinwheel", str(body.get("eventType")), raw, body)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise HookRefusedError from None
    if not isinstance(body, dict):
        raise HookRefusedError
    return body


def find_connection(services: Services, provider: str, wire: str) -> tuple[Scope, Connection]:
    """Whose connection the id in a hook's path is; `UnknownConnectionError` where there is none."""
    connection_id = parse_id("connection", wire)
    if connection_id is None:
        raise UnknownConnectionError
    with services.database.session(read_only=True) as session:
        link = _find(session, "connection", f"connection:{connection_id}")
        if link is None:
            raise UnknownConnectionError
        scope = Scope(link.tenant_id, link.mode)
    try:
        with services.database.session(scope, read_only=True) as session:
            return scope, connection_by_id(services, session, scope, provider, connection_id)
    except NoConnectionError:
        raise UnknownConnectionError from None


def _find(session: Session, kind: str, name: str) -> ProviderLink | None:
    digest = vault(session).digest(name)
    return session.scalars(
        select(ProviderLink).where(ProviderLink.kind == kind, ProviderLink.digest == digest)
    ).one_or_none()


def webhook_key(plaid: Connection, kid: str) -> Jwk | None:
    """Plaid's public key of this id, asked for with this connection's own credentials, and kept for a while."""
    return _KEYS.get(plaid.wire_id, kid, plaid_client(plaid).get_webhook_key)


def store_event(services: Services, scope: Scope, provider: str, kind: str, raw: bytes, body: dict[str, Any]) -> bool:
    """Keep a verified webhook and have it worked; False when the same one was kept before."""
    digest = hashlib.sha256(raw).digest()
    event = ProviderEvent(tenant_id=scope.tenant_id, mode=scope.mode, provider=provider, kind=kind[:64], digest=digest)
    try:
        return _keep(services, scope, event, body)
    except IntegrityError:
        # Either the same webhook came at the same moment, or another one made the tenant's key first.
        return _keep(services, scope, event, body)


def _keep(services: Services, scope: Scope, event: ProviderEvent, body: dict[str, Any]) -> bool:
    with services.database.session(scope) as session:
        known = select(ProviderEvent.id).where(ProviderEvent.digest == event.digest)
        if session.scalar(known) is not None:
            return False
        vault(session).seal(event, "body", body)
        session.add(event)
        session.flush()
        enqueue(session, "provider.event", scope, {"provider_event_id": str(event.id)})
    return True


def handle_event(services: Services, job: ClaimedJob) -> None:
    """`provider.event`: a finished Layer session is taken even if the consumer's browser died before telling us."""
    assert job.scope is not None
    with services.database.session(job.scope) as session:
        event = session.get_one(ProviderEvent, uuid.UUID(job.payload["provider_event_id"]))
        if event.handled_at is not None:
            return
        event.handled_at = utcnow()
        body = vault(session).open(event, "body")
        vault(session).seal(event, "body", None)
        onboarding_id = _onboarding_of(session, body.get("link_token"))
        if event.kind == "LAYER/LAYER_AUTHENTICATION_PASSED" and onboarding_id is not None:
            note_passed(session, session.get_one(Onboarding, onboarding_id), body.get("link_token"))
        if event.kind == "LINK/SESSION_FINISHED" and onboarding_id is not None:
            _take_session(session, onboarding_id, body)
        if event.kind.startswith("ITEM/"):
            take_item_news(session, event.kind, body)


def _onboarding_of(session: Session, link_token: Any) -> uuid.UUID | None:
    if not isinstance(link_token, str):
        return None
    link = _find(session, "link_token", f"link_token:{link_token}")
    return link.target_id if link else None


def _take_session(session: Session, onboarding_id: uuid.UUID, body: dict[str, Any]) -> None:
    tokens = [token for token in body.get("public_tokens") or [] if isinstance(token, str)]
    onboarding = session.get(Onboarding, onboarding_id)
    if onboarding is None or body.get("status") != "SUCCESS" or not tokens:
        return
    take_public_tokens(session, onboarding, tokens, body.get("link_token"))

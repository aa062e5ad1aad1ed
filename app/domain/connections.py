"""A tenant's accounts at the providers: its own, or in test mode the installation's."""

import uuid
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.ids import wire_id
from app.domain.services import CONNECTION_NAMESPACE, ProviderDefaults, Services
from app.models import Mode, ProviderConnection, ProviderLink
from app.models.session import Scope
from app.models.vault import vault
from app.providers.plaid import PlaidClient
from app.providers.spinwheel import SpinwheelClient
from app.providers.twilio_verify import TwilioVerifyClient

PROVIDERS = ("plaid", "spinwheel", "twilio")
# Those that call us back.
HOOKED = ("plaid", "spinwheel")
# Live data goes to the providers themselves and to nobody else, whatever a setting says.
LIVE_HOSTS = {
    "plaid": {"base_url": {"production.plaid.com"}, "link_url": {"cdn.plaid.com"}},
    "spinwheel": {"base_url": {"api.spinwheel.io"}, "secure_base_url": {"secure-api.spinwheel.io"}},
    "twilio": {"base_url": {"verify.twilio.com"}, "messages_base_url": {"api.twilio.com"}},
}
SETTING_NAMES = {
    "plaid": ("base_url", "link_url", "template_id"),
    "spinwheel": ("base_url", "secure_base_url"),
    # A Verify service for codes, a number of the account's for other texts; what is empty is not done.
    "twilio": ("base_url", "messages_base_url", "service_sid", "from_number"),
}
# Settings that may be left out, with what they may say; the first is meant where nothing is said.
CHOICES: dict[str, dict[str, tuple[str, ...]]] = {
    "plaid": {"oauth_return": ("off", "on")},
    "spinwheel": {"preverified": ("off", "on")},
    "twilio": {},
}
CREDENTIAL_NAMES = {
    "plaid": ("client_id", "secret"),
    "spinwheel": ("api_key", "webhook_secret"),
    "twilio": ("account_sid", "auth_token"),
}


class NoConnectionError(Exception):
    """The tenant has no connection to this provider in this mode."""


@dataclass(frozen=True)
class Connection:
    """Where and as whom a provider is asked."""

    id: uuid.UUID
    provider: str
    settings: dict[str, str]
    credentials: dict[str, str] = field(repr=False)

    @property
    def wire_id(self) -> str:
        """The id in the path of the provider's webhooks."""
        return wire_id("connection", self.id)


def default_connection_id(scope: Scope, provider: str) -> uuid.UUID:
    """The id of the installation's connection as this tenant uses it."""
    return uuid.uuid5(CONNECTION_NAMESPACE, f"{scope.tenant_id}:{scope.mode}:{provider}")


def connection(services: Services, session: Session, scope: Scope, provider: str) -> Connection:
    """The tenant's own newest connection, else the installation's in test mode.

    Raises:
        NoConnectionError: there is neither.
    """
    row = session.scalars(
        select(ProviderConnection)
        .where(ProviderConnection.provider == provider, ProviderConnection.disabled_at.is_(None))
        .order_by(ProviderConnection.created_at.desc())
        .limit(1)
    ).one_or_none()
    if row is not None:
        return _own(session, row)
    return _default(services, scope, provider)


def connection_by_id(
    services: Services, session: Session, scope: Scope, provider: str, connection_id: uuid.UUID
) -> Connection:
    """The connection that an onboarding began with, whichever is the newest by now.

    Raises:
        NoConnectionError: it is disabled, of the other provider, or gone.
    """
    row = session.get(ProviderConnection, connection_id)
    if row is not None and row.provider == provider and row.disabled_at is None:
        return _own(session, row)
    if connection_id == default_connection_id(scope, provider):
        return _default(services, scope, provider)
    raise NoConnectionError(f"no such {provider} connection in {scope.mode} mode")


def _own(session: Session, row: ProviderConnection) -> Connection:
    return Connection(row.id, row.provider, dict(row.settings), vault(session).open(row, "credentials"))


def _default(services: Services, scope: Scope, provider: str) -> Connection:
    defaults: ProviderDefaults = getattr(services, provider)
    if scope.mode != Mode.TEST or not all(defaults.credentials.get(name) for name in CREDENTIAL_NAMES[provider][:1]):
        raise NoConnectionError(f"no {provider} connection in {scope.mode} mode")
    return Connection(default_connection_id(scope, provider), provider, defaults.settings, defaults.credentials)


def add_connection(
    session: Session, scope: Scope, provider: str, name: str, settings: dict[str, str], credentials: dict[str, str]
) -> ProviderConnection:
    """Keep a tenant's own account at a provider.

    Raises:
        ValueError: a name is missing or unknown, or a live connection points anywhere but at the provider.
    """
    check_connection(scope.mode, provider, settings, credentials)
    row = ProviderConnection(
        tenant_id=scope.tenant_id, mode=scope.mode, provider=provider, name=name, settings=settings
    )
    vault(session).seal(row, "credentials", credentials)
    session.add(row)
    session.flush()
    if provider in HOOKED:
        add_hook_link(session, scope, row.id)
    return row


def list_connections(session: Session) -> list[ProviderConnection]:
    """The tenant's own, newest first."""
    return list(session.scalars(select(ProviderConnection).order_by(ProviderConnection.created_at.desc())))


def usual_settings(services: Services, scope: Scope, provider: str) -> dict[str, str]:
    """What a connection's settings are unless somebody says otherwise."""
    if scope.mode == Mode.LIVE:
        return {name: f"https://{min(hosts)}" for name, hosts in LIVE_HOSTS[provider].items()}
    defaults: ProviderDefaults = getattr(services, provider)
    # What the installation's own account may do, a tenant's need not.
    return {name: value for name, value in defaults.settings.items() if name not in CHOICES[provider]}


def check_connection(mode: str, provider: str, settings: dict[str, str], credentials: dict[str, str]) -> None:
    """Refuse what could not work or could leak; see `add_connection`."""
    choices = CHOICES[provider]
    if set(settings) - set(choices) != set(SETTING_NAMES[provider]):
        raise ValueError(f"settings of {provider} are {', '.join((*SETTING_NAMES[provider], *choices))}")
    for name, words in choices.items():
        if settings.get(name, words[0]) not in words:
            raise ValueError(f"{name} is one of {', '.join(words)}")
    if set(credentials) != set(CREDENTIAL_NAMES[provider]):
        raise ValueError(f"credentials of {provider} are {', '.join(CREDENTIAL_NAMES[provider])}")
    if mode != Mode.LIVE:
        return
    for name, hosts in LIVE_HOSTS[provider].items():
        parts = urlsplit(settings[name])
        if parts.scheme != "https" or parts.netloc not in hosts:
            raise ValueError(f"{name}: a live connection points at the provider itself")


def add_hook_link(session: Session, scope: Scope, connection_id: uuid.UUID) -> None:
    """Let a provider's webhook find its tenant by the connection in its path."""
    session.add(
        ProviderLink(
            tenant_id=scope.tenant_id,
            mode=scope.mode,
            kind="connection",
            digest=vault(session).digest(f"connection:{connection_id}"),
            target_id=connection_id,
        )
    )


@lru_cache(maxsize=256)
def _plaid(base_url: str, client_id: str, secret: str, key: str) -> PlaidClient:
    return PlaidClient(base_url, client_id, secret, connection_key=key)


@lru_cache(maxsize=256)
def _spinwheel(base_url: str, secure_base_url: str, api_key: str, key: str) -> SpinwheelClient:
    return SpinwheelClient(base_url, secure_base_url, api_key, connection_key=key)


@lru_cache(maxsize=256)
def _twilio(base_url: str, account_sid: str, auth_token: str, service_sid: str, key: str) -> TwilioVerifyClient:
    return TwilioVerifyClient(base_url, account_sid, auth_token, service_sid, connection_key=key)


def plaid_client(plaid: Connection) -> PlaidClient:
    """The client of a connection; kept, because it holds the connection's sockets and circuit breakers."""
    secrets = plaid.credentials
    return _plaid(plaid.settings["base_url"], secrets["client_id"], secrets["secret"], plaid.wire_id)


def spinwheel_client(spinwheel: Connection) -> SpinwheelClient:
    """The client of a connection; see `plaid_client`."""
    settings = spinwheel.settings
    return _spinwheel(
        settings["base_url"], settings["secure_base_url"], spinwheel.credentials["api_key"], spinwheel.wire_id
    )


def twilio_client(twilio: Connection) -> TwilioVerifyClient:
    """The client of a connection's Verify service; see `plaid_client`."""
    settings, secrets = twilio.settings, twilio.credentials
    return _twilio(
        settings["base_url"],
        secrets["account_sid"],
        secrets["auth_token"],
        settings["service_sid"],
        twilio.wire_id,
    )

"""Settings become `Services`: the one place where they meet the domain."""

from pydantic import BaseModel, SecretStr

from app.domain.services import ProviderDefaults, Services
from app.models.session import Database, transaction_open
from app.providers.base import set_transaction_check, set_up_calls
from app.security.key_ring import RootKeyring
from config.settings import Settings


def make_services(settings: Settings) -> Services:
    """The database and the default provider connections of an installation."""
    set_transaction_check(transaction_open)
    set_up_calls(settings.web_threads, settings.redis_url.get_secret_value() if settings.redis_url else None)
    database = Database(
        settings.database_url.get_secret_value(),
        role=settings.database_role,
        keyring=RootKeyring.from_base64(settings.root_key_list()),
        hash_key=settings.hash_key_bytes(),
        pool_size=settings.database_pool_size,
    )
    return Services(
        database=database,
        app_url=settings.app_url,
        allow_private_callbacks=settings.allow_private_callbacks,
        limit_scale=settings.limit_scale,
        plaid=_defaults(settings.plaid, "client_id", "secret"),
        spinwheel=_defaults(settings.spinwheel, "api_key", "webhook_secret"),
        twilio=_defaults(settings.twilio, "account_sid", "auth_token"),
        email=_defaults(settings.messages, "email_url"),
    )


def _defaults(group: BaseModel, *credentials: str) -> ProviderDefaults:
    """A group of settings as a connection: what is secret, or says who we are, apart from the rest."""
    values = {name: value.get_secret_value() if isinstance(value, SecretStr) else str(value) for name, value in group}
    return ProviderDefaults(
        {name: value for name, value in values.items() if name not in credentials},
        {name: values[name] for name in credentials},
    )

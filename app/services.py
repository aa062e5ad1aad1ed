"""Settings become `Services`: the one place where they meet the domain."""

from app.domain.services import ProviderDefaults, Services
from app.models.session import Database, transaction_open
from app.providers.base import set_transaction_check
from app.security.key_ring import RootKeyring
from config.settings import Settings


def make_services(settings: Settings) -> Services:
    """The database and the default provider connections of an installation."""
    set_transaction_check(transaction_open)
    database = Database(
        settings.database_url.get_secret_value(),
        role=settings.database_role,
        keyring=RootKeyring.from_base64(settings.root_key_list()),
        hash_key=settings.hash_key_bytes(),
        pool_size=settings.database_pool_size,
    )
    plaid, spinwheel = settings.plaid, settings.spinwheel
    return Services(
        database=database,
        app_url=settings.app_url,
        allow_private_callbacks=settings.allow_private_callbacks,
        limit_scale=settings.limit_scale,
        plaid=ProviderDefaults(
            {"base_url": plaid.base_url, "link_url": plaid.link_url, "template_id": plaid.template_id},
            {"client_id": plaid.client_id, "secret": plaid.secret.get_secret_value()},
        ),
        spinwheel=ProviderDefaults(
            {"base_url": spinwheel.base_url, "secure_base_url": spinwheel.secure_base_url},
            {
                "api_key": spinwheel.api_key.get_secret_value(),
                "webhook_secret": spinwheel.webhook_secret.get_secret_value(),
            },
        ),
    )

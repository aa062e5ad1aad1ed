"""What use cases need from the installation, in one frozen value that `create_app` makes."""

import uuid
from dataclasses import dataclass, field

from app.models.session import Database


@dataclass(frozen=True)
class ProviderDefaults:
    """The connection that test mode uses where a tenant has none of its own."""

    settings: dict[str, str]
    credentials: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class Services:
    """The database, our own address and the default provider connections.

    `limit_scale` widens the budgets for texts in development, where one persona is tried again and again.
    """

    database: Database
    app_url: str
    allow_private_callbacks: bool
    limit_scale: int
    plaid: ProviderDefaults
    spinwheel: ProviderDefaults
    twilio: ProviderDefaults
    email: ProviderDefaults


CONNECTION_NAMESPACE = uuid.UUID("5f1c2ad4-8a55-5e9b-9d5e-2b1f6f8f3a10")

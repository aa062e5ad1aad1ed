"""Every table, so that migrations and tests see them all by importing one name."""

from app.models.bank import ObservationRow, PlaidAccount, PlaidItem, PrefillData
from app.models.base import Base, FindsTenant, Mode, TenantOwned, new_id, utcnow
from app.models.event import AnalyticsEvent, Delivery, DeliveryAttempt, Event, WebhookEndpoint
from app.models.job import IdempotencyKey, Job, ProviderEvent
from app.models.keys import DataKeyRow, SigningKey
from app.models.onboarding import Binding, LaunchLink, Onboarding
from app.models.tenant import ApiKey, ProviderConnection, ProviderLink, SettingsVersion, Tenant
from app.models.user import Consent, User
from app.models.verification import PhoneVerificationSession, SendCounter

__all__ = [
    "AnalyticsEvent",
    "ApiKey",
    "Base",
    "Binding",
    "Consent",
    "DataKeyRow",
    "Delivery",
    "DeliveryAttempt",
    "Event",
    "FindsTenant",
    "IdempotencyKey",
    "Job",
    "LaunchLink",
    "Mode",
    "ObservationRow",
    "Onboarding",
    "PhoneVerificationSession",
    "PlaidAccount",
    "PlaidItem",
    "PrefillData",
    "ProviderConnection",
    "ProviderEvent",
    "ProviderLink",
    "SendCounter",
    "SettingsVersion",
    "SigningKey",
    "Tenant",
    "TenantOwned",
    "User",
    "WebhookEndpoint",
    "new_id",
    "utcnow",
]

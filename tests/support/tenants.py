"""Tenants as the product makes them."""

from dataclasses import dataclass

from app.domain.callbacks import add_endpoint
from app.domain.onboardings import NewOnboarding, create_onboarding
from app.domain.services import Services
from app.domain.signing import ensure_signing_key
from app.domain.tenant_settings import Branding, FlowSettings
from app.domain.tenants import create_api_key, create_tenant
from app.models.session import Scope

RETURN_URL = "http://127.0.0.1:8002/return"
EMBED_ORIGIN = "http://127.0.0.1:8002"


@dataclass(frozen=True)
class MadeTenant:
    """A tenant in one mode, with a key."""

    scope: Scope
    api_key: str
    services: Services

    @property
    def headers(self) -> dict[str, str]:
        """What its server sends."""
        return {"Authorization": f"Bearer {self.api_key}"}

    def onboard(self, external_user_id: str = "member-1", **wanted: object) -> tuple[object, str]:
        """A new onboarding and the token of its launch link."""
        with self.services.database.session(self.scope) as session:
            new = NewOnboarding(external_user_id=external_user_id, **{"return_url": RETURN_URL, **wanted})  # type: ignore[arg-type]
            onboarding, token, _ = create_onboarding(session, self.scope, new)
            return onboarding.id, token

    def endpoint(self, url: str) -> str:
        """Add a webhook endpoint; its secret."""
        with self.services.database.session(self.scope) as session:
            return add_endpoint(session, self.scope, url)[1]


def make_tenant(services: Services, slug: str = "acme", mode: str = "test", **flow: object) -> MadeTenant:
    """A tenant with the demo's kind of settings."""
    settings = FlowSettings.model_validate({"return_urls": [RETURN_URL], "embed_origins": [EMBED_ORIGIN], **flow})
    branding = Branding(name=f"{slug.capitalize()} Credit Union", short_name=slug.capitalize())
    tenant = create_tenant(services.database, slug, settings, branding)
    scope = Scope(tenant.id, mode)
    with services.database.session(scope) as session:
        _, key = create_api_key(session, scope, "test")
        ensure_signing_key(session)
    return MadeTenant(scope, key, services)

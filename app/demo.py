"""The demo tenant: Acme Credit Union, ready to onboard the personas of the emulators."""

import json
import os
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.callbacks import add_endpoint
from app.domain.ids import wire_id
from app.domain.services import Services
from app.domain.signing import ensure_signing_key
from app.domain.tenant_settings import Branding, FlowSettings, keep_settings
from app.domain.tenants import create_api_key, create_tenant, find_caller, find_tenant
from app.models import Mode, Tenant, WebhookEndpoint
from app.models.session import Scope
from app.models.vault import vault

SLUG = "acme"
# The first goes all the way through Layer, so that whoever tries the first one sees the product at its best.
LADDERS = ("layer_phone", "layer_date_of_birth", "link", "manual")

ACME = Branding(
    name="Acme Credit Union",
    short_name="Acme",
    support_label="Call 800-555-0142",
    support_href="tel:+18005550142",
    logo_light="acme.svg",
    logo_dark="acme-dark.svg",
    light={
        "canvas": "#f2f5f1",
        "action": "#0f5a3d",
        "action-hover": "#0a4630",
        "on-action": "#ffffff",
        "action-text": "#0f5a3d",
        "action-tint": "#e8f2ec",
        "accent": "#2a8560",
        "focus": "#2a8560",
    },
    dark={
        "canvas": "#0f1211",
        "action": "#7ad3a8",
        "action-hover": "#97e0bd",
        "on-action": "#06281a",
        "action-text": "#86dbb3",
        "action-tint": "#15291f",
        "accent": "#4fb588",
        "focus": "#86dbb3",
    },
    shape={"radius-control": "14px", "radius-card": "24px"},
)


def seed_demo(
    services: Services,
    output: str,
    *,
    emulator_url: str,
    tenant_url: str,
    people: list[dict[str, Any]],
    code: str,
) -> None:
    """Make what is missing, keep what is there, and write down for scripts how to reach it all.

    A second run keeps the API key and the webhook secret, so that what was started with them goes on.
    """
    path = Path(output)
    tenant = _tenant(services, tenant_url)
    scope = Scope(tenant.id, Mode.TEST)
    with services.database.session() as session:
        ensure_signing_key(session)
    written = {
        "app_url": services.app_url,
        "emulator_url": emulator_url,
        "tenant_url": tenant_url,
        "tenant_id": wire_id("tenant", tenant.id),
        "api_key": _api_key(services, scope, _earlier_key(path)),
        "webhook_secret": _webhook_secret(services, scope, f"{tenant_url}/webhooks"),
        "plaid": {
            "base_url": services.plaid.settings["base_url"],
            "template_id": services.plaid.settings["template_id"],
            **services.plaid.credentials,
        },
        "spinwheel": {**services.spinwheel.settings, "api_key": services.spinwheel.credentials["api_key"]},
        "twilio": {**services.twilio.settings, **services.twilio.credentials},
        "personas": _personas(people, code),
    }
    _write(path, written)


def _tenant(services: Services, tenant_url: str) -> Tenant:
    flow = FlowSettings(
        return_urls=(f"{tenant_url}/return",),
        embed_origins=(tenant_url,),
        next_step_time="within one business day",
        verification_method="both",
    )
    with services.database.session(read_only=True) as session:
        tenant = find_tenant(session, SLUG)
    if tenant is None:
        tenant = create_tenant(services.database, SLUG, flow, ACME)
    scope = Scope(tenant.id, Mode.TEST)
    with services.database.session(scope) as session:
        keep_settings(session, scope, flow, ACME)
    return tenant


def _earlier_key(path: Path) -> str:
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["api_key"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _api_key(services: Services, scope: Scope, earlier: str) -> str:
    with services.database.session() as session:
        caller = find_caller(session, earlier)
        if caller is not None and caller.scope == scope:
            return earlier
        _, text = create_api_key(session, scope, "demo")
    return text


def _webhook_secret(services: Services, scope: Scope, url: str) -> str:
    """The secret of the demo's endpoint, which moves along when the demo tenant moves to another port."""
    with services.database.session(scope) as session:
        endpoint = _endpoint(session)
        if endpoint is None:
            return add_endpoint(session, scope, url)[1]
        vault(session).seal(endpoint, "url", url)
        endpoint.disabled_at = endpoint.disabled_reason = endpoint.first_failure_at = None
        return str(vault(session).open(endpoint, "secrets")[0])


def _endpoint(session: Session) -> WebhookEndpoint | None:
    return session.scalars(select(WebhookEndpoint).order_by(WebhookEndpoint.created_at).limit(1)).one_or_none()


def _personas(people: list[dict[str, Any]], common_code: str) -> list[dict[str, Any]]:
    """What to type, by rung of the ladder; a persona without a code gets the emulators' common one."""
    shown = [
        {
            "name": person["name"],
            "ladder": person["ladder"],
            "phone_number": person["phone_number"],
            "date_of_birth": person["date_of_birth"],
            "code": person.get("code") or common_code,
        }
        for person in people
    ]
    return sorted(shown, key=lambda person: LADDERS.index(person["ladder"]))


def _write(path: Path, content: dict[str, Any]) -> None:
    """Readable by the owner alone, and whole at every moment."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    draft.replace(path)

"""Tenants and their keys."""

import datetime as dt
import re
import uuid
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.domain.connections import HOOKED, add_hook_link, default_connection_id
from app.domain.ids import parse_id
from app.domain.tenant_settings import Branding, FlowSettings, save_settings
from app.models import ApiKey, Mode, Tenant, utcnow
from app.models.session import Database, Scope
from app.models.vault import vault
from app.security.tokens import api_key_mode, new_api_key

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
# Written at most this often, so that a busy key costs no write per call.
TOUCH_EVERY = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class Caller:
    """A tenant's server, known by its API key. `stale`: the key's last use was noted a while ago."""

    scope: Scope
    key_id: uuid.UUID
    stale: bool


def create_tenant(database: Database, slug: str, flow: FlowSettings, branding: Branding) -> Tenant:
    """A tenant with settings in both modes, and hook addresses for the installation's test connections.

    Raises:
        ValueError: the slug is taken, or is none.
    """
    if not SLUG.fullmatch(slug):
        raise ValueError("must be up to 64 lower-case letters, digits and hyphens")
    with database.session() as session:
        if find_tenant(session, slug) is not None:
            raise ValueError("is taken")
        tenant = Tenant(slug=slug, name=branding.name)
        session.add(tenant)
        session.flush()
        test = Scope(tenant.id, Mode.TEST)
        for provider in HOOKED:
            add_hook_link(session, test, default_connection_id(test, provider))
    for mode in Mode:
        scope = Scope(tenant.id, mode)
        with database.session(scope) as session:
            save_settings(session, scope, flow, branding)
    return tenant


def find_tenant(session: Session, text: str) -> Tenant | None:
    """The tenant with this slug or id."""
    tenant_id = parse_id("tenant", text)
    if tenant_id is not None:
        return session.get(Tenant, tenant_id)
    return session.scalars(select(Tenant).where(Tenant.slug == text)).one_or_none()


def create_api_key(session: Session, scope: Scope, name: str) -> tuple[ApiKey, str]:
    """A new key; its text is shown now and never again."""
    text = new_api_key(scope.mode)
    row = ApiKey(
        tenant_id=scope.tenant_id, mode=scope.mode, name=name, prefix=text[:12], digest=vault(session).digest(text)
    )
    session.add(row)
    return row, text


def list_api_keys(session: Session, scope: Scope) -> list[ApiKey]:
    """The tenant's keys in this mode, newest first."""
    owned = select(ApiKey).where(ApiKey.tenant_id == scope.tenant_id, ApiKey.mode == scope.mode)
    return list(session.scalars(owned.order_by(ApiKey.created_at.desc())))


def revoke_api_key(session: Session, scope: Scope, wire: str) -> bool:
    """End a key at once; False where the tenant has no such key in this mode."""
    key_id = parse_id("api_key", wire)
    row = next((key for key in list_api_keys(session, scope) if key.id == key_id), None)
    if row is None:
        return False
    row.revoked_at = row.revoked_at or utcnow()
    return True


def find_caller(session: Session, text: str) -> Caller | None:
    """Whose key this is; None where it is malformed, unknown, revoked or expired."""
    mode = api_key_mode(text)
    if mode is None:
        return None
    row = session.scalars(
        select(ApiKey)
        .join(Tenant, Tenant.id == ApiKey.tenant_id)
        .where(ApiKey.digest == vault(session).digest(text), Tenant.status == "active")
    ).one_or_none()
    if row is None or row.revoked_at is not None or row.mode != mode:
        return None
    if row.expires_at is not None and row.expires_at <= utcnow():
        return None
    stale = row.last_used_at is None or row.last_used_at + TOUCH_EVERY <= utcnow()
    return Caller(Scope(row.tenant_id, row.mode), row.id, stale)


def touch_key(session: Session, caller: Caller) -> None:
    """Note that this key is in use."""
    session.execute(
        update(ApiKey)
        .where(ApiKey.id == caller.key_id)
        .values(last_used_at=utcnow())
        .execution_options(synchronize_session=False)
    )

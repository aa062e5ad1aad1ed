"""Opening Plaid's window: which rung of the ladder is next, and a session for it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from app.domain.bank_state import carried, give_up_unread, has_bank_data
from app.domain.bank_tokens import note_link_token, put_aside_waiting
from app.domain.connections import Connection, NoConnectionError, connection, plaid_client
from app.domain.consents import Shown, Visitor, give_consent
from app.domain.flow import MoveError, allowed, make_move
from app.domain.ids import wire_id
from app.domain.layer_proof import may_prove, needs_code_instead
from app.domain.rungs import LAYER, LAYER_PHONE, LINK, UPDATE
from app.domain.services import Services
from app.domain.tenant_settings import settings_of
from app.models import Onboarding, PlaidItem
from app.models.session import Scope
from app.models.vault import vault
from app.providers.errors import ProviderError, Reason
from app.providers.plaid_records import LinkToken

# What Plaid asks for beyond what the tenant insists on; a bank that lacks one of these can still be chosen.
WELCOME_PRODUCTS = ("identity", "auth", "liabilities")


def next_rung(progress: Mapping[str, Any], *, layer: bool, connected: bool) -> str:
    """The ladder: a bank that asks to sign in again; Layer; ordinary Link.

    `layer`: it could be asked. It is not asked again where it said no, where the consumer chose otherwise
    (`progress["layer"]`), or for a further bank, because it would hand over the same ones.
    """
    if "item" in progress:
        return UPDATE
    if layer and not connected and "layer" not in progress:
        return LAYER_PHONE
    return LINK


@dataclass(frozen=True)
class _Plan:
    rung: str
    plaid: Connection | None
    user_id: str
    brand: str
    language: str
    products: tuple[str, ...]
    phone: str | None = field(repr=False)
    access_token: str | None = field(repr=False)


def open_bank(
    services: Services,
    scope: Scope,
    onboarding_id: uuid.UUID,
    consents: tuple[Shown, ...] = (),
    visitor: Visitor | None = None,
    *,
    by_link: bool = False,
    renewed: bool = False,
    prover: uuid.UUID | None = None,
) -> str | None:
    """Make a session at Plaid for the next rung; None on success, else the word for what went wrong.

    A used handler is spent, so every opening makes a new session. `by_link`: the consumer chose ordinary Link.
    `renewed`: Plaid called the last session's token spent. `prover`: the browser that proves its phone by Layer's own
    code, where the bank comes first.
    """
    with services.database.session(scope, read_only=True) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        proven = onboarding.phone_verified_at is not None or (prover is not None and may_prove(session, onboarding))
        if not proven or not allowed(onboarding, "open_bank"):
            raise MoveError("open_bank", onboarding)
        plan = _plan(services, session, scope, onboarding, by_link)
    rung, token, problem = _make_session(services, plan)
    with services.database.session(scope) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        progress = carried(onboarding)
        other, why = "left" if by_link else None, problem or "no_layer"
        if (token is None or rung not in LAYER) and needs_code_instead(session, onboarding, why, layer=other):
            return why
        if token is None:
            make_move(session, onboarding, "fail_bank", {"why": problem}, progress={**progress, "problem": problem})
            return problem
        for shown in consents:
            assert visitor is not None
            give_consent(session, onboarding, shown, visitor)
        runs_it = prover if onboarding.phone_verified_at is None else None
        _keep_opened(session, onboarding, rung, token, progress | ({"renewed": True} if renewed else {}), runs_it)
    return None


def _keep_opened(
    session: Session,
    onboarding: Onboarding,
    rung: str,
    token: LinkToken,
    progress: dict[str, Any],
    prover: uuid.UUID | None,
) -> None:
    """The window is open with this token; what an earlier one left behind is put aside."""
    vault(session).seal(onboarding, "link_token", token.token)
    note_link_token(session, onboarding, token, layer=rung in LAYER)
    put_aside_waiting(session, onboarding)
    give_up_unread(session, onboarding)
    if rung != UPDATE:
        progress.pop("item", None)
    if rung == LINK:
        progress.setdefault("layer", "left")
    told = {"rung": rung, **({"renewed": True} if "renewed" in progress else {})}
    columns = {"link_expires_at": token.expires_at, "link_binding_id": prover}
    make_move(session, onboarding, "open_bank", told, rung=rung, progress=progress, **columns)


def _plan(services: Services, session: Session, scope: Scope, onboarding: Onboarding, by_link: bool) -> _Plan:
    try:
        plaid = connection(services, session, scope, "plaid")
    except NoConnectionError:
        plaid = None
    keep = vault(session)
    phone = keep.open(onboarding, "phone_number")
    flow, branding = settings_of(session, onboarding.settings_version)
    progress = dict(onboarding.progress)
    if by_link:
        progress = {**progress, "layer": "left"}
    access_token = _access_token(session, onboarding)
    if access_token is None or by_link:
        progress.pop("item", None)
    layer = plaid is not None and bool(plaid.settings["template_id"]) and phone is not None
    rung = next_rung(progress, layer=layer, connected=has_bank_data(session, onboarding))
    return _Plan(
        rung=rung,
        plaid=plaid,
        user_id=wire_id("user", onboarding.user_id),
        brand=branding.short_name,
        language=onboarding.locale,
        products=flow.bank_products,
        phone=phone,
        access_token=access_token if rung == UPDATE else None,
    )


def _redirect_uri(services: Services, plaid: Connection) -> str | None:
    """Where a bank's own page may send the browser back. Plaid refuses one that is not on the account's list."""
    parts = urlsplit(services.app_url)
    fit = parts.scheme == "https" or parts.hostname == "localhost"
    return f"{services.app_url}/bank/return" if plaid.settings.get("oauth_return") == "on" and fit else None


def _access_token(session: Session, onboarding: Onboarding) -> str | None:
    """Of the bank that asks to sign in again, while it is still connected."""
    item = onboarding.progress.get("item")
    row = session.get(PlaidItem, uuid.UUID(item)) if item else None
    return vault(session).open(row, "access_token") if row is not None and row.removed_at is None else None


def _make_session(services: Services, plan: _Plan) -> tuple[str, LinkToken | None, str | None]:
    """The rung that could be opened and its token, or what went wrong. Layer misconfigured is no reason to stop."""
    if plan.plaid is None:
        return plan.rung, None, Reason.NOT_CONFIGURED.value
    try:
        return plan.rung, _ask_for_token(services, plan, plan.plaid, plan.rung), None
    except ProviderError as error:
        if plan.rung not in LAYER or error.retryable:
            return plan.rung, None, error.reason.value
    try:
        return LINK, _ask_for_token(services, plan, plan.plaid, LINK), None
    except ProviderError as error:
        return LINK, None, error.reason.value


def _ask_for_token(services: Services, plan: _Plan, plaid: Connection, rung: str) -> LinkToken:
    client, hook = plaid_client(plaid), f"{services.app_url}/hooks/plaid/{plaid.wire_id}"
    if rung in LAYER:
        return client.create_layer_session(plaid.settings["template_id"], plan.user_id, webhook=hook)
    updating = rung == UPDATE
    return client.create_link_token(
        plan.user_id,
        plan.brand,
        products=() if updating else plan.products,
        optional_products=() if updating else [one for one in WELCOME_PRODUCTS if one not in plan.products],
        language=plan.language,
        phone_number=plan.phone,
        webhook=hook,
        redirect_uri=_redirect_uri(services, plaid),
        access_token=plan.access_token,
    )

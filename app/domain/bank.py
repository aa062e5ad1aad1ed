"""The bank step: open Layer, take what it hands over, go another way."""

import uuid
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.domain.connections import NoConnectionError, connection, plaid_client
from app.domain.consents import Shown, Visitor, give_consent
from app.domain.flow import MoveError, allowed, make_move
from app.domain.ids import wire_id
from app.domain.jobs import enqueue
from app.domain.services import Services
from app.models import Onboarding, PlaidItem, ProviderLink, utcnow
from app.models.session import Scope
from app.models.vault import vault
from app.providers.errors import ProviderError, Reason

LAYER = "layer_phone"
MANUAL = "manual"


def open_layer(
    services: Services, scope: Scope, onboarding_id: uuid.UUID, consents: tuple[Shown, ...], visitor: Visitor
) -> str | None:
    """Make a Layer session for this onboarding; None on success, else the word for what went wrong.

    A used handler is spent, so every opening makes a new session.
    """
    with services.database.session(scope, read_only=True) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        if not allowed(onboarding, "open_bank") or onboarding.phone_verified_at is None:
            raise MoveError("open_bank", onboarding)
        user_id = wire_id("user", onboarding.user_id)
        try:
            plaid = connection(services, session, scope, "plaid")
        except NoConnectionError:
            plaid = None
    problem: str | None = None
    if plaid is None:
        problem = Reason.NOT_CONFIGURED.value
    else:
        try:
            hook = f"{services.app_url}/hooks/plaid/{plaid.wire_id}"
            token = plaid_client(plaid).create_layer_session(plaid.settings["template_id"], user_id, webhook=hook)
        except ProviderError as error:
            problem = error.reason.value
    with services.database.session(scope) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        if problem is not None:
            make_move(session, onboarding, "fail_bank", {"why": problem}, progress={"problem": problem})
            return problem
        for shown in consents:
            give_consent(session, onboarding, shown, visitor)
        vault(session).seal(onboarding, "link_token", token.token)
        vault(session).seal(onboarding, "public_token", None)
        session.add(_link_of(session, onboarding, token.token))
        _give_up_unread(session, onboarding)
        make_move(session, onboarding, "open_bank", {"rung": LAYER}, rung=LAYER, progress={})
    return None


def _give_up_unread(session: Session, onboarding: Onboarding) -> None:
    # What an earlier session left unread would fail this one too; it is disconnected with the rest.
    session.execute(
        update(PlaidItem)
        .where(PlaidItem.onboarding_id == onboarding.id, PlaidItem.fetched_at.is_(None))
        .values(fetched_at=utcnow())
        .execution_options(synchronize_session=False)
    )


def _link_of(session: Session, onboarding: Onboarding, link_token: str) -> ProviderLink:
    # Plaid's webhooks carry the link token and nothing else of ours.
    return ProviderLink(
        tenant_id=onboarding.tenant_id,
        mode=onboarding.mode,
        kind="link_token",
        digest=vault(session).digest(f"link_token:{link_token}"),
        target_id=onboarding.id,
    )


def take_public_token(session: Session, onboarding: Onboarding, public_token: str) -> bool:
    """The consumer shared: fetch in the background. False when it was taken already (browser and webhook both tell)."""
    if vault(session).open(onboarding, "public_token") is not None or not allowed(onboarding, "link_bank"):
        return False
    vault(session).seal(onboarding, "public_token", public_token)
    make_move(session, onboarding, "link_bank", {"rung": onboarding.rung}, progress={})
    fetch_later(session, onboarding)
    return True


def fetch_later(session: Session, onboarding: Onboarding) -> None:
    """Have the worker fetch what the bank knows. One job for each try the consumer asks for."""
    scope = Scope(onboarding.tenant_id, onboarding.mode)
    payload = {"onboarding_id": str(onboarding.id)}
    enqueue(session, "bank.fetch", scope, payload, dedupe_key=f"bank.fetch:{onboarding.id}:{onboarding.version}")


def retry_fetch(session: Session, onboarding: Onboarding) -> bool:
    """Try the fetch again after it failed; False where there is nothing to fetch with."""
    if vault(session).open(onboarding, "public_token") is None or not allowed(onboarding, "retry_bank"):
        return False
    # The session was read, or was not: that must be remembered, because it can be read only once.
    progress = {name: mark for name, mark in onboarding.progress.items() if name != "problem"}
    make_move(session, onboarding, "retry_bank", progress=progress)
    fetch_later(session, onboarding)
    return True


def leave_bank(session: Session, onboarding: Onboarding, metadata: dict[str, Any]) -> None:
    """The consumer closed the bank's window; words of ours about where, for the timeline."""
    if allowed(onboarding, "leave_bank"):
        make_move(session, onboarding, "leave_bank", metadata)


def refuse_layer(session: Session, onboarding: Onboarding) -> None:
    """Layer does not know this phone: the next rung."""
    if allowed(onboarding, "refuse_layer"):
        make_move(session, onboarding, "refuse_layer")


def go_by_hand(session: Session, onboarding: Onboarding) -> None:
    """Enter everything by hand."""
    if not (onboarding.step == "review" and onboarding.stage == "manual"):
        make_move(session, onboarding, "go_by_hand", rung=MANUAL, progress={})

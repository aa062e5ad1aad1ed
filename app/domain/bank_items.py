"""Bank connections at Plaid: kept, disconnected, and what Plaid tells about them later."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.domain.events import record
from app.domain.jobs import enqueue
from app.models import Onboarding, PlaidItem, ProviderLink, utcnow
from app.models.session import Scope
from app.models.vault import vault
from app.providers.plaid_records import LinkedItem


@dataclass(frozen=True)
class OpenItem:
    """A connected Item and what reads it."""

    row_id: uuid.UUID
    access_token: str = field(repr=False)


def open_items(
    session: Session, onboarding: Onboarding, *, unread: bool = False, among: Iterable[uuid.UUID] | None = None
) -> list[OpenItem]:
    """The Items that are connected, oldest first: all, those not read yet, or those of a list."""
    wanted = select(PlaidItem).where(PlaidItem.onboarding_id == onboarding.id, PlaidItem.removed_at.is_(None))
    if unread:
        wanted = wanted.where(PlaidItem.fetched_at.is_(None))
    if among is not None:
        wanted = wanted.where(PlaidItem.id.in_(list(among)))
    rows = session.scalars(wanted.order_by(PlaidItem.created_at, PlaidItem.id))
    return [OpenItem(row.id, vault(session).open(row, "access_token")) for row in rows]


def keep_item_row(session: Session, onboarding: Onboarding, item: LinkedItem, *, wanted: bool) -> PlaidItem | None:
    """A bank connected once more takes its earlier row, so that nothing is counted twice.

    None where nobody waits for it and it is connected already for other reasons.
    """
    keep = vault(session)
    row = find_item(session, onboarding, item.item_id)
    if row is not None and not wanted and row.removed_at is None:
        return None
    if row is None:
        row = PlaidItem(
            tenant_id=onboarding.tenant_id,
            mode=onboarding.mode,
            user_id=onboarding.user_id,
            onboarding_id=onboarding.id,
            item_digest=keep.index(onboarding, "plaid_items", "item_id", item.item_id),
        )
        session.add(row)
        _note(session, onboarding, item.item_id)
    row.removed_at = None
    row.fetched_at = None if wanted else utcnow()
    keep.seal(row, "item_id", item.item_id)
    keep.seal(row, "access_token", item.access_token)
    session.flush()
    return row


def find_item(session: Session, onboarding: Onboarding, item_id: str) -> PlaidItem | None:
    """The row of an Item in this onboarding, by Plaid's id."""
    digest = vault(session).index(onboarding, "plaid_items", "item_id", item_id)
    return session.scalars(
        select(PlaidItem).where(PlaidItem.onboarding_id == onboarding.id, PlaidItem.item_digest == digest)
    ).one_or_none()


def _note(session: Session, onboarding: Onboarding, item_id: str) -> None:
    """Plaid's webhooks about an Item carry its id and nothing else of ours. The onboarding that had it last hears."""
    digest = vault(session).digest(f"item:{item_id}")
    link = session.scalars(
        select(ProviderLink).where(ProviderLink.kind == "item", ProviderLink.digest == digest)
    ).one_or_none()
    if link is not None:
        link.target_id = onboarding.id
        return
    session.add(
        ProviderLink(
            tenant_id=onboarding.tenant_id, mode=onboarding.mode, kind="item", digest=digest, target_id=onboarding.id
        )
    )


def remove_later(session: Session, onboarding: Onboarding, rows: Iterable[PlaidItem]) -> None:
    """Have the worker disconnect these Items; the others stay."""
    ids = [str(row.id) for row in rows if row.removed_at is None]
    if ids:
        scope = Scope(onboarding.tenant_id, onboarding.mode)
        enqueue(session, "bank.remove", scope, {"onboarding_id": str(onboarding.id), "item_ids": ids})


def mark_removed(
    session: Session, onboarding: Onboarding, row_id: uuid.UUID, data: dict[str, Any] | None = None
) -> None:
    """It is disconnected: forget its token, and tell."""
    session.execute(
        update(PlaidItem)
        .where(PlaidItem.id == row_id)
        .values(removed_at=utcnow(), access_token_sealed=None)
        .execution_options(synchronize_session=False)
    )
    record(session, onboarding, "bank.disconnected", data)

"""What Plaid tells of a bank connection after it was made (`ITEM` webhooks)."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.bank import retry_fetch
from app.domain.bank_items import find_item, mark_removed
from app.domain.events import record
from app.domain.flow import OPEN
from app.domain.onboardings import current_status
from app.models import Onboarding, PlaidItem, ProviderLink
from app.models.vault import vault

# The consumer took the permission back, at the bank or at Plaid: the access token is dead.
REVOKED = "ITEM/USER_PERMISSION_REVOKED"
REPAIRED = "ITEM/LOGIN_REPAIRED"


def take_item_news(session: Session, kind: str, body: dict[str, Any]) -> None:
    """Act on news about an Item of ours. What needs the consumer is met by the fetch itself, and only noted here."""
    item_id = body.get("item_id")
    if not isinstance(item_id, str):
        return
    link = session.scalars(
        select(ProviderLink).where(
            ProviderLink.kind == "item", ProviderLink.digest == vault(session).digest(f"item:{item_id}")
        )
    ).one_or_none()
    onboarding = session.get(Onboarding, link.target_id) if link is not None else None
    item = find_item(session, onboarding, item_id) if onboarding is not None else None
    if onboarding is None or item is None or item.removed_at is not None:
        return
    if kind == REVOKED:
        mark_removed(session, onboarding, item.id, {"by": "consumer"})
    elif kind == REPAIRED:
        _repaired(session, onboarding, item)
    elif kind == "ITEM/ERROR":
        error = body.get("error")
        code = error.get("error_code") if isinstance(error, dict) else None
        record(session, onboarding, "bank.needs_sign_in" if code == "ITEM_LOGIN_REQUIRED" else "bank.item_error")


def _repaired(session: Session, onboarding: Onboarding, item: PlaidItem) -> None:
    """Signed in again elsewhere: who waits before "Sign in again" need not."""
    record(session, onboarding, "bank.repaired")
    waits = onboarding.stage == "failed" and onboarding.progress.get("item") == item.id.hex
    if waits and current_status(onboarding) in OPEN:
        retry_fetch(session, onboarding)

"""What the bank step remembers between one window of Plaid and the next."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.models import ObservationRow, Onboarding, PlaidAccount, PlaidItem, utcnow
from app.providers.observations import PLAID_BANK, PLAID_LAYER

# What is remembered while a bank is opened and closed again.
CARRIED = ("left_out", "disputed", "retype", "credit_file", "layer", "item", "from_review", "linked_by")


def carried(onboarding: Onboarding) -> dict[str, Any]:
    """Marks that outlive a window; who comes from the review is led back to it."""
    progress = {name: mark for name, mark in onboarding.progress.items() if name in CARRIED}
    if (onboarding.step, onboarding.stage) == ("review", "check"):
        progress["from_review"] = True
    return progress


def give_up_unread(session: Session, onboarding: Onboarding) -> None:
    """What an earlier session left unread would fail the next one too; it is disconnected with the rest."""
    session.execute(
        update(PlaidItem)
        .where(PlaidItem.onboarding_id == onboarding.id, PlaidItem.fetched_at.is_(None))
        .values(fetched_at=utcnow())
        .execution_options(synchronize_session=False)
    )


def has_bank_data(session: Session, onboarding: Onboarding) -> bool:
    """Whether a bank has filled in anything yet."""
    said = select(ObservationRow.id).where(
        ObservationRow.onboarding_id == onboarding.id, ObservationRow.source.in_((PLAID_LAYER, PLAID_BANK))
    )
    held = select(PlaidAccount.id).where(PlaidAccount.onboarding_id == onboarding.id)
    return any(session.scalar(question.limit(1)) is not None for question in (said, held))

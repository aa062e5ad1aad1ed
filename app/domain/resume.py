"""Coming back with another browser."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.domain.bank_items import remove_later
from app.domain.bank_tokens import put_aside_waiting
from app.domain.flow import make_move
from app.domain.launch import end_bindings
from app.domain.observations import forget_everything
from app.models import Onboarding, PlaidAccount, PlaidItem
from app.models.vault import vault


def restart(session: Session, onboarding: Onboarding) -> None:
    """Begin again from the phone: nobody proved it, so neither browser may see what the other one types."""
    put_aside_waiting(session, onboarding)
    # By name, because the next browser may connect a bank before these are gone.
    items = session.scalars(select(PlaidItem).where(PlaidItem.onboarding_id == onboarding.id))
    remove_later(session, onboarding, items.all())
    forget_everything(session, onboarding)
    session.execute(
        delete(PlaidAccount)
        .where(PlaidAccount.onboarding_id == onboarding.id)
        .execution_options(synchronize_session=False)
    )
    keep = vault(session)
    given = (keep.open(onboarding, "given") or {"values": {}})["values"]
    keep.seal(onboarding, "phone_number", given.get("phone_number"))
    keep.seal(onboarding, "date_of_birth", given.get("date_of_birth"))
    for name in ("contact_email", "link_token"):
        keep.seal(onboarding, name, None)
    end_bindings(session, onboarding.id)
    make_move(session, onboarding, "restart", rung=None, progress={}, code_needed=False, link_binding_id=None)

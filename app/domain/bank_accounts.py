"""The accounts of a bank, each once: a bank that is connected again takes the place of what it said before."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.domain.observations import keep_value
from app.models import ObservationRow, Onboarding, PlaidAccount, PlaidItem, utcnow
from app.models.vault import vault
from app.providers.observations import PLAID_BANK, BankAccount, Debt

ACCOUNTS, DEBTS = "bank_accounts", "credit_accounts"


def keep_accounts(
    session: Session, onboarding: Onboarding, item: PlaidItem, accounts: Sequence[BankAccount], debts: Sequence[Debt]
) -> list[uuid.UUID]:
    """Keep what an Item holds, as far as it is asked for; the ids of Items that nothing is left of."""
    known = _known(session, onboarding)
    before = {row.plaid_item_id for row, _ in known}
    kept = {_keep(session, onboarding, item, account, known).id for account in accounts} if _asks(onboarding) else set()
    gone = [row for row, _ in known if row.plaid_item_id == item.id and row.id not in kept]
    for row in gone:
        session.delete(row)
    session.flush()
    left = set(session.scalars(select(PlaidAccount.plaid_item_id).where(PlaidAccount.onboarding_id == onboarding.id)))
    replaced = [one for one in before - left if one != item.id]
    if DEBTS in onboarding.asked["fields"]:
        _keep_debts(session, onboarding, item, debts, replaced)
    return replaced


def _asks(onboarding: Onboarding) -> bool:
    return ACCOUNTS in onboarding.asked["fields"]


def _known(session: Session, onboarding: Onboarding) -> list[tuple[PlaidAccount, dict[str, Any]]]:
    rows = session.scalars(select(PlaidAccount).where(PlaidAccount.onboarding_id == onboarding.id))
    return [(row, vault(session).open(row, "details")) for row in rows]


def _keep(
    session: Session,
    onboarding: Onboarding,
    item: PlaidItem,
    account: BankAccount,
    known: list[tuple[PlaidAccount, dict[str, Any]]],
) -> PlaidAccount:
    keep = vault(session)
    digest = keep.index(onboarding, "plaid_accounts", "account_id", account.account_id)
    row = _same_account(known, digest, account)
    if row is None:
        row = PlaidAccount(
            tenant_id=onboarding.tenant_id,
            mode=onboarding.mode,
            user_id=onboarding.user_id,
            onboarding_id=onboarding.id,
            plaid_item_id=item.id,
            account_digest=digest,
            account_type=account.type,
            account_subtype=account.subtype or "",
        )
        session.add(row)
    row.plaid_item_id, row.account_digest, row.updated_at = item.id, digest, utcnow()
    keep.seal(row, "details", {**asdict(account), "owners": list(account.owners)})
    return row


def _same_account(
    known: list[tuple[PlaidAccount, dict[str, Any]]], digest: bytes, account: BankAccount
) -> PlaidAccount | None:
    """By its id; a new connection gives new ones, so else by bank, mask and kind."""
    for row, _ in known:
        if row.account_digest == digest:
            return row
    if account.mask is None or account.institution_id is None:
        return None
    wanted = (account.institution_id, account.mask, account.type, account.subtype)
    for row, details in known:
        if wanted == tuple(details.get(name) for name in ("institution_id", "mask", "type", "subtype")):
            return row
    return None


def _keep_debts(
    session: Session, onboarding: Onboarding, item: PlaidItem, debts: Sequence[Debt], replaced: list[uuid.UUID]
) -> None:
    session.execute(
        delete(ObservationRow)
        .where(
            ObservationRow.onboarding_id == onboarding.id,
            ObservationRow.field == DEBTS,
            ObservationRow.source == PLAID_BANK,
            ObservationRow.source_record.in_([str(one) for one in (item.id, *replaced)]),
        )
        .execution_options(synchronize_session=False)
    )
    for debt in debts:
        keep_value(session, onboarding, DEBTS, asdict(debt), PLAID_BANK, str(item.id), utcnow(), True)

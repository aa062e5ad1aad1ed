"""The background half of the bank step: fetch, keep, decide what comes next, and disconnect in the end."""

import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.domain.connections import NoConnectionError, connection, plaid_client
from app.domain.credit_file import credit_file_wanted
from app.domain.events import record
from app.domain.flow import allowed, make_move
from app.domain.jobs import ClaimedJob, Retry
from app.domain.observations import keep_observations, keep_value, known_values
from app.domain.onboardings import disconnect_bank_later
from app.domain.prefill.merge import merge
from app.domain.services import Services
from app.models import Onboarding, PlaidAccount, PlaidItem, utcnow
from app.models.session import Scope
from app.models.vault import vault
from app.providers.errors import ProviderError, Reason
from app.providers.observations import PLAID_BANK, BankAccount, Debt, Observation
from app.providers.plaid import PlaidClient
from app.providers.plaid_observations import bank_accounts, bank_observations, layer_observations
from app.providers.plaid_records import LayerSession, LinkedItem

# The consumer is watching: a few quick tries, then an honest page.
QUICK_RETRIES = (1.0, 2.0)


@dataclass(frozen=True)
class _Item:
    row_id: uuid.UUID
    access_token: str = field(repr=False)


@dataclass(frozen=True)
class _Found:
    accounts: tuple[BankAccount, ...] = field(repr=False)
    debts: tuple[Debt, ...] = field(repr=False)
    observations: list[Observation] = field(repr=False)


def fetch_bank(services: Services, job: ClaimedJob) -> None:
    """`bank.fetch`: session, then every Item. Safe to run again at any point: what was kept is not asked again.

    Where the onboarding ended meanwhile, only the tokens are taken, so that the bank can be disconnected.
    """
    assert job.scope is not None
    onboarding_id = uuid.UUID(job.payload["onboarding_id"])
    try:
        _fetch(services, job.scope, onboarding_id)
    except NoConnectionError:
        _fail(services, job.scope, onboarding_id, Reason.NOT_CONFIGURED.value)
    except ProviderError as error:
        if error.retryable and job.attempts <= len(QUICK_RETRIES):
            raise Retry(error.code, QUICK_RETRIES[job.attempts - 1]) from None
        _fail(services, job.scope, onboarding_id, error.reason.value)


def _fetch(services: Services, scope: Scope, onboarding_id: uuid.UUID) -> None:
    with services.database.session(scope, read_only=True) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        if (onboarding.step, onboarding.stage) != ("bank", "fetching"):
            return
        client = plaid_client(connection(services, session, scope, "plaid"))
        public_token = vault(session).open(onboarding, "public_token")
    if "session_read" not in onboarding.progress:
        _keep_session(services, scope, onboarding_id, client.get_layer_session(public_token))
    with services.database.session(scope, read_only=True) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        if not _wanted(onboarding):
            return
        items = _open_items(session, onboarding)
        expected_name = _expected_name(session, onboarding)
    for item in items:
        _keep_item(services, scope, onboarding_id, item, _read_item(client, item, expected_name))
    with services.database.session(scope) as session:
        _decide(session, session.get_one(Onboarding, onboarding_id))


def _wanted(onboarding: Onboarding) -> bool:
    """Whether the consumer still waits for this."""
    return onboarding.stage == "fetching" and allowed(onboarding, "show_review")


def _expected_name(session: Session, onboarding: Onboarding) -> str | None:
    """Whose account this should be, by the best source there is: picks one owner of a joint account."""
    answers = merge(known_values(session, onboarding))
    parts = [str(answers[key].value) for key in ("first_name", "last_name") if key in answers]
    return " ".join(parts) or None


def _open_items(session: Session, onboarding: Onboarding) -> list[_Item]:
    rows = session.scalars(
        select(PlaidItem)
        .where(PlaidItem.onboarding_id == onboarding.id, PlaidItem.fetched_at.is_(None), PlaidItem.removed_at.is_(None))
        .order_by(PlaidItem.created_at, PlaidItem.id)
    )
    return [_Item(row.id, vault(session).open(row, "access_token")) for row in rows]


def _keep_session(services: Services, scope: Scope, onboarding_id: uuid.UUID, shared: LayerSession) -> None:
    with services.database.session(scope) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        for item in shared.items:
            _keep_item_row(session, onboarding, item)
        tick(session, onboarding, session_read=True)
        if _wanted(onboarding):
            keep_observations(session, onboarding, layer_observations(shared, utcnow()))
        else:
            disconnect_bank_later(session, onboarding)


def _keep_item_row(session: Session, onboarding: Onboarding, item: LinkedItem) -> None:
    """A bank connected once more takes its earlier row, so that nothing is counted twice."""
    keep = vault(session)
    digest = keep.index(onboarding, "plaid_items", "item_id", item.item_id)
    row = session.scalars(
        select(PlaidItem).where(PlaidItem.onboarding_id == onboarding.id, PlaidItem.item_digest == digest)
    ).one_or_none()
    if row is None:
        row = PlaidItem(
            tenant_id=onboarding.tenant_id,
            mode=onboarding.mode,
            user_id=onboarding.user_id,
            onboarding_id=onboarding.id,
            item_digest=digest,
        )
        session.add(row)
    row.fetched_at = row.removed_at = None
    keep.seal(row, "item_id", item.item_id)
    keep.seal(row, "access_token", item.access_token)


def _read_item(client: PlaidClient, item: _Item, expected_name: str | None) -> _Found:
    held = client.get_accounts(item.access_token)
    owners = _or_nothing(lambda: client.get_identity(item.access_token))
    numbers = _or_nothing(lambda: client.get_auth(item.access_token))
    debts = _or_nothing(lambda: client.get_liabilities(item.access_token))
    accounts = bank_accounts(held, numbers, owners)
    return _Found(accounts, debts, bank_observations(owners, utcnow(), expected_name=expected_name))


def _or_nothing(ask: Callable[[], tuple[Any, ...]]) -> tuple[Any, ...]:
    """A bank that lacks one product still gives the others; an outage is another matter."""
    try:
        return ask()
    except ProviderError as error:
        if error.retryable:
            raise
        return ()


def _keep_item(services: Services, scope: Scope, onboarding_id: uuid.UUID, item: _Item, found: _Found) -> None:
    with services.database.session(scope) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        row = session.get_one(PlaidItem, item.row_id)
        if row.fetched_at is not None or not _wanted(onboarding):
            return
        row.fetched_at = utcnow()
        keep_observations(session, onboarding, found.observations)
        for account in found.accounts:
            _keep_account(session, onboarding, row, account)
        if "credit_accounts" in onboarding.asked["fields"]:
            for debt in found.debts:
                keep_value(
                    session, onboarding, "credit_accounts", asdict(debt), PLAID_BANK, str(row.id), row.fetched_at, True
                )
        if found.accounts:
            vault(session).seal(row, "institution", found.accounts[0].institution_name)
        tick(session, onboarding, accounts=onboarding.progress.get("accounts", 0) + len(found.accounts))


def _keep_account(session: Session, onboarding: Onboarding, item: PlaidItem, account: BankAccount) -> None:
    if "bank_accounts" not in onboarding.asked["fields"]:
        return
    keep = vault(session)
    digest = keep.index(onboarding, "plaid_accounts", "account_id", account.account_id)
    row = session.scalars(
        select(PlaidAccount).where(PlaidAccount.onboarding_id == onboarding.id, PlaidAccount.account_digest == digest)
    ).one_or_none()
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
    row.updated_at = utcnow()
    keep.seal(row, "details", {**asdict(account), "owners": list(account.owners)})


def tick(session: Session, onboarding: Onboarding, **marks: Any) -> None:
    """Note progress that the waiting page shows: counts and words of ours only."""
    onboarding.progress = {**onboarding.progress, **marks}
    session.flush()


def _decide(session: Session, onboarding: Onboarding) -> None:
    if not _wanted(onboarding):
        return
    if credit_file_wanted(session, onboarding):
        make_move(session, onboarding, "ask_credit_file")
    else:
        make_move(session, onboarding, "show_review")


def _fail(services: Services, scope: Scope, onboarding_id: uuid.UUID, why: str) -> None:
    with services.database.session(scope) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        if allowed(onboarding, "fail_bank"):
            progress = {**onboarding.progress, "problem": why}
            make_move(session, onboarding, "fail_bank", {"why": why}, progress=progress)


def remove_bank(services: Services, job: ClaimedJob) -> None:
    """`bank.remove`: disconnect at the provider, then forget the tokens. Repeats are harmless."""
    assert job.scope is not None
    onboarding_id = uuid.UUID(job.payload["onboarding_id"])
    with services.database.session(job.scope, read_only=True) as session:
        rows = session.scalars(
            select(PlaidItem).where(PlaidItem.onboarding_id == onboarding_id, PlaidItem.removed_at.is_(None))
        )
        items = [_Item(row.id, vault(session).open(row, "access_token")) for row in rows]
        client = plaid_client(connection(services, session, job.scope, "plaid")) if items else None
    for item in items:
        assert client is not None
        try:
            client.remove_item(item.access_token)
        except ProviderError as error:
            if error.retryable:
                raise Retry(error.code) from None
        _mark_removed(services, job.scope, onboarding_id, item)


def _mark_removed(services: Services, scope: Scope, onboarding_id: uuid.UUID, item: _Item) -> None:
    with services.database.session(scope) as session:
        session.execute(
            update(PlaidItem)
            .where(PlaidItem.id == item.row_id)
            .values(removed_at=utcnow(), access_token_sealed=None)
            .execution_options(synchronize_session=False)
        )
        record(session, session.get_one(Onboarding, onboarding_id), "bank.disconnected")

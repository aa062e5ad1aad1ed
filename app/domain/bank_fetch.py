"""The background half of the bank step: read what was shared, fetch, keep, decide what comes next."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.bank_accounts import keep_accounts
from app.domain.bank_items import OpenItem, keep_item_row, open_items, remove_later
from app.domain.bank_tokens import Waiting, keep_waiting, waiting_tokens
from app.domain.connections import NoConnectionError, connection, plaid_client
from app.domain.credit_file import after_bank
from app.domain.flow import allowed, make_move
from app.domain.jobs import ClaimedJob, Retry
from app.domain.layer_proof import needs_code_instead, prove_by_layer
from app.domain.observations import keep_observations, known_values
from app.domain.prefill.merge import merge
from app.domain.risk import note_edits
from app.domain.services import Services
from app.models import Onboarding, PlaidItem, utcnow
from app.models.session import Scope
from app.models.vault import vault
from app.providers.errors import ProviderError, Reason
from app.providers.observations import BankAccount, Debt, Observation
from app.providers.plaid import PlaidClient
from app.providers.plaid_observations import bank_accounts, bank_observations, layer_observations
from app.providers.plaid_records import LayerSession, LinkedItem

# The consumer is watching: a few quick tries, then an honest page.
QUICK_RETRIES = (1.0, 2.0)
# The bank asks its customer to sign in again; the connection itself is good.
SIGN_IN_AGAIN = Reason.LOGIN_REQUIRED


@dataclass(frozen=True)
class _Found:
    accounts: tuple[BankAccount, ...] = field(repr=False)
    debts: tuple[Debt, ...] = field(repr=False)
    observations: list[Observation] = field(repr=False)


class _ItemError(Exception):
    """One Item could not be read; the others were."""

    def __init__(self, error: ProviderError, row_id: uuid.UUID) -> None:
        super().__init__(str(error))
        self.error, self.row_id = error, row_id


def fetch_bank(services: Services, job: ClaimedJob) -> None:
    """`bank.fetch`: public tokens, then every Item. Safe to run again at any point: what was kept is not asked again.

    Where the onboarding ended or went another way meanwhile, only the tokens are taken, so that the bank can be
    disconnected.
    """
    assert job.scope is not None
    onboarding_id = uuid.UUID(job.payload["onboarding_id"])
    try:
        _fetch(services, job.scope, onboarding_id)
    except NoConnectionError:
        _fail(services, job.scope, onboarding_id, Reason.NOT_CONFIGURED)
    except _ItemError as failed:
        _retry_or_fail(services, job, onboarding_id, failed.error, failed.row_id)
    except ProviderError as error:
        _retry_or_fail(services, job, onboarding_id, error)


def _retry_or_fail(
    services: Services, job: ClaimedJob, onboarding_id: uuid.UUID, error: ProviderError, item: uuid.UUID | None = None
) -> None:
    assert job.scope is not None
    if error.retryable and job.attempts <= len(QUICK_RETRIES):
        raise Retry(error.code, QUICK_RETRIES[job.attempts - 1]) from None
    if not _fail(services, job.scope, onboarding_id, error.reason, item) and error.retryable:
        raise Retry(error.code) from None


def _fetch(services: Services, scope: Scope, onboarding_id: uuid.UUID) -> None:
    with services.database.session(scope, read_only=True) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        if not is_wanted(onboarding) and not waiting_tokens(session, onboarding):
            return
        client = plaid_client(connection(services, session, scope, "plaid"))
    refused = read_tokens(services, scope, onboarding_id, client)
    with services.database.session(scope, read_only=True) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        if not is_wanted(onboarding):
            return
        items = open_items(session, onboarding, unread=True)
        expected_name = _expected_name(session, onboarding)
    if refused is not None and not items:
        raise refused
    _read_items(services, scope, onboarding_id, client, items, expected_name)
    with services.database.session(scope) as session:
        _decide(session, session.get_one(Onboarding, onboarding_id, with_for_update=True))


def is_wanted(onboarding: Onboarding) -> bool:
    """Whether the consumer waits for the bank."""
    return onboarding.stage == "fetching" and allowed(onboarding, "show_review")


def read_tokens(
    services: Services, scope: Scope, onboarding_id: uuid.UUID, client: PlaidClient
) -> ProviderError | None:
    """Turn every public token that waits into Items; the error of one that Plaid refuses for good, which is dropped.

    A token works once: the Items are kept in the transaction that strikes it off the list.

    Raises:
        ProviderError: one that may pass; the token waits on.
    """
    with services.database.session(scope, read_only=True) as session:
        tokens = waiting_tokens(session, session.get_one(Onboarding, onboarding_id))
    refused = None
    for waiting in tokens:
        try:
            shared = _read_token(client, waiting)
        except ProviderError as error:
            if error.retryable:
                raise
            refused, shared = error, None
        _keep_session(services, scope, onboarding_id, waiting, shared)
    return refused


def _read_token(client: PlaidClient, waiting: Waiting) -> LayerSession | LinkedItem:
    """Layer tells a whole session, ordinary Link one Item."""
    if waiting.layer:
        return client.get_layer_session(waiting.token)
    return client.exchange_public_token(waiting.token)


def _keep_session(
    services: Services,
    scope: Scope,
    onboarding_id: uuid.UUID,
    waiting: Waiting,
    shared: LayerSession | LinkedItem | None,
) -> None:
    with services.database.session(scope) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        tokens = waiting_tokens(session, onboarding, lock=True)
        now = next((one for one in tokens if one.token == waiting.token), None)
        if now is None:
            return
        keep_waiting(session, onboarding, [one for one in tokens if one is not now])
        if shared is None:
            return
        items = shared.items if isinstance(shared, LayerSession) else (shared,)
        wanted = now.wanted and is_wanted(onboarding)
        if wanted and onboarding.phone_verified_at is None:
            wanted = prove_by_layer(session, onboarding, shared)
        rows = [keep_item_row(session, onboarding, item, wanted=wanted) for item in items]
        if not wanted:
            remove_later(session, onboarding, [row for row in rows if row is not None])
            return
        tick(session, onboarding, session_read=True)
        if isinstance(shared, LayerSession):
            note_edits(session, onboarding, shared.edit_counts)
            keep_observations(session, onboarding, layer_observations(shared, utcnow()))


def _expected_name(session: Session, onboarding: Onboarding) -> str | None:
    """Whose account this should be, by the best source there is: picks one owner of a joint account."""
    answers = merge(known_values(session, onboarding))
    parts = [str(answers[key].value) for key in ("first_name", "last_name") if key in answers]
    return " ".join(parts) or None


def _read_items(
    services: Services,
    scope: Scope,
    onboarding_id: uuid.UUID,
    client: PlaidClient,
    items: list[OpenItem],
    expected_name: str | None,
) -> None:
    """Every Item, whatever becomes of one; an outage of Plaid itself would meet the others too."""
    failed: _ItemError | None = None
    for item in items:
        try:
            found = _read_item(client, item, expected_name)
        except ProviderError as error:
            failed = failed or _ItemError(error, item.row_id)
            if error.is_outage:
                break
            continue
        _keep_item(services, scope, onboarding_id, item, found)
    if failed is not None:
        raise failed


def _read_item(client: PlaidClient, item: OpenItem, expected_name: str | None) -> _Found:
    held = client.get_accounts(item.access_token)
    owners = _or_nothing(lambda: client.get_identity(item.access_token))
    numbers = _or_nothing(lambda: client.get_auth(item.access_token))
    debts = _or_nothing(lambda: client.get_liabilities(item.access_token))
    accounts = bank_accounts(held, numbers, owners)
    return _Found(accounts, debts, bank_observations(owners, utcnow(), expected_name=expected_name))


def _or_nothing(ask: Callable[[], tuple[Any, ...]]) -> tuple[Any, ...]:
    """A bank that lacks one product still gives the others; an outage, or a customer who must sign in again, does not.

    What a consumer did not consent to (`ADDITIONAL_CONSENT_REQUIRED`, `ACCESS_NOT_GRANTED`) is a product they left out.
    """
    try:
        return ask()
    except ProviderError as error:
        if error.retryable or error.code == "ITEM_LOGIN_REQUIRED":
            raise
        return ()


def _keep_item(services: Services, scope: Scope, onboarding_id: uuid.UUID, item: OpenItem, found: _Found) -> None:
    with services.database.session(scope) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        row = session.get_one(PlaidItem, item.row_id)
        if row.fetched_at is not None or not is_wanted(onboarding):
            return
        row.fetched_at = utcnow()
        keep_observations(session, onboarding, found.observations)
        replaced = keep_accounts(session, onboarding, row, found.accounts, found.debts)
        remove_later(session, onboarding, session.scalars(select(PlaidItem).where(PlaidItem.id.in_(replaced))).all())
        if found.accounts:
            vault(session).seal(row, "institution", found.accounts[0].institution_name)
        tick(session, onboarding, accounts=onboarding.progress.get("accounts", 0) + len(found.accounts))


def tick(session: Session, onboarding: Onboarding, **marks: Any) -> None:
    """Note progress that the waiting page shows: counts and words of ours only."""
    onboarding.progress = {**onboarding.progress, **marks}
    session.flush()


def _decide(session: Session, onboarding: Onboarding) -> None:
    if not is_wanted(onboarding):
        return
    if "from_review" not in onboarding.progress:
        after_bank(session, onboarding)
        return
    # Who comes from the review answered the question about the credit file before.
    progress = {name: mark for name, mark in onboarding.progress.items() if name != "from_review"}
    make_move(session, onboarding, "show_review", progress=progress)


def _fail(
    services: Services, scope: Scope, onboarding_id: uuid.UUID, why: Reason, item: uuid.UUID | None = None
) -> bool:
    """Tell the consumer who waits; False where nobody does."""
    with services.database.session(scope) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        if not is_wanted(onboarding):
            return False
        if needs_code_instead(session, onboarding, why.value):
            return True
        progress = {**onboarding.progress, "problem": why.value}
        if item is not None and why is SIGN_IN_AGAIN:
            progress["item"] = item.hex
        make_move(session, onboarding, "fail_bank", {"why": why.value}, progress=progress)
        return True

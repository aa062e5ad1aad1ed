"""The bank is disconnected at Plaid when an onboarding ends, and so is whatever nobody waits for."""

import uuid

from app.domain.bank_fetch import read_tokens
from app.domain.bank_items import mark_removed, open_items
from app.domain.bank_tokens import waiting_tokens
from app.domain.connections import connection, plaid_client
from app.domain.jobs import ClaimedJob, Retry
from app.domain.services import Services
from app.models import Onboarding
from app.models.session import Scope
from app.providers.errors import ProviderError, Reason
from app.providers.plaid import PlaidClient


def remove_bank(services: Services, job: ClaimedJob) -> None:
    """`bank.remove`: disconnect at the provider, then forget the tokens. Repeats are harmless.

    Without `item_ids` in the payload everything goes, what was shared and not read yet included.
    """
    assert job.scope is not None
    onboarding_id = uuid.UUID(job.payload["onboarding_id"])
    named = job.payload.get("item_ids")
    among = None if named is None else [uuid.UUID(one) for one in named]
    with services.database.session(job.scope, read_only=True) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        waiting = among is None and bool(waiting_tokens(session, onboarding))
        if not waiting and not open_items(session, onboarding, among=among):
            return
        client = plaid_client(connection(services, session, job.scope, "plaid"))
    try:
        if waiting:
            read_tokens(services, job.scope, onboarding_id, client)
        _remove(services, job.scope, onboarding_id, client, among)
    except ProviderError as error:
        raise Retry(error.code) from None


def _remove(
    services: Services, scope: Scope, onboarding_id: uuid.UUID, client: PlaidClient, among: list[uuid.UUID] | None
) -> None:
    with services.database.session(scope, read_only=True) as session:
        items = open_items(session, session.get_one(Onboarding, onboarding_id), among=among)
    failed: ProviderError | None = None
    for item in items:
        try:
            client.remove_item(item.access_token)
        except ProviderError as error:
            # Only with its token can it be disconnected later, so that is kept until the connection is surely gone.
            if error.reason is not Reason.ACCESS_REVOKED:
                failed = failed or error
                continue
        with services.database.session(scope) as session:
            mark_removed(session, session.get_one(Onboarding, onboarding_id), item.row_id)
    if failed is not None:
        raise failed

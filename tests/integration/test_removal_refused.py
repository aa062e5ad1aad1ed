"""A bank that could not be disconnected is not forgotten."""

from unittest import mock

from app.models import Job, PlaidItem
from app.providers.errors import Kind, ProviderError, Reason
from app.providers.plaid import PlaidClient
from tests.support.journeys import Consumer
from tests.support.rows import event_types, rows, work_to_the_end
from tests.support.tenants import MadeTenant

KEYS_REFUSED = ProviderError(
    Kind.AUTHENTICATION,
    Reason.NOT_CONFIGURED,
    retryable=False,
    provider="plaid",
    operation="/item/remove",
    code="INVALID_API_KEYS",
)


def test_refused_keys_leave_the_token_to_disconnect_with_later(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.to_review(token)
    with mock.patch.object(PlaidClient, "remove_item", side_effect=KEYS_REFUSED):
        consumer.post(consumer.url("cancel"))
        work_to_the_end(tenant, consumer.worker, "bank.remove")
    item = rows(tenant, PlaidItem)[0]
    assert item.removed_at is None
    assert item.access_token_sealed is not None
    assert "bank.disconnected" not in event_types(tenant, onboarding_id)
    with tenant.services.database.session(read_only=True) as session:
        assert [job.state for job in session.query(Job).filter_by(kind="bank.remove")] == ["dead"]

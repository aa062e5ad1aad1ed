"""Where the bank comes first, a browser that begins anew gets nothing of what the one before it shared."""

from collections.abc import Callable

import pytest

from app.domain.onboardings import add_launch_link
from app.domain.services import Services
from app.models import Binding, Onboarding, PlaidAccount
from tests.support.emulator import Emulator
from tests.support.journeys import Consumer
from tests.support.rows import calls_to, onboarding_row, rows
from tests.support.tenants import MadeTenant, make_tenant


@pytest.fixture
def tenant(services: Services) -> MadeTenant:
    return make_tenant(services, verification="plaid_layer")


def test_a_session_shared_before_a_fresh_link_proves_nothing_for_whoever_used_it(
    consumer: Consumer, browser: Callable[[], Consumer], tenant: MadeTenant, emulator: Emulator
) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    consumer.tell_bank_finished()
    with tenant.services.database.session(tenant.scope) as session:
        fresh, _ = add_launch_link(session, session.get_one(Onboarding, onboarding_id))
    # Whoever knows the number only, and says that a bank was shared, before the worker has read the first one.
    stranger = browser()
    stranger.open(fresh)
    stranger.start()
    stranger.tell("finished", public_token="public-sandbox-of-nobody")
    stranger.work()
    assert onboarding_row(tenant, onboarding_id).phone_verified_at is None
    assert [each.phone_proven for each in rows(tenant, Binding)] == [False, False]
    assert rows(tenant, PlaidAccount) == []
    assert calls_to(emulator, "/item/remove") > 0

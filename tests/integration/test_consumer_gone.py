"""A person whom the text service does not know any more."""

from collections.abc import Callable

import requests

from app.models import User
from app.models.vault import vault
from tests.support.emulator import Emulator
from tests.support.journeys import Consumer
from tests.support.rows import rows
from tests.support.tenants import MadeTenant


def test_a_user_who_is_gone_at_the_provider_is_made_anew_by_the_next_text(
    browser: Callable[[], Consumer], tenant: MadeTenant, emulator: Emulator
) -> None:
    first = browser()
    first.prove(tenant.onboard("member-1")[1])
    (user,) = rows(tenant, User)
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        spinwheel_user_id = vault(session).open(user, "spinwheel_user_id")
    keys = {"Authorization": f"Bearer {emulator.settings.spinwheel_api_key}"}
    gone = requests.delete(
        f"{emulator.settings.spinwheel_base_url}/v1/users/{spinwheel_user_id}", headers=keys, timeout=10
    )
    assert gone.ok
    again = browser()
    again.open(tenant.onboard("member-1")[1])
    again.start()
    assert "isn’t answering right now" in again.text
    again.start()
    assert again.heading == "Enter the code we texted you"
    again.confirm()
    assert again.heading.startswith("Connect your bank")

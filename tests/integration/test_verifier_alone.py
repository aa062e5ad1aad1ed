"""One verifier, or none: no dead button, no second sender, and a way on."""

import pytest

from app.domain.connections import add_connection, connection
from app.domain.services import Services
from app.models.session import Scope
from tests.support.emulator import Emulator
from tests.support.journeys import Consumer
from tests.support.rows import codes_sent, let_pass
from tests.support.tenants import MadeTenant, make_tenant

pytestmark = pytest.mark.usefixtures("quick_providers")

SPINWHEEL_ONLY = ("PREFILL_TWILIO__ACCOUNT_SID", "PREFILL_TWILIO__AUTH_TOKEN", "PREFILL_TWILIO__SERVICE_SID")
SILENT = "The text service isn’t answering right now. Please try again."


@pytest.fixture
def more_settings(more_settings: dict[str, str]) -> dict[str, str]:
    """No Twilio."""
    return {name: value for name, value in more_settings.items() if name not in SPINWHEEL_ONLY}


def begin(consumer: Consumer, tenant: MadeTenant) -> None:
    _, token = tenant.onboard()
    consumer.open(token)
    consumer.start()


def own_twilio(tenant: MadeTenant, emulator: Emulator, **changes: str) -> None:
    """A connection of the tenant's own."""
    own = emulator.settings
    settings = {
        "base_url": own.twilio_base_url,
        "messages_base_url": own.twilio_base_url,
        "service_sid": own.twilio_service_sid,
        "from_number": "",
        **changes,
    }
    credentials = {"account_sid": own.twilio_account_sid, "auth_token": own.twilio_auth_token}
    with tenant.services.database.session(tenant.scope) as session:
        add_connection(session, tenant.scope, "twilio", "main", settings, credentials)


def test_without_a_voice_nobody_is_offered_a_call(consumer: Consumer, services: Services) -> None:
    both = make_tenant(services, verification_method="both")
    begin(consumer, both)
    assert consumer.heading == "Enter the code we texted you"
    assert "Call me instead" not in consumer.moves
    let_pass(both, 31)
    consumer.post(consumer.url("code", "resend"), method="voice")
    assert [row.verification_method for row in codes_sent(both)] == ["sms", "sms"]


def test_without_a_voice_a_tenant_that_wants_calls_says_so_and_leads_on(consumer: Consumer, services: Services) -> None:
    begin(consumer, make_tenant(services, verification_method="voice"))
    assert "Calling isn’t possible right now. You can go on without a code." in consumer.text
    assert "Fill in the form yourself" in consumer.moves


def test_alone_an_outage_is_told_and_the_next_press_tries_again(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    emulator.control(
        "POST", "/faults", {"provider": "spinwheel", "operation": "/v1/users/connect/sms", "fault": "500", "times": 1}
    )
    begin(consumer, tenant)
    assert SILENT in consumer.text
    consumer.start()
    assert consumer.heading == "Enter the code we texted you"
    assert [row.verifier for row in codes_sent(tenant)] == ["spinwheel"]


def test_a_tenant_s_own_twilio_calls(consumer: Consumer, services: Services, emulator: Emulator) -> None:
    tenant = make_tenant(services, verification_method="voice")
    own_twilio(tenant, emulator)
    begin(consumer, tenant)
    assert consumer.heading == "Enter the code from our call"
    assert [row.verifier for row in codes_sent(tenant)] == ["twilio"]


def test_a_twilio_without_a_verify_service_sends_no_codes(
    consumer: Consumer, services: Services, emulator: Emulator
) -> None:
    tenant = make_tenant(services, verification_method="both")
    own_twilio(tenant, emulator, service_sid="", from_number=emulator.settings.twilio_from_number)
    begin(consumer, tenant)
    assert "Call me instead" not in consumer.moves
    with services.database.session(tenant.scope, read_only=True) as session:
        assert connection(services, session, tenant.scope, "twilio").settings["from_number"]


@pytest.mark.parametrize("name", ["base_url", "messages_base_url"])
def test_a_live_twilio_is_twilio_itself(tenant: MadeTenant, services: Services, name: str) -> None:
    live = Scope(tenant.scope.tenant_id, "live")
    settings = {
        "base_url": "https://verify.twilio.com",
        "messages_base_url": "https://api.twilio.com",
        "service_sid": "VA" + "0" * 32,
        "from_number": "",
    }
    credentials = {"account_sid": "AC" + "0" * 32, "auth_token": "secret"}
    with services.database.session(live) as session:
        with pytest.raises(ValueError, match=f"{name}: a live connection points at the provider itself"):
            add_connection(session, live, "twilio", "main", {**settings, name: "https://evil.example"}, credentials)
        add_connection(session, live, "twilio", "main", settings, credentials)
        assert connection(services, session, live, "twilio").credentials == credentials

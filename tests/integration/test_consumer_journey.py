"""The whole journey by plain forms, without script: what the consumer reads at each step, and what is kept."""

from sqlalchemy import select

from app.models import Consent, Event, Onboarding, PrefillData
from app.models.vault import vault
from tests.support.journeys import Consumer
from tests.support.tenants import MadeTenant


def test_a_consumer_goes_all_the_way_through_layer(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard(state="s-1")
    consumer.open(token)
    assert consumer.heading == "Start with your phone number"
    consumer.start()
    assert consumer.heading == "Enter the code we texted you"
    consumer.confirm()
    assert consumer.heading == "Connect your bank and skip the typing"
    consumer.finish_bank()
    assert consumer.heading == "May we look at your credit file?"
    consumer.answer_credit_file("yes")
    assert consumer.heading == "Check your details"
    consumer.post(consumer.url("review"), **consumer.filled_form())
    assert consumer.heading.startswith("All done")
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        onboarding = session.get_one(Onboarding, onboarding_id)
        assert (onboarding.status, onboarding.rung) == ("completed", "layer_phone")
        kinds = set(session.scalars(select(Consent.kind)))
        assert kinds == {"phone", "bank", "credit_file", "share"}
        data = session.scalars(select(PrefillData)).one()
        result = vault(session).open(data, "result")
        assert result["state"] == "s-1"
        assert result["prefill"]["personal_info"]["phone_number"] == "+14155550011"
        types = set(session.scalars(select(Event.type)))
        assert {"onboarding.created", "onboarding.started", "onboarding.completed"} <= types

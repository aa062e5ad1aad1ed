"""Signals of risk in the result: counts, codes and flags, and nothing personal."""

import json
from typing import Any

from app.models import Onboarding
from app.models.vault import vault
from tests.contract.plaid_drive import Link
from tests.support.emulator import Emulator
from tests.support.journeys import PHONE_E164, Consumer
from tests.support.rows import result_of, rows
from tests.support.tenants import MadeTenant


def risk(tenant: MadeTenant, onboarding_id: Any) -> dict[str, Any]:
    """What the tenant reads."""
    told: dict[str, Any] = result_of(tenant, onboarding_id)["risk"]
    return told


def test_an_ordinary_journey_tells_what_was_seen(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.start()
    consumer.confirm("000000")
    consumer.confirm()
    consumer.finish_bank()
    consumer.answer_credit_file("yes")
    consumer.share()
    told = risk(tenant, onboarding_id)
    assert told["phone"] == {"country": "US", "line_type": "fixed_line_or_mobile"}
    assert told["codes"] == {"sent": 1, "tries": 2}
    assert told["assessments"] == []
    assert told["layer_edits"]["name"]["current"] == 0
    assert told["credit_file"] == {"fraud_alert": False, "frozen": False, "locked": False}


def test_the_risk_layer_and_edits_in_layer_are_passed_on_without_what_names_anybody(
    consumer: Consumer, tenant: MadeTenant, emulator: Emulator
) -> None:
    emulator.control("POST", "/spinwheel/switches", {"risk_layer": True})
    onboarding_id, token = tenant.onboard()
    consumer.prove(token)
    link = Link(emulator, consumer.open_bank()).through_code(PHONE_E164)
    link.act("edit", field="address")
    link.act("save", street="9 New Road", city="Reno", region="NV", postal_code="89501")
    public_token = str(link.act("share", account=["0-0"]).public_token)
    consumer.post_json(consumer.url("bank", "finished"), {"public_token": public_token})
    consumer.work()
    consumer.answer_credit_file("no")
    consumer.share()
    told = risk(tenant, onboarding_id)
    trust, identity = told["assessments"]
    assert (trust["vendor"], trust["version"], trust["trust_score"]) == ("PROVE", "trust/v2", 910)
    assert identity == {"vendor": "PROVE", "version": "identity/v2", "verified": True}
    assert told["layer_edits"]["address"]["current"] == 1
    assert told["credit_file"] is None
    written = json.dumps(told)
    for personal in ("4155550011", "Ortiz", "9 New Road", "1975"):
        assert personal not in written


def test_by_hand_without_a_phone_tells_of_none(consumer: Consumer, tenant: MadeTenant) -> None:
    onboarding_id, token = tenant.onboard()
    consumer.open(token)
    consumer.post(f"{consumer.link}/by-hand")
    consumer.by_hand()
    consumer.share()
    assert risk(tenant, onboarding_id) == {
        "phone": None,
        "codes": {"sent": 0, "tries": 0},
        "assessments": [],
        "layer_edits": None,
        "credit_file": None,
    }


def test_what_is_kept_is_sealed(consumer: Consumer, tenant: MadeTenant, emulator: Emulator) -> None:
    emulator.control("POST", "/spinwheel/switches", {"risk_layer": True})
    _, token = tenant.onboard()
    consumer.prove(token)
    (row,) = rows(tenant, Onboarding)
    assert row.risk_sealed is not None
    assert b"PROVE" not in row.risk_sealed
    with tenant.services.database.session(tenant.scope, read_only=True) as session:
        kept = vault(session).open(session.get_one(Onboarding, row.id), "risk")
    assert set(kept) == {"assessments"}

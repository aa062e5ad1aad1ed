"""Pre-verified phones and the risk layer, by bare calls and through the product's own client."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.providers.errors import Kind, ProviderError, Reason
from app.providers.spinwheel import SpinwheelClient
from tests.contract.spinwheel_calls import KEY, MARIA, Spinwheel, code_of, data
from tests.support.emulator import Emulator

PATH = "/v1/users/connect/preverified/phoneNumber"
AUDIT = {"verificationDate": "2026-01-05", "userConsentDate": "2026-01-05", "verificationType": "SMS"}
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@pytest.fixture
def api(emulator: Emulator) -> Spinwheel:
    return Spinwheel(emulator.url)


@pytest.fixture
def client(emulator: Emulator) -> SpinwheelClient:
    own = emulator.settings
    return SpinwheelClient(own.spinwheel_base_url, own.spinwheel_secure_base_url, KEY, connection_key="con_test")


def preverified(api: Spinwheel, **body: Any) -> Any:
    return api.call("POST", PATH, {**MARIA, "extUserId": "acme-42", "audit": AUDIT, **body})


def test_it_connects_at_once_and_sends_no_text(emulator: Emulator, api: Spinwheel) -> None:
    connected = data(preverified(api))
    assert connected["connectionStatus"] == "SUCCESS"
    assert (connected["profile"]["lastName"], connected["extUserId"]) == ("ORTIZ REYES", "acme-42")
    assert emulator.app.extensions["emulators"].store.texts() == []
    assert api.report(connected["userId"]).status_code == 200


def test_the_same_person_may_come_again_by_either_id(api: Spinwheel) -> None:
    user_id = data(preverified(api))["userId"]
    assert data(preverified(api))["userId"] == user_id
    body = {**MARIA, "userId": user_id, "audit": AUDIT}
    assert data(api.call("POST", PATH, body))["userId"] == user_id


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"audit": None}, (400, "BAD_REQUEST")),
        ({"audit": {**AUDIT, "verificationType": "GUESS"}}, (400, "BAD_REQUEST")),
        ({"userId": "also"}, (400, "BAD_REQUEST")),
        ({"phoneNumber": "+33612345678"}, (400, "UNSUPPORTED_COUNTRY_CODE")),
        ({"dateOfBirth": "1980-01-01"}, (400, "FAILED_IDENTIFICATION_INFO_MISMATCH")),
        ({"phoneNumber": "+12065550147", "dateOfBirth": "1996-07-02"}, (400, "FAILED_IDENTIFICATION")),
    ],
)
def test_refusals(api: Spinwheel, change: dict[str, Any], code: tuple[int, str]) -> None:
    assert code_of(preverified(api, **change)) == code


def test_a_credential_or_a_person_that_is_not_enabled_gets_a_403(emulator: Emulator, api: Spinwheel) -> None:
    not_enabled = (403, "PRODUCT_NOT_ENABLED")
    omar = {"phoneNumber": "+17185550190", "dateOfBirth": "1969-04-30"}
    assert code_of(preverified(api, **omar)) == not_enabled
    emulator.control("POST", "/spinwheel/switches", {"preverified": False})
    assert code_of(preverified(api)) == not_enabled
    emulator.control("POST", "/credentials", {"provider": "spinwheel", "api_key": "another"})
    assert preverified(Spinwheel(emulator.url, "another")).status_code == 201


def test_the_secure_base_does_not_connect(emulator: Emulator) -> None:
    assert code_of(preverified(Spinwheel(emulator.url, base="spinwheel-secure"))) == (404, "NOT_FOUND")


def test_a_fault_can_be_meant_for_this_call(emulator: Emulator, api: Spinwheel) -> None:
    emulator.control("POST", "/faults", {"provider": "spinwheel", "operation": PATH, "fault": "500", "times": 1})
    assert [preverified(api).status_code for _ in range(2)] == [500, 201]


# ---------- The product's client ----------
def connect(client: SpinwheelClient, **more: Any) -> Any:
    wanted = {"by_call": False, "verified_at": NOW, "consent_at": NOW, "ext_user_id": "acme-42", **more}
    return client.connect_preverified(MARIA["phoneNumber"], MARIA["dateOfBirth"], **wanted)


@pytest.mark.parametrize("by_call", [False, True])
def test_the_client_connects(client: SpinwheelClient, by_call: bool) -> None:
    connected = connect(client, by_call=by_call)
    assert connected.profile.last_name == "ORTIZ REYES"
    assert connected.risk_assessments == ()
    assert connect(client, ext_user_id=None, user_id=connected.user_id).user_id == connected.user_id


def test_not_enabled_is_final_for_the_client(emulator: Emulator, client: SpinwheelClient) -> None:
    emulator.control("POST", "/spinwheel/switches", {"preverified": False})
    with pytest.raises(ProviderError) as caught:
        connect(client)
    error = caught.value
    assert (error.kind, error.reason, error.retryable) == (Kind.AUTHENTICATION, Reason.NOT_CONFIGURED, False)


# ---------- The risk layer ----------
def test_the_switch_brings_risk_assessments_to_both_ways_of_connecting(
    emulator: Emulator, api: Spinwheel, client: SpinwheelClient
) -> None:
    emulator.control("POST", "/spinwheel/switches", {"risk_layer": True})
    user_id = data(api.connect(**MARIA, extUserId="acme-1"))["userId"]
    for told in (data(api.verify(user_id)), data(preverified(api))):
        versions = [(one["vendor"], one["version"]) for one in told["riskAssessments"]]
        assert versions == [("PROVE", "trust/v2"), ("PROVE", "identity/v2")]
    trust, identity = connect(client).risk_assessments
    assert trust.signals == {"line_type": "Mobile", "is_baselined": True, "trust_score": 910, "reason_codes": []}
    assert identity.signals == {"verified": True}


def test_a_person_can_bring_a_risk_of_their_own(client: SpinwheelClient) -> None:
    """Victor's number was ported a day ago."""
    now = {"by_call": False, "verified_at": NOW, "consent_at": NOW, "ext_user_id": "victor"}
    trust, _ = client.connect_preverified("+15155550013", "1975-01-18", **now).risk_assessments
    assert (trust.signals["trust_score"], trust.signals["reason_codes"]) == (270, ["PT", "SC"])

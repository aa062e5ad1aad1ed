"""The Twilio client: what goes over the wire, and what comes back from the emulator."""

import json
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

import pytest

from app.providers.base import Timeouts
from app.providers.errors import Kind, Reason
from app.providers.twilio_verify import TwilioVerifyClient
from tests.contract.raw_server import plain, raw_server, reply, silence
from tests.contract.test_provider_clients import failure, judged
from tests.support.emulator import Emulator

MARIA, LANDLINE, CODE = "+14155550011", "+17185550190", "123456"
SID = "VE" + "a" * 32
VERIFICATIONS = "/v2/Services/{ServiceSid}/Verifications"
CHECK = "/v2/Services/{ServiceSid}/VerificationCheck"
QUICK = Timeouts(connect=1, read=0.5, total=1)


def client_at(url: str, service_sid: str = "VA" + "0" * 31 + "1", auth_token: str = "t0ken") -> TwilioVerifyClient:  # noqa: S107
    """A connection key of its own for every client, so that no test opens another one's breaker."""
    account = "AC" + "0" * 31 + "1"
    return TwilioVerifyClient(url, account, auth_token, service_sid, connection_key=str(uuid4()), timeouts=QUICK)


@pytest.fixture
def client(emulator: Emulator) -> TwilioVerifyClient:
    own = emulator.settings
    return client_at(own.twilio_base_url, own.twilio_service_sid, own.twilio_auth_token)


def heard(emulator: Emulator) -> list[Any]:
    return emulator.app.extensions["emulators"].store.texts(MARIA)  # type: ignore[no-any-return]


# ---------- The wire ----------
def test_a_call_is_a_form_under_basic_authentication() -> None:
    body = {"sid": SID, "status": "pending", "date_created": "2026-01-02T03:04:05Z"}
    with raw_server(plain(reply(json.dumps(body).encode(), "201 Created"))) as server:
        sent = client_at(server.url).send_code("+14155550123", "voice", "es")
    assert (sent.sid, sent.expires_at) == (SID, datetime(2026, 1, 2, 3, 14, 5, tzinfo=UTC))
    head, _, form = server.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    assert lines[0] == f"POST /v2/Services/VA{'0' * 31}1/Verifications HTTP/1.1"
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert b64decode(headers["authorization"].removeprefix("Basic ")) == b"AC" + b"0" * 31 + b"1:t0ken"
    assert dict(parse_qsl(form.decode())) == {"To": "+14155550123", "Channel": "call", "Locale": "es"}


def test_a_text_that_may_have_left_is_never_sent_twice() -> None:
    with raw_server(silence) as server:
        error = failure(lambda: client_at(server.url).send_code(MARIA, "sms", "en"))
    assert (error.code, error.reason, len(server.requests)) == ("timeout", Reason.PROVIDER_SLOW, 1)


@pytest.mark.parametrize("body", [{}, {"sid": None}, {"sid": "VE1"}, {"sid": {}}, {"sid": SID + "/../x"}])
def test_an_answer_without_an_id_is_no_success(body: dict[str, Any]) -> None:
    with raw_server(plain(reply(json.dumps(body).encode(), "201 Created"))) as server:
        assert judged(lambda: client_at(server.url).send_code(MARIA, "sms", "en")) == (
            "unexpected_shape",
            Reason.PROVIDER_DOWN,
        )


@pytest.mark.parametrize("created", [None, "soon", 7, "2026-01-02T03:04:05"])
def test_without_a_time_the_life_counts_from_now(created: object) -> None:
    body = {"sid": SID, "date_created": created}
    with raw_server(plain(reply(json.dumps(body).encode(), "201 Created"))) as server:
        sent = client_at(server.url).send_code(MARIA, "sms", "en")
    assert 595 < (sent.expires_at - datetime.now(UTC)).total_seconds() <= 600


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        ("pending", "not_approved", Reason.WRONG_CODE),
        ("canceled", "ended", Reason.CODE_EXPIRED),
        ("expired", "ended", Reason.CODE_EXPIRED),
        ("max_attempts_reached", "ended", Reason.CODE_EXPIRED),
        ("something new", "unexpected_shape", Reason.PROVIDER_DOWN),
        (None, "unexpected_shape", Reason.PROVIDER_DOWN),
        (True, "unexpected_shape", Reason.PROVIDER_DOWN),
    ],
)
def test_only_approved_is_a_right_code(status: object, code: str, reason: Reason) -> None:
    body = {"sid": SID, "status": status, "valid": True}
    with raw_server(plain(reply(json.dumps(body).encode()))) as server:
        assert judged(lambda: client_at(server.url).check_code(SID, CODE)) == (code, reason)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12a456", "１２３４５６"])
def test_a_malformed_code_stays_here(code: str) -> None:
    with raw_server(silence) as server:
        assert judged(lambda: client_at(server.url).check_code(SID, code)) == (
            "code_not_six_digits",
            Reason.WRONG_CODE,
        )
    assert server.requests == []


def test_nothing_secret_shows() -> None:
    with raw_server(silence) as server:
        made = client_at(server.url)
        error = failure(lambda: made.check_code(SID, CODE))
    for shown in (repr(error), str(error), repr(made)):
        assert "t0ken" not in shown
        assert CODE not in shown


# ---------- Against the emulator ----------
@pytest.mark.parametrize(("method", "channel"), [("sms", "sms"), ("voice", "call")])
def test_a_code_is_sent_and_judged(client: TwilioVerifyClient, emulator: Emulator, method: str, channel: str) -> None:
    sent = client.send_code(MARIA, method, "en")
    assert 590 < (sent.expires_at - datetime.now(UTC)).total_seconds() <= 600
    assert [(text.channel, text.code) for text in heard(emulator)] == [(channel, CODE)]
    assert judged(lambda: client.check_code(sent.sid, "111111")) == ("not_approved", Reason.WRONG_CODE)
    client.check_code(sent.sid, CODE)
    assert judged(lambda: client.check_code(sent.sid, CODE)) == ("20404", Reason.CODE_EXPIRED)


def test_a_canceled_code_ends_and_a_new_one_begins(client: TwilioVerifyClient) -> None:
    first = client.send_code(MARIA, "sms", "en")
    assert client.send_code(MARIA, "voice", "en").sid == first.sid, "while it lives the same code comes again"
    client.cancel_code(first.sid)
    client.cancel_code(first.sid)
    assert judged(lambda: client.check_code(first.sid, CODE)) == ("20404", Reason.CODE_EXPIRED)
    second = client.send_code(MARIA, "voice", "en")
    assert second.sid != first.sid
    client.check_code(second.sid, CODE)


def test_a_code_lives_ten_minutes(client: TwilioVerifyClient, emulator: Emulator) -> None:
    sent = client.send_code(MARIA, "sms", "en")
    emulator.control("POST", "/clock", {"advance_seconds": 599})
    assert judged(lambda: client.check_code(sent.sid, "111111"))[1] is Reason.WRONG_CODE
    emulator.control("POST", "/clock", {"advance_seconds": 2})
    assert judged(lambda: client.check_code(sent.sid, CODE)) == ("20404", Reason.CODE_EXPIRED)


def test_five_checks_and_five_sends(client: TwilioVerifyClient) -> None:
    sent = [client.send_code(MARIA, "sms", "en") for _ in range(5)][-1]
    assert judged(lambda: client.send_code(MARIA, "sms", "en")) == ("60203", Reason.TOO_MANY_CODES)
    for _ in range(5):
        assert judged(lambda: client.check_code(sent.sid, "111111"))[1] is Reason.WRONG_CODE
    assert judged(lambda: client.check_code(sent.sid, CODE)) == ("60202", Reason.TOO_MANY_CODES)


@pytest.mark.parametrize(
    ("phone_number", "code", "reason"),
    [
        (LANDLINE, "60205", Reason.NUMBER_UNSUPPORTED),
        ("+14155", "60200", Reason.NUMBER_INVALID),
        ("+442071838750", "60605", Reason.COUNTRY_UNSUPPORTED),
        ("+19005551234", "60410", Reason.NUMBER_UNSUPPORTED),
    ],
)
def test_numbers_that_cannot_be_texted(
    client: TwilioVerifyClient, phone_number: str, code: str, reason: Reason
) -> None:
    assert judged(lambda: client.send_code(phone_number, "sms", "en")) == (code, reason)


def test_a_landline_can_be_called(client: TwilioVerifyClient) -> None:
    sent = client.send_code(LANDLINE, "voice", "en")
    client.check_code(sent.sid, CODE)


def test_wrong_credentials_and_a_wrong_service(emulator: Emulator) -> None:
    own = emulator.settings
    for made in (
        client_at(own.twilio_base_url, own.twilio_service_sid, "wrong"),
        client_at(own.twilio_base_url, "VA" + "f" * 32, own.twilio_auth_token),
    ):
        error = failure(lambda made=made: made.send_code(MARIA, "sms", "en"))  # type: ignore[misc]
        assert (error.kind, error.reason) == (Kind.AUTHENTICATION, Reason.NOT_CONFIGURED)


@pytest.mark.parametrize(
    ("fault", "code", "reason"),
    [
        ("429", "20429", Reason.PROVIDER_BUSY),
        ("500", "http_500", Reason.PROVIDER_DOWN),
        ("503_html", "http_503", Reason.PROVIDER_DOWN),
        ("drop", "connection_broken", Reason.PROVIDER_DOWN),
        ("hang", "timeout", Reason.PROVIDER_SLOW),
        ("empty_body", "unreadable_reply", Reason.PROVIDER_DOWN),
        ("cut_body", "connection_broken", Reason.PROVIDER_DOWN),
        ("missing_field", "unexpected_shape", Reason.PROVIDER_DOWN),
    ],
)
@pytest.mark.parametrize("operation", [VERIFICATIONS, CHECK])
def test_faults_are_outages(
    client: TwilioVerifyClient, emulator: Emulator, operation: str, fault: str, code: str, reason: Reason
) -> None:
    sent = client.send_code(MARIA, "sms", "en")
    emulator.control("POST", "/faults", {"provider": "twilio", "operation": operation, "fault": fault})
    again: Callable[[], object] = lambda: client.check_code(sent.sid, CODE)  # noqa: E731
    if operation == VERIFICATIONS:
        again = lambda: client.send_code(MARIA, "sms", "en")  # noqa: E731
    error = failure(again)
    emulator.control("DELETE", "/faults")
    assert (error.code, error.reason, error.is_outage) == (code, reason, True)

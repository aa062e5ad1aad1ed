"""What Twilio's numbers mean, and when another verifier may take its or Spinwheel's place."""

import pytest

from app.domain.verifiers import may_step_in, surely_unsent
from app.providers.base import HttpCaller
from app.providers.errors import Kind, Meaning, ProviderError, Reason
from app.providers.transport import Request
from app.providers.twilio_errors import CODES, classify

DOWN = Meaning(Kind.NETWORK, Reason.PROVIDER_DOWN, retryable=True)
SLOW = Meaning(Kind.NETWORK, Reason.PROVIDER_SLOW, retryable=True)
BUSY = Meaning(Kind.RATE_LIMIT, Reason.PROVIDER_BUSY, retryable=True)


def failed(code: str, meaning: Meaning, status: int | None = None, operation: str = "send_code") -> ProviderError:
    caller = HttpCaller("twilio", "unit", classify)
    return caller.error(Request(operation, "POST", "http://127.0.0.1:9", {}), code, meaning, http_status=status)


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_known_number_decides_whatever_the_status(code: int) -> None:
    for status in (400, 403, 429):
        assert classify("send_code", status, {"code": code, "status": status}) == (str(code), CODES[code])


@pytest.mark.parametrize(
    "body", [{}, {"code": None}, {"code": "60200"}, {"code": 1}, {"code": [60200]}, {"code": True}]
)
def test_an_odd_number_leaves_it_to_the_status(body: dict[str, object]) -> None:
    assert classify("send_code", 500, body) is None


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        ("check_code", Reason.CODE_EXPIRED),
        ("cancel_code", Reason.CODE_EXPIRED),
        ("send_code", Reason.NOT_CONFIGURED),
        ("call_code", Reason.NOT_CONFIGURED),
    ],
)
@pytest.mark.parametrize("body", [{"code": 20404}, {}])
def test_what_is_not_there_is_the_code_or_the_service(operation: str, reason: Reason, body: dict[str, int]) -> None:
    judged = classify(operation, 404, body)
    assert judged is not None
    assert judged[1].reason is reason


@pytest.mark.parametrize(
    ("code", "meaning", "status"),
    [
        ("connect_failed", DOWN, None),
        ("tls_failed", DOWN, None),
        ("deadline_passed", SLOW, None),
        ("circuit_open", DOWN, None),
        ("bulkhead_full", BUSY, None),
        ("http_500", DOWN, 500),
        ("http_503", DOWN, 503),
        ("20429", BUSY, 429),
        ("http_401", Meaning(Kind.AUTHENTICATION, Reason.NOT_CONFIGURED), 401),
        ("TOO_MANY_VERIFICATIONS", Meaning(Kind.RATE_LIMIT, Reason.NUMBER_LOCKED), 429),
    ],
)
def test_where_surely_nothing_was_sent_another_may(code: str, meaning: Meaning, status: int | None) -> None:
    assert may_step_in(failed(code, meaning, status))


@pytest.mark.parametrize(
    ("code", "meaning", "status"),
    [
        ("timeout", SLOW, None),
        ("connection_broken", DOWN, None),
        ("reply_too_large", DOWN, None),
        ("unexpected_shape", DOWN, None),
        ("unreadable_reply", DOWN, 201),
        ("http_408", DOWN, 408),
        ("http_504", DOWN, 504),
        ("a code of tomorrow", DOWN, None),
    ],
)
def test_where_a_code_may_be_on_its_way_nobody_else_sends_one(code: str, meaning: Meaning, status: int | None) -> None:
    error = failed(code, meaning, status)
    assert not surely_unsent(error)
    assert not may_step_in(error)


@pytest.mark.parametrize("reason", [Reason.NUMBER_INVALID, Reason.NUMBER_UNSUPPORTED, Reason.UNEXPECTED])
def test_what_is_wrong_with_the_number_is_wrong_everywhere(reason: Reason) -> None:
    assert not may_step_in(failed("60200", Meaning(Kind.DATA_VALIDATION, reason), 400))


def test_ending_an_old_code_sends_none() -> None:
    assert surely_unsent(failed("timeout", SLOW, operation="cancel_code"))

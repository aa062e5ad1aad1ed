"""The base client against servers that drip, hang, cut, lie and flood."""

import gzip
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from app.providers import base
from app.providers.base import CallRecord, HttpCaller, Request, Timeouts
from app.providers.breaker import BreakerRules, Breakers
from app.providers.bulkheads import Bulkheads
from app.providers.errors import Kind, Meaning, ProviderError, Reason
from tests.contract.raw_server import Play, drip, plain, raw_server, reply, silence

QUICK = Timeouts(connect=0.5, read=0.3, total=0.6, max_bytes=10_000)
GOOD = reply(b'{"answer": 1.10}')
SECRET = "sk-very-secret"


def caller(breakers: Breakers | None = None, timeouts: Timeouts = QUICK) -> HttpCaller:
    def classify(_operation: str, status: int, body: object) -> tuple[str, Meaning] | None:
        known = isinstance(body, dict) and body.get("code") == "KNOWN"
        return ("KNOWN", Meaning(Kind.DATA_VALIDATION, Reason.WRONG_CODE)) if known else None

    return HttpCaller("raw", "con", classify, timeouts=timeouts, breakers=breakers or Breakers())


def request(url: str, *, safe: bool = False) -> Request:
    headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
    return Request("ask", "POST", f"{url}/v1/users/person-1", headers, b'{"phone": "+14155550011"}', safe)


def failure(play: Play, *, safe: bool = False, timeouts: Timeouts = QUICK) -> tuple[ProviderError, int, float]:
    """The error, how many requests arrived, and the seconds it took."""
    with raw_server(play) as server:
        started = time.monotonic()
        with pytest.raises(ProviderError) as caught:
            caller(timeouts=timeouts).call(request(server.url, safe=safe))
        return caught.value, len(server.requests), time.monotonic() - started


def test_a_good_reply_keeps_its_decimals() -> None:
    with raw_server(plain(GOOD)) as server:
        assert caller().call(request(server.url)) == {"answer": Decimal("1.10")}
        assert b"accept-encoding: identity" in server.requests[0].lower()
    with raw_server(plain(b"HTTP/1.1 204 No Content\r\n\r\n")) as server:
        assert caller().call(request(server.url)) == {}


@pytest.mark.parametrize("play", [drip(GOOD), drip(b"HTTP/1.1 200 OK\r\n" + b"X-Pad: 1\r\n" * 500), silence])
def test_a_server_that_drips_or_hangs_meets_the_deadline(play: Play) -> None:
    error, _, seconds = failure(play)
    assert (error.code, error.reason, error.retryable) == ("timeout", Reason.PROVIDER_SLOW, True)
    assert seconds < 2


def test_a_drip_that_falls_silent_meets_the_deadline_too() -> None:
    def play(client: object) -> None:
        drip(GOOD[:8], 0.2)(client)  # type: ignore[arg-type]
        silence(client)  # type: ignore[arg-type]

    error, _, seconds = failure(play, timeouts=Timeouts(connect=0.5, read=5, total=2))
    assert error.code == "timeout"
    assert seconds < 3


def test_a_drip_within_chunks_meets_the_deadline() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"

    def play(client: object) -> None:
        plain(head)(client)  # type: ignore[arg-type]
        drip(b"1\r\n \r\n" * 200)(client)  # type: ignore[arg-type]

    error, _, seconds = failure(play)
    assert error.code == "timeout"
    assert seconds < 2


@pytest.mark.parametrize("kept", range(1, len(GOOD)))
def test_a_reply_cut_anywhere_is_an_error(kept: int) -> None:
    error, arrived, _ = failure(plain(GOOD[:kept]))
    assert error.code == "connection_broken"
    assert error.kind is Kind.NETWORK
    assert arrived == 1


@pytest.mark.parametrize(
    "answer",
    [
        reply(b"<html>maintenance</html>", content_type="text/html"),
        reply(b'{"answer": 1', content_type="application/json"),
        reply(b"[1]"),
        reply(b""),
        reply(b'{"a": NaN}'),
        reply(b"[" * 9000),
        reply(b'{"answer": 1}', content_type="text/plain"),
    ],
)
def test_a_success_that_is_no_json_object_is_an_error(answer: bytes) -> None:
    error, _, _ = failure(plain(answer))
    assert (error.code, error.kind, error.http_status) == ("unreadable_reply", Kind.DATA_VALIDATION, 200)


def test_a_flood_is_cut_off() -> None:
    error, _, _ = failure(plain(reply(b'"' + b"x" * 1_000_000 + b'"')))
    assert error.code == "reply_too_large"


def test_a_compressed_answer_is_never_unpacked() -> None:
    bomb = gzip.compress(b'{"answer": "' + b"x" * 50_000_000 + b'"}')
    assert len(bomb) < 60_000
    packed = reply(bomb, extra="Content-Encoding: gzip\r\n")
    error, _, _ = failure(plain(packed), timeouts=replace(QUICK, total=2, max_bytes=100_000))
    assert (error.code, error.kind) == ("unreadable_reply", Kind.DATA_VALIDATION)


def test_a_full_bulkhead_fails_at_once_and_says_so() -> None:
    full = Bulkheads(1)
    asking = HttpCaller("raw", "con", lambda *_: None, timeouts=QUICK, breakers=Breakers(), bulkheads=full)
    with raw_server(plain(GOOD)) as server:
        with full.place("raw", "another", "ask"), pytest.raises(ProviderError) as caught:
            asking.call(request(server.url))
        assert server.connections == 0
        assert asking.call(request(server.url)) == {"answer": Decimal("1.10")}
    error = caught.value
    assert (error.code, error.kind, error.reason) == ("bulkhead_full", Kind.RATE_LIMIT, Reason.PROVIDER_BUSY)
    assert error.retryable


def test_redirects_are_not_followed() -> None:
    with raw_server(plain(GOOD)) as second:
        moved = reply(b"", status="307 Temporary Redirect", extra=f"Location: {second.url}/\r\n")
        error, _, _ = failure(plain(moved), safe=True)
        assert (error.code, error.reason) == ("http_307", Reason.UNEXPECTED)
        assert second.connections == 0


def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(plain(GOOD)) as proxy, raw_server(plain(GOOD)) as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        caller().call(request(server.url))
        assert (proxy.connections, len(server.requests)) == (0, 1)


@pytest.mark.parametrize(
    ("status", "reason", "kind", "retryable"),
    [
        ("401 Unauthorized", Reason.NOT_CONFIGURED, Kind.AUTHENTICATION, False),
        ("403 Forbidden", Reason.NOT_CONFIGURED, Kind.AUTHENTICATION, False),
        ("404 Not Found", Reason.UNEXPECTED, Kind.DATA_VALIDATION, False),
        ("429 Too Many", Reason.PROVIDER_BUSY, Kind.RATE_LIMIT, True),
        ("500 Oops", Reason.PROVIDER_DOWN, Kind.NETWORK, True),
        ("503 Down", Reason.PROVIDER_DOWN, Kind.NETWORK, True),
    ],
)
def test_html_errors_are_judged_by_status(status: str, reason: Reason, kind: Kind, retryable: bool) -> None:
    page = reply(b"<h1>person-1</h1>", status=status, content_type="text/html", extra="Retry-After: 7\r\n")
    error, _, _ = failure(plain(page))
    assert (error.reason, error.kind, error.retryable, error.retry_after) == (reason, kind, retryable, 7.0)


def test_a_providers_own_code_wins_over_the_status() -> None:
    error, _, _ = failure(plain(reply(b'{"code": "KNOWN"}', status="500 Oops")))
    assert (error.code, error.reason) == ("KNOWN", Reason.WRONG_CODE)


def test_what_was_sent_is_not_sent_again() -> None:
    for play in (plain(b""), plain(reply(b"{}", status="503 Down")), silence):
        assert failure(play)[1] == 1


def test_a_safe_read_is_tried_three_times() -> None:
    roomy = Timeouts(connect=1, read=1, total=5)
    assert failure(plain(b""), safe=True, timeouts=roomy)[1] == 3
    assert failure(plain(reply(b"{}", status="503 Down")), safe=True, timeouts=roomy)[1] == 3
    assert failure(plain(reply(b"{}", status="404 No")), safe=True, timeouts=roomy)[1] == 1
    assert failure(plain(reply(b"{}", status="429 No")), safe=True, timeouts=roomy)[1] == 1


def test_an_unsafe_call_that_never_left_is_tried_again() -> None:
    with raw_server(plain(GOOD)) as server:
        closed = server.url
    records: list[CallRecord] = []
    base.set_call_observer(records.append)
    with pytest.raises(ProviderError) as caught:
        caller(timeouts=Timeouts(total=5)).call(request(closed))
    assert (caught.value.code, caught.value.reason) == ("connect_failed", Reason.PROVIDER_DOWN)
    assert records[0].attempts == 3


@pytest.fixture(autouse=True)
def _hooks_as_they_were() -> Iterator[None]:
    before = dict(base._hooks)
    yield
    base._hooks.update(before)


def test_no_call_inside_a_transaction() -> None:
    base.set_transaction_check(lambda: True)
    with raw_server(plain(GOOD)) as server:
        with pytest.raises(RuntimeError, match="transaction"):
            caller().call(request(server.url))
        assert server.connections == 0


def test_nothing_personal_is_told(caplog: pytest.LogCaptureFixture) -> None:
    records: list[CallRecord] = []
    base.set_call_observer(records.append)
    caplog.set_level(logging.INFO)
    body = b'{"error": "person-1 +14155550011"}'
    error, _, _ = failure(plain(reply(body, status="500 Oops")))
    told = repr(error) + str(error) + repr(records) + caplog.text + repr(error.__cause__) + repr(request("http://x"))
    for secret in (SECRET, "person-1", "4155550011", "127.0.0.1"):
        assert secret not in told
    (record,) = records
    assert (record.provider, record.operation, record.outcome, record.http_status) == (
        "raw",
        "ask",
        "http_500",
        500,
    )
    assert 0 < record.seconds < 5


def test_a_broken_provider_is_left_alone_and_probed_once() -> None:
    now = [0.0]
    breakers = Breakers(BreakerRules(minimum=3, open_seconds=30), lambda: now[0])
    asking = caller(breakers)
    with raw_server(plain(reply(b"{}", status="500 Oops"))) as server:
        for _ in range(5):
            with pytest.raises(ProviderError) as caught:
                asking.call(request(server.url))
        assert len(server.requests) == 3
        assert (caught.value.code, caught.value.reason) == ("circuit_open", Reason.PROVIDER_DOWN)
        assert caught.value.retry_after == 30
    now[0] = 30.0
    with raw_server(plain(GOOD)) as server:
        asking.call(request(server.url))
    assert breakers.of("raw", "con", "ask").state == "closed"


def test_a_persons_mistakes_do_not_open_the_breaker() -> None:
    asking = caller(Breakers(BreakerRules(minimum=3)))
    with raw_server(plain(reply(b'{"code": "KNOWN"}', status="400 Bad"))) as server:
        for _ in range(6):
            with pytest.raises(ProviderError):
                asking.call(request(server.url))
        assert len(server.requests) == 6


def test_connections_are_kept_and_calls_run_side_by_side() -> None:
    def slow(client: object) -> None:
        time.sleep(0.2)
        plain(reply(b"{}", extra=""))(client)  # type: ignore[arg-type]

    asking = caller(timeouts=Timeouts())
    with raw_server(slow, keep_alive=True) as server:
        started = time.monotonic()
        threads = [threading.Thread(target=asking.call, args=(request(server.url),)) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.monotonic() - started < 0.9
        asking.call(request(server.url))
        assert (server.connections, len(server.requests)) == (5, 6)

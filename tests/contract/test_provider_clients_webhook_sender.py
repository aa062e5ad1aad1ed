"""Delivery of callbacks: the guard holds at connect time, the deadline is total, the answer is short."""

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.providers import base, webhook_sender
from app.providers.webhook_sender import Attempt, send_webhook
from tests.contract.raw_server import Play, drip, plain, raw_server, reply, silence

BODY = b'{"type":"ping"}'
HEADERS = {"webhook-id": "evt_1", "webhook-timestamp": "1", "webhook-signature": "v1,x"}
OK = reply(b"thanks")


def sent(play: Play, *, path: str = "/in", seconds: float = 5.0) -> tuple[Attempt, list[bytes], float]:
    with raw_server(play) as server:
        started = time.monotonic()
        attempt = send_webhook(f"{server.url}{path}", HEADERS, BODY, allow_private=True, seconds=seconds)
        return attempt, server.requests, time.monotonic() - started


def test_a_delivery_arrives_byte_for_byte() -> None:
    attempt, requests, _ = sent(plain(OK), path="/in?x=1")
    assert attempt.succeeded
    assert (attempt.status, attempt.error, attempt.excerpt) == (200, None, "thanks")
    head, _, body = requests[0].partition(b"\r\n\r\n")
    assert body == BODY
    assert head.startswith(b"POST /in?x=1 HTTP/1.1\r\n")
    for line in (b"webhook-id: evt_1", b"Content-Type: application/json", b"Host: 127.0.0.1:"):
        assert line in head
    assert head.count(b"Host:") == 1


@pytest.mark.parametrize(
    ("status", "succeeded"),
    [
        ("204 No Content", True),
        ("299 Odd", True),
        ("302 Found", False),
        ("410 Gone", False),
        ("500 No", False),
    ],
)
def test_success_is_2xx_alone(status: str, succeeded: bool) -> None:
    attempt, _, _ = sent(plain(reply(b"", status=status)))
    assert attempt.succeeded is succeeded
    assert attempt.status == int(status[:3])
    assert attempt.error is None


def test_redirects_are_not_followed() -> None:
    with raw_server(plain(OK)) as second:
        moved = reply(b"", status="307 Temporary Redirect", extra=f"Location: {second.url}/\r\n")
        attempt, _, _ = sent(plain(moved))
        assert (attempt.status, attempt.succeeded) == (307, False)
        assert second.connections == 0


def test_the_wish_to_wait_is_passed_on() -> None:
    attempt, _, _ = sent(plain(reply(b"", status="429 Slow", extra="Retry-After: 120\r\n")))
    assert attempt.retry_after == 120
    for odd in ("soon", "-5", "9" * 400):
        attempt, _, _ = sent(plain(reply(b"", status="429 Slow", extra=f"Retry-After: {odd}\r\n")))
        assert attempt.retry_after in (None, 86400)
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    text = later.strftime("%a, %d %b %Y %H:%M:%S GMT")
    attempt, _, _ = sent(plain(reply(b"", status="503 Down", extra=f"Retry-After: {text}\r\n")))
    assert attempt.retry_after == pytest.approx(3600, abs=5)


@pytest.mark.parametrize(
    "play",
    [drip(OK), drip(b"HTTP/1.1 200 OK\r\n" + b"X-Pad: 1\r\n" * 500), drip(reply(b"x" * 900)), silence],
)
def test_a_drip_is_cut_at_the_deadline(play: Play) -> None:
    attempt, _, seconds = sent(play, seconds=0.5)
    assert (attempt.error, attempt.succeeded) == ("timeout", False)
    assert 0.4 < seconds < 2
    assert 400 < attempt.latency_ms < 2000


def test_a_drip_within_the_tls_handshake_is_cut_too() -> None:
    with raw_server(drip(b"\x16\x03\x03\x3f\xff" + b"\x02" * 500), read_first=False) as server:
        started = time.monotonic()
        url = f"https://127.0.0.1:{server.port}/"
        attempt = send_webhook(url, HEADERS, BODY, allow_private=True, seconds=0.5)
        assert attempt.error in ("timeout", "tls_failed")
        assert time.monotonic() - started < 2


def test_a_flood_is_not_read() -> None:
    def flood(client: socket.socket) -> None:
        plain(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + b"x" * 1024)(client)
        for _ in range(10_000):
            client.sendall(b"y" * 65536)

    attempt, _, seconds = sent(flood)
    assert attempt.excerpt == "x" * 1024
    assert seconds < 5


def test_the_excerpt_can_be_stored_and_shown() -> None:
    attempt, _, _ = sent(plain(reply(b"a\x00b\xff\x1b[31m\n\xe2\x80\xaec", content_type="text/html")))
    assert attempt.excerpt == "a b\ufffd [31m\n c"
    assert "a b" not in repr(attempt)


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 abc\r\n\r\n"]
)
def test_what_is_no_reply_is_a_bad_reply(answer: bytes) -> None:
    attempt, _, _ = sent(plain(answer))
    assert (attempt.status, attempt.error) == (None, "bad_reply")


def test_a_closed_port_is_unreachable() -> None:
    with raw_server(plain(OK)) as server:
        url = server.url
    attempt = send_webhook(url, HEADERS, BODY, allow_private=True)
    assert (attempt.status, attempt.error) == (None, "unreachable")


def test_private_addresses_are_not_called() -> None:
    with raw_server(plain(OK)) as server:
        for url in (server.url, f"https://127.0.0.1:{server.port}/", "https://hooks.example.com/"):
            attempt = send_webhook(url, HEADERS, BODY, resolver=lambda _host, _port: ["127.0.0.1"])
            assert (attempt.status, attempt.error, attempt.excerpt) == (None, "blocked", "")
        assert server.connections == 0
    attempt = send_webhook("https://app.example/", HEADERS, BODY, own_hosts={"app.example"})
    assert attempt.error == "blocked"


def test_a_name_that_resolves_differently_a_moment_later(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]]
    called: list[object] = []

    def record(address: object, timeout: float) -> socket.socket:
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(webhook_sender.socket, "create_connection", record)
    url = "https://rebind.example.com/"
    attempt = send_webhook(url, HEADERS, BODY, resolver=lambda _host, _port: answers.pop(0))
    assert attempt.error == "unreachable"
    assert called == [("93.184.216.34", 443)]
    assert len(answers) == 2


def test_the_next_address_is_tried_when_one_is_dead() -> None:
    with raw_server(plain(OK)) as server:
        url = f"http://hooks.example.com:{server.port}/"
        attempt = send_webhook(
            url,
            HEADERS,
            BODY,
            allow_private=True,
            resolver=lambda _host, _port: ["127.0.0.2", "::1", "127.0.0.1"],
        )
        assert attempt.succeeded
        assert f"Host: hooks.example.com:{server.port}".encode() in server.requests[0]


def test_an_unknown_or_slow_name() -> None:
    def slow(_host: str, _port: int) -> list[str]:
        time.sleep(0.5)
        return ["93.184.216.34"]

    url = "https://hooks.example.com/"
    assert send_webhook(url, HEADERS, BODY, resolver=lambda _host, _port: []).error == "unreachable"
    assert send_webhook(url, HEADERS, BODY, resolver=slow, seconds=0.1).error == "timeout"


def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(plain(OK)) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        attempt, _, _ = sent(plain(OK))
        assert attempt.succeeded
        assert proxy.connections == 0


def test_no_delivery_inside_a_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(base._hooks, "transaction_open", lambda: True)
    with pytest.raises(RuntimeError, match="transaction"):
        send_webhook("https://hooks.example.com/", HEADERS, BODY)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for hooks.example.com with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hooks.example.com")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example.com")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def tls_port(certificate: Path) -> Iterator[tuple[int, list[str | None]]]:
    """A TLS server and the names that clients asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    names: list[str | None] = []
    context.sni_callback = lambda _sock, name, _context: names.append(name)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            # A client that refuses the certificate hangs up by an alert or by a reset.
            with client, suppress(OSError), context.wrap_socket(client, server_side=True) as secured:
                secured.recv(65536)
                secured.sendall(OK)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1], names
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def test_tls_proves_the_name_at_the_checked_address(
    tls_port: tuple[int, list[str | None]], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, names = tls_port

    def attempt(host: str) -> Attempt:
        return send_webhook(
            f"https://{host}:{port}/",
            HEADERS,
            BODY,
            allow_private=True,
            resolver=lambda _host, _port: ["127.0.0.1"],
        )

    assert attempt("hooks.example.com").error == "tls_failed"
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert attempt("hooks.example.com").succeeded
    assert attempt("other.example.com").error == "tls_failed"
    assert names == ["hooks.example.com", "hooks.example.com", "other.example.com"]

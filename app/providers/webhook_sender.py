"""Delivery of one callback: guarded against private addresses, no redirects, one deadline, short answer.

The address that was checked is the address that is called, so a name that resolves differently a
moment later changes nothing; TLS still proves the host's name.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass, field

from app.providers.address_guard import (
    BlockedTargetError,
    Resolver,
    Target,
    UnresolvedError,
    check_url,
    resolve_checked,
)
from app.providers.base import refuse_open_transaction
from app.providers.deadlines import TimedResponse, deadline_at
from app.providers.transport import retry_after

DEADLINE_SECONDS = 15.0
_CONNECT_SECONDS = 5.0
_EXCERPT_BYTES = 1024

BLOCKED = "blocked"
UNREACHABLE = "unreachable"
TIMEOUT = "timeout"
TLS_FAILED = "tls_failed"
BAD_REPLY = "bad_reply"


@dataclass(frozen=True)
class Attempt:
    """One try. `error` is None or one coarse word: blocked, unreachable, timeout, tls_failed, bad_reply.

    `excerpt` is the printable start of the answer, at most 1 KiB of it.
    """

    status: int | None
    error: str | None
    latency_ms: int
    retry_after: float | None = None
    excerpt: str = field(default="", repr=False)

    @property
    def succeeded(self) -> bool:
        return self.error is None and self.status is not None and 200 <= self.status < 300


def send_webhook(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    allow_private: bool = False,
    own_hosts: Collection[str] = (),
    resolver: Resolver | None = None,
    seconds: float = DEADLINE_SECONDS,
) -> Attempt:
    """POST once; whatever goes wrong on the way is in the answer, nothing is raised for it.

    `allow_private` is for development alone: it lets http, any port and private addresses through.
    """
    refuse_open_transaction()
    started = time.monotonic()
    deadline = started + seconds
    try:
        target = check_url(url, allow_private=allow_private, own_hosts=own_hosts)
        addresses = resolve_checked(
            target,
            allow_private=allow_private,
            resolver=resolver,
            seconds=min(_CONNECT_SECONDS, seconds),
        )
        status, wait, excerpt = _exchange(target, addresses, headers, body, deadline)
    except (BlockedTargetError, UnresolvedError, OSError, http.client.HTTPException) as failure:
        return Attempt(None, _coarse(failure), _milliseconds(started))
    return Attempt(status, None, _milliseconds(started), wait, excerpt)


class _ConnectError(OSError):
    """No connection to any of the host's addresses."""


def _coarse(failure: Exception) -> str:
    """One word a tenant may see; finer ones would let a tenant map networks through us."""
    if isinstance(failure, BlockedTargetError):
        return BLOCKED
    if isinstance(failure, UnresolvedError):
        return TIMEOUT if failure.slow else UNREACHABLE
    if isinstance(failure, TimeoutError):
        return TIMEOUT
    if isinstance(failure, ssl.SSLError):
        return TLS_FAILED
    return UNREACHABLE if isinstance(failure, _ConnectError) else BAD_REPLY


def _exchange(
    target: Target, addresses: list[str], headers: Mapping[str, str], body: bytes, deadline: float
) -> tuple[int, float | None, str]:
    """Status, `Retry-After` in seconds and the start of the answer."""
    with deadline_at(deadline), closing(_connect(target, addresses, deadline)) as connection:
        response = _post(connection, target, headers, body, deadline)
        with closing(response):
            excerpt = _printable(response.read(_EXCERPT_BYTES))
        return response.status, retry_after(_lowered(response)), excerpt


def _connect(target: Target, addresses: list[str], deadline: float) -> http.client.HTTPConnection:
    sock = _open_socket(target, addresses, deadline)
    try:
        if target.is_https:
            sock.settimeout(_left(deadline))
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=target.host)
    except BaseException:
        sock.close()
        raise
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.response_class = TimedResponse
    connection.sock = sock
    return connection


def _open_socket(target: Target, addresses: list[str], deadline: float) -> socket.socket:
    """The first address that answers, each given an even share of what is left."""
    for position, address in enumerate(addresses):
        share = _left(deadline) / (len(addresses) - position)
        try:
            return socket.create_connection((address, target.port), min(_CONNECT_SECONDS, share))
        except TimeoutError:
            if position == len(addresses) - 1:
                raise
        except OSError:
            continue
    raise _ConnectError


def _post(
    connection: http.client.HTTPConnection,
    target: Target,
    headers: Mapping[str, str],
    body: bytes,
    deadline: float,
) -> http.client.HTTPResponse:
    connection.sock.settimeout(_left(deadline))
    own = {"Host": target.host_header, "Content-Type": "application/json", "User-Agent": "Prefill-Webhooks"}
    connection.request("POST", target.path, body, {**own, **headers, "Connection": "close"})
    return connection.getresponse()


def _milliseconds(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("deadline passed")
    return left


def _lowered(response: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}


def _printable(data: bytes) -> str:
    text = data.decode("utf-8", "replace")
    return "".join(sign if sign.isprintable() or sign in "\n\t" else " " for sign in text)

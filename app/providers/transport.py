"""One HTTP exchange: pooled, no redirects, no proxies from the environment, one deadline, capped bytes."""

import email.utils
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from app.providers.deadlines import TimedHTTPConnectionPool, TimedHTTPSConnectionPool, deadline_at

_CHUNK = 65_536
_RETRY_AFTER_LIMIT = 24 * 3600.0
# Idle connections kept for each host: as many as may wait on one connection of a process with many threads.
_KEPT = 512


@dataclass(frozen=True)
class Timeouts:
    """Seconds for connecting, for silence on the line, and for the whole call with its retries."""

    connect: float = 3.0
    read: float = 10.0
    total: float = 15.0
    max_bytes: int = 8 * 1024 * 1024


@dataclass(frozen=True)
class Request:
    """One call. `operation` names it in logs and metrics; `safe` says that repeating it changes nothing."""

    operation: str
    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    safe: bool = False
    timeouts: Timeouts | None = None


@dataclass(frozen=True)
class RawReply:
    status: int
    headers: Mapping[str, str] = field(repr=False)
    data: bytes = field(repr=False)


class TransportError(Exception):
    """No whole reply. `sent` is False when it failed before anything could reach the server."""

    def __init__(self, code: str, *, sent: bool) -> None:
        super().__init__(code)
        self.code = code
        self.sent = sent


_pools: dict[str, urllib3.PoolManager] = {}
_pools_lock = threading.Lock()


def exchange(provider: str, request: Request, timeouts: Timeouts, deadline: float) -> RawReply:
    """Send once and read the whole reply before `deadline` (`time.monotonic()`); else `TransportError`."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TransportError("deadline_passed", sent=False)
    with deadline_at(deadline):
        try:
            return _send(_pool(provider), request, timeouts, left)
        except (NewConnectionError, ConnectTimeoutError):
            raise TransportError("connect_failed", sent=False) from None
        except SSLError:
            raise TransportError("tls_failed", sent=False) from None
        except (ReadTimeoutError, TimeoutError):
            raise TransportError("timeout", sent=True) from None
        except (HTTPError, OSError):
            raise TransportError("connection_broken", sent=True) from None


def _send(pool: urllib3.PoolManager, request: Request, timeouts: Timeouts, left: float) -> RawReply:
    response = pool.urlopen(
        request.method,
        request.url,
        body=request.body,
        headers={**request.headers, "Accept-Encoding": "identity"},
        timeout=urllib3.Timeout(connect=min(timeouts.connect, left), read=min(timeouts.read, left)),
        redirect=False,
        retries=False,
        preload_content=False,
        decode_content=False,
    )
    received = bytearray()
    try:
        for chunk in response.stream(_CHUNK):
            received += chunk
            if len(received) > timeouts.max_bytes:
                raise TransportError("reply_too_large", sent=True)
    except BaseException:
        # Unread bytes make the connection useless for the next call.
        response.close()
        raise
    response.release_conn()
    return RawReply(response.status, response.headers, bytes(received))


def _pool(provider: str) -> urllib3.PoolManager:
    """A pool per provider, so that one provider's stuck calls take no connection from another."""
    with _pools_lock:
        if provider not in _pools:
            manager = urllib3.PoolManager(num_pools=32, maxsize=_KEPT, cert_reqs="CERT_REQUIRED")
            manager.pool_classes_by_scheme = {
                "http": TimedHTTPConnectionPool,
                "https": TimedHTTPSConnectionPool,
            }
            _pools[provider] = manager
        return _pools[provider]


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds the server asks us to wait (number or HTTP date), at most a day."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _RETRY_AFTER_LIMIT)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - datetime.now(UTC)).total_seconds()), _RETRY_AFTER_LIMIT)

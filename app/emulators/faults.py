"""Faults that can be forced on a provider's answers, and the log of calls that were made."""

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from threading import Event, Lock
from typing import Literal, get_args

from flask import Response, current_app

Provider = Literal["plaid", "spinwheel"]
Kind = Literal["slow", "hang", "429", "500", "503_html", "drop"]
PROVIDERS: tuple[str, ...] = get_args(Provider)
KINDS: tuple[str, ...] = get_args(Kind)
ANY_OPERATION = "*"
HANG_SECONDS = 300.0
CALLS_KEPT = 1000

_UNAVAILABLE = (
    "<!doctype html><html lang=en><head><title>503 Service Unavailable</title></head>"
    "<body><h1>503 Service Unavailable</h1><p>No server is available.</p></body></html>"
)
_JSON_BODIES = {
    ("plaid", "429"): (
        '{"display_message":null,"documentation_url":"https://plaid.com/docs/errors/rate-limit-exceeded/",'
        '"error_code":"RATE_LIMIT","error_message":"rate limit exceeded. too many requests",'
        '"error_type":"RATE_LIMIT_EXCEEDED","request_id":"faultFaultFault","suggested_action":null}'
    ),
    ("plaid", "500"): (
        '{"display_message":null,"documentation_url":"https://plaid.com/docs/errors/api/",'
        '"error_code":"INTERNAL_SERVER_ERROR","error_message":"an unexpected error occurred",'
        '"error_type":"API_ERROR","request_id":"faultFaultFault","suggested_action":null}'
    ),
    ("spinwheel", "429"): (
        '{"status":{"code":429,"desc":"TOO_MANY_REQUESTS","messages":[{"desc":"Too many requests","type":"ERROR"}]}}'
    ),
    ("spinwheel", "500"): (
        '{"status":{"code":500,"desc":"INTERNAL_SERVER_ERROR",'
        '"messages":[{"desc":"Internal server error","type":"ERROR"}]}}'
    ),
}


@dataclass
class Fault:
    """`times` None: until it is removed. `phone_number` None: whoever the call is about."""

    provider: str
    operation: str
    fault: str
    seconds: float = 3.0
    times: int | None = None
    phone_number: str | None = None
    hits: int = 0

    def matches(self, provider: str, operation: str, phone_number: str | None) -> bool:
        return (
            self.provider == provider
            and self.operation in (operation, ANY_OPERATION)
            and self.phone_number in (None, phone_number)
            and (self.times is None or self.hits < self.times)
        )


class Faults:
    """The faults in force. Clearing them also lets go of every call that hangs or waits."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._faults: list[Fault] = []
        self._let_go = Event()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()
            self._let_go.set()
            self._let_go = Event()

    def listed(self) -> list[dict[str, object]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def take(self, provider: str, operation: str, phone_number: str | None) -> tuple[Fault, Event] | None:
        """The first fault that fits, counted as used, and the event that ends its waiting."""
        with self._lock:
            for fault in self._faults:
                if fault.matches(provider, operation, phone_number):
                    fault.hits += 1
                    return fault, self._let_go
        return None


@dataclass(frozen=True)
class Call:
    """A call a provider answered. Bodies are never kept."""

    at: datetime
    provider: str
    method: str
    path: str
    credential: str | None
    status: int


@dataclass
class Calls:
    """Newest last."""

    kept: deque[Call] = field(default_factory=lambda: deque(maxlen=CALLS_KEPT))

    def add(self, call: Call) -> None:
        self.kept.append(call)

    def listed(self) -> list[dict[str, object]]:
        return [asdict(call) | {"at": call.at.isoformat()} for call in list(self.kept)]


class ConnectionDroppedError(Exception):
    """Raised inside a body so that the server cuts the connection."""


def _cut_body() -> Iterator[bytes]:
    yield b'{"'
    raise ConnectionDroppedError("a fault was asked for")


def _dropped() -> Response:
    # More is announced than is sent, so the caller sees the connection break in the middle of the answer.
    response = Response(_cut_body(), mimetype="application/json")
    response.headers["Content-Length"] = "4096"
    return response


def apply_fault(provider: Provider, operation: str, phone_number: str | None = None) -> Response | None:
    """Waits, or gives the answer to send instead. Call it before answering; None means: go on."""
    faults: Faults = current_app.extensions["emulators"].faults
    taken = faults.take(provider, operation, phone_number)
    if taken is None:
        return None
    fault, let_go = taken
    if fault.fault == "slow":
        let_go.wait(fault.seconds)
        return None
    if fault.fault == "hang":
        let_go.wait(HANG_SECONDS)
        return _dropped()
    if fault.fault == "drop":
        return _dropped()
    if fault.fault == "503_html":
        return Response(_UNAVAILABLE, status=503, mimetype="text/html")
    return Response(_JSON_BODIES[provider, fault.fault], status=int(fault.fault), mimetype="application/json")

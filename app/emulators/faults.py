"""Faults that can be forced on a provider's answers, and the log of calls that were made."""

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from threading import Event, Lock
from typing import Literal, get_args

from flask import Response, current_app, g, request

from app.emulators.mangling import mangle
from app.emulators.sockets import send_and_hang_up

Provider = Literal["plaid", "spinwheel", "twilio"]
# Instead of an answer, or before it.
Kind = Literal[
    "slow", "hang", "429", "500", "503_html", "drop",
    "drip", "cut_headers", "cut_body", "empty_body", "huge_body",
    "missing_field", "null_value", "unknown_enum", "wrong_type",
]  # fmt: skip
# These happen to the real answer: the provider has done what it was asked, and only then goes wrong.
AFTERWARDS = frozenset(get_args(Kind)[6:])
MANGLED = frozenset(("missing_field", "null_value", "unknown_enum", "wrong_type"))
PROVIDERS: tuple[str, ...] = get_args(Provider)
KINDS: tuple[str, ...] = get_args(Kind)
ANY_OPERATION = "*"
HANG_SECONDS = 300.0
# How long `slow` waits, and how long `drip` waits between two bytes, unless told.
USUAL_SECONDS = {"slow": 3.0, "drip": 1.0}
HUGE_BYTES = 16 * 1024 * 1024
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
    ("twilio", "429"): (
        '{"code":20429,"message":"Too Many Requests",'
        '"more_info":"https://www.twilio.com/docs/errors/20429","status":429}'
    ),
    ("twilio", "500"): (
        '{"code":20500,"message":"Internal Server Error",'
        '"more_info":"https://www.twilio.com/docs/errors/20500","status":500}'
    ),
}


@dataclass
class Fault:
    """`times` None: until it is removed. `phone_number` None: whoever the call is about.

    `pointer` names the field that a mangled answer lies about; None: the usual one of the operation.
    """

    provider: str
    operation: str
    fault: str
    seconds: float = 3.0
    times: int | None = None
    phone_number: str | None = None
    pointer: str | None = None
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


def _cut_after(start: bytes) -> Iterator[bytes]:
    yield start
    raise ConnectionDroppedError("a fault was asked for")


def _cut(start: bytes, announced: int, status: int = 200) -> Response:
    # More is announced than is sent, so the caller sees the connection break in the middle of the answer.
    response = Response(_cut_after(start), status=status, mimetype="application/json")
    response.headers["Content-Length"] = str(announced)
    return response


def _dropped() -> Response:
    return _cut(b'{"', 4096)


def apply_fault(provider: Provider, operation: str, phone_number: str | None = None) -> Response | None:
    """Waits, or gives the answer to send instead. Call it before answering; None means: go on.

    What happens to the answer itself is remembered for `spoil`.
    """
    faults: Faults = current_app.extensions["emulators"].faults
    taken = faults.take(provider, operation, phone_number)
    if taken is None:
        return None
    fault, let_go = taken
    if fault.fault in AFTERWARDS:
        g.spoil = (fault, operation, let_go)
        return None
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


def spoil(response: Response) -> Response:
    """After answering: what a fault asked for does to the answer. Refusals stay as they are."""
    if "spoil" not in g or not 200 <= response.status_code < 300:
        return response
    fault, operation, let_go = g.spoil
    response.direct_passthrough = False
    data = response.get_data()
    if fault.fault in MANGLED:
        return _mangled(response, data, fault, operation)
    if fault.fault == "drip":
        response.response = _drip(data, fault.seconds, let_go)
        response.headers["Content-Length"] = str(len(data))
    elif fault.fault == "empty_body":
        response.set_data(b"")
    elif fault.fault == "huge_body":
        response.response = _flood(data)
        response.headers.pop("Content-Length", None)
    elif send_and_hang_up(request.environ, _start_of(response, data, fault.fault)):
        response.set_data(b"")
    else:
        return _cut(data[: len(data) // 2], len(data), response.status_code)
    return response


def _start_of(response: Response, data: bytes, kind: str) -> bytes:
    """Half a head, or a head and half a body."""
    head = f"HTTP/1.1 {response.status}\r\nContent-Type: {response.content_type}\r\nContent-Length: {len(data)}"
    return head[:-5].encode() if kind == "cut_headers" else f"{head}\r\n\r\n".encode() + data[: len(data) // 2]


def _mangled(response: Response, data: bytes, fault: Fault, operation: str) -> Response:
    if response.is_json and isinstance(body := json.loads(data), dict):
        mangle(body, fault.fault, fault.provider, operation, fault.pointer)
        response.set_data(json.dumps(body))
    return response


def _drip(data: bytes, seconds: float, let_go: Event) -> Iterator[bytes]:
    for place in range(len(data)):
        yield data[place : place + 1]
        let_go.wait(seconds)


def _flood(data: bytes) -> Iterator[bytes]:
    """Blanks after the answer: it stays true and never ends in time."""
    yield data
    blanks = b" " * 65_536
    for _ in range(HUGE_BYTES // len(blanks)):
        yield blanks

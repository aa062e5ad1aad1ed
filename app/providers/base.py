"""What every provider call goes through: transaction check, bulkhead, breaker, few retries, JSON check, timing."""

import json
import logging
import random
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

from app.providers.breaker import Breakers
from app.providers.bulkheads import Bulkheads, FullError
from app.providers.errors import Kind, Meaning, ProviderError, Reason
from app.providers.transport import RawReply, Request, Timeouts, TransportError, exchange, retry_after

__all__ = ["CallRecord", "HttpCaller", "Request", "Timeouts", "set_call_observer", "set_pause", "set_transaction_check"]

logger = logging.getLogger(__name__)

ATTEMPTS = 3
_UNUSABLE = Meaning(Kind.DATA_VALIDATION, Reason.PROVIDER_DOWN, retryable=True)
_DOWN = Meaning(Kind.NETWORK, Reason.PROVIDER_DOWN, retryable=True)
_KEYS = Meaning(Kind.AUTHENTICATION, Reason.NOT_CONFIGURED)
_FULL = Meaning(Kind.RATE_LIMIT, Reason.PROVIDER_BUSY, retryable=True)
_SLOW = Meaning(Kind.NETWORK, Reason.PROVIDER_SLOW, retryable=True)
# What goes wrong before a provider's own code can be read, and what is decided without asking it.
TRANSPORT_MEANINGS = {
    "connect_failed": _DOWN,
    "tls_failed": _DOWN,
    "connection_broken": _DOWN,
    "timeout": _SLOW,
    "deadline_passed": _SLOW,
    "reply_too_large": _UNUSABLE,
    "unreadable_reply": _UNUSABLE,
    "circuit_open": _DOWN,
    "bulkhead_full": _FULL,
}
# For statuses that come without one of the provider's codes.
STATUS_MEANINGS = {
    "http_401": _KEYS,
    "http_403": _KEYS,
    "http_408": _DOWN,
    "http_429": _FULL,
    "http_5xx": _DOWN,
    "http_other": Meaning(Kind.DATA_VALIDATION, Reason.UNEXPECTED),
}


@dataclass(frozen=True)
class CallRecord:
    """One finished call for metrics and logs, without its data. `outcome` is `ok` or a code."""

    provider: str
    connection_key: str
    operation: str
    outcome: str
    http_status: int | None
    attempts: int
    seconds: float


# From (operation, HTTP status, parsed body) to (provider code, its meaning), or None: the status decides.
Classify = Callable[[str, int, Mapping[str, Any]], tuple[str, Meaning] | None]

_hooks: dict[str, Callable[..., Any]] = {
    "transaction_open": lambda: False,
    "pause": nullcontext,
    "observer": lambda _record: None,
}
breakers = Breakers()
bulkheads = Bulkheads()


def set_transaction_check(is_open: Callable[[], bool]) -> None:
    """Install the question asked before each call: is a database transaction open in this context?"""
    _hooks["transaction_open"] = is_open


def set_pause(pause: Callable[[], AbstractContextManager[None]]) -> None:
    """Install what surrounds the wait for a provider: the place where a thread lets others work."""
    _hooks["pause"] = pause


def set_call_observer(observer: Callable[[CallRecord], None]) -> None:
    """Install what is told about every finished call."""
    _hooks["observer"] = observer


def set_up_calls(threads: int, redis_url: str | None = None) -> None:
    """How many threads this process serves with; where breakers of all processes meet, if anywhere."""
    bulkheads.resize(threads)
    if redis_url is None:
        breakers.made_by(None)
        return
    # The driver costs memory that an installation without Redis need not spend.
    from app.providers.shared_breaker import RedisLink, shared_by

    breakers.made_by(shared_by(RedisLink(redis_url)))


def refuse_open_transaction() -> None:
    """RuntimeError when a provider would be asked while a database connection is held."""
    if _hooks["transaction_open"]():
        raise RuntimeError("a provider was called inside a database transaction")


class HttpCaller:
    """JSON calls to one provider under one connection. Thread safe; raises `ProviderError` alone."""

    def __init__(
        self,
        provider: str,
        connection_key: str,
        classify: Classify,
        *,
        timeouts: Timeouts | None = None,
        breakers: Breakers = breakers,
        bulkheads: Bulkheads = bulkheads,
    ) -> None:
        self.provider = provider
        self.connection_key = connection_key
        self._classify = classify
        self._timeouts = timeouts or Timeouts()
        self._breakers = breakers
        self._bulkheads = bulkheads

    def call(self, request: Request) -> dict[str, Any]:
        """The JSON object of a 2xx reply (numbers with a point as Decimal); `{}` for a 204."""
        refuse_open_transaction()
        try:
            with self._bulkheads.place(self.provider, self.connection_key, request.operation), _hooks["pause"]():
                return self._call(request)
        except FullError:
            raise self.error(request, "bulkhead_full", TRANSPORT_MEANINGS["bulkhead_full"]) from None

    def _call(self, request: Request) -> dict[str, Any]:
        breaker = self._breakers.of(self.provider, self.connection_key, request.operation)
        ticket = breaker.allow()
        if ticket is None:
            raise self.error(
                request, "circuit_open", TRANSPORT_MEANINGS["circuit_open"], retry_after=breaker.retry_after()
            )
        try:
            reply = self._run(request)
        except ProviderError as error:
            breaker.record(ticket, error.is_outage)
            raise
        except BaseException:
            breaker.release(ticket)
            raise
        breaker.record(ticket, False)
        return reply

    def patience(self, request: Request) -> Timeouts:
        """How long this call may take: its own limits, else those of all calls here."""
        return request.timeouts or self._timeouts

    def error(self, request: Request, code: str, meaning: Meaning, **details: Any) -> ProviderError:
        return ProviderError(
            meaning.kind,
            meaning.reason,
            retryable=meaning.retryable,
            provider=self.provider,
            operation=request.operation,
            code=code,
            **details,
        )

    def _run(self, request: Request) -> dict[str, Any]:
        timeouts = self.patience(request)
        started = time.monotonic()
        attempts = 0
        while True:
            attempts += 1
            try:
                status, body = self._attempt(request, timeouts, started + timeouts.total)
            except _FailedAttemptError as failed:
                error = failed.error
                enough_time = time.monotonic() - started < timeouts.total / 2
                if attempts < ATTEMPTS and enough_time and failed.may_repeat(request):
                    time.sleep(attempts * random.uniform(0.05, 0.25))  # noqa: S311 - jitter, no secret
                    continue
                self._report(request, error.code, error.http_status, attempts, started)
                raise error from None
            self._report(request, "ok", status, attempts, started)
            return body

    def _attempt(self, request: Request, timeouts: Timeouts, deadline: float) -> tuple[int, dict[str, Any]]:
        try:
            reply = exchange(self.provider, request, timeouts, deadline)
        except TransportError as failure:
            error = self.error(request, failure.code, TRANSPORT_MEANINGS[failure.code])
            raise _FailedAttemptError(error, failure.sent) from None
        body = _json_object(reply)
        if reply.status == 204:
            return reply.status, {}
        if 200 <= reply.status < 300 and body is not None:
            return reply.status, body
        code, meaning = self._judge(request.operation, reply.status, body)
        error = self.error(request, code, meaning, http_status=reply.status, retry_after=retry_after(reply.headers))
        raise _FailedAttemptError(error, sent=True)

    def _judge(self, operation: str, status: int, body: dict[str, Any] | None) -> tuple[str, Meaning]:
        if 200 <= status < 300:
            return "unreadable_reply", TRANSPORT_MEANINGS["unreadable_reply"]
        return self._classify(operation, status, body or {}) or (f"http_{status}", _meaning_of_status(status))

    def _report(self, request: Request, outcome: str, status: int | None, attempts: int, started: float) -> None:
        seconds = time.monotonic() - started
        record = CallRecord(self.provider, self.connection_key, request.operation, outcome, status, attempts, seconds)
        logger.info("%s %s: %s in %.3f s", record.provider, record.operation, record.outcome, record.seconds)
        _hooks["observer"](record)


class _FailedAttemptError(Exception):
    """One attempt failed; `sent` says whether the provider may have seen it."""

    def __init__(self, error: ProviderError, sent: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self._sent = sent

    def may_repeat(self, request: Request) -> bool:
        """Anything may be repeated that never left; a safe read also when the provider stumbled."""
        return not self._sent or (request.safe and self.error.kind is Kind.NETWORK)


def _meaning_of_status(status: int) -> Meaning:
    kind = "http_5xx" if status >= 500 else f"http_{status}"
    return STATUS_MEANINGS.get(kind, STATUS_MEANINGS["http_other"])


def _json_object(reply: RawReply) -> dict[str, Any] | None:
    """The body if it is a JSON object that says it is JSON; None for HTML, cut or odd bodies."""
    if "json" not in reply.headers.get("content-type", "").lower():
        return None
    try:
        body = json.loads(reply.data, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")

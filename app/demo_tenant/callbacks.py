"""Callbacks: signed by the rules of Standard Webhooks 1.0.0, delivered at least once."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from werkzeug.datastructures import Headers

TOLERANCE_SECONDS = 300
KEPT = 200


class CallbackRefused(Exception):  # noqa: N818 - it is an answer, given to the sender
    """The request is not one of Prefill's; the sentence says why."""


def verify(secret: str, headers: Headers, body: bytes) -> str:
    """The callback's id, when `body` was signed with `secret` in the last five minutes.

    Raises:
        CallbackRefused: a header is missing, the time is off, or no signature fits.
    """
    identifier, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not identifier or not timestamp.isdecimal():
        raise CallbackRefused("webhook-id or webhook-timestamp is missing")
    if abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        raise CallbackRefused("webhook-timestamp is more than five minutes off")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = hmac.new(key, f"{identifier}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    # Several signatures stand side by side while a secret is being replaced.
    given = (each.removeprefix("v1,") for each in headers.get("webhook-signature", "").split() if each[:3] == "v1,")
    if not any(hmac.compare_digest(base64.b64encode(expected), each.encode()) for each in given):
        raise CallbackRefused("no signature fits")
    return identifier


@dataclass(frozen=True)
class Callback:
    """One verified callback; `deliveries` counts how often it came."""

    id: str
    type: str
    timestamp: str
    received_at: str
    onboarding_id: str
    status: str
    deliveries: int
    body: dict[str, Any]


class Callbacks:
    """The last verified callbacks, each once however often it was delivered."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._kept: OrderedDict[str, Callback] = OrderedDict()
        self._refused = 0
        self._lock = threading.Lock()

    def receive(self, headers: Headers, body: bytes) -> Callback:
        """Verifies, then keeps it.

        Raises:
            CallbackRefused: it is not Prefill's, or no JSON object.
        """
        try:
            identifier = verify(self._secret, headers, body)
            callback = _parse(identifier, body)
        except CallbackRefused:
            with self._lock:
                self._refused += 1
            raise
        with self._lock:
            known = self._kept.get(identifier)
            if known:
                callback = replace(known, deliveries=known.deliveries + 1)
            self._kept[identifier] = callback
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return callback

    def newest_first(self) -> list[Callback]:
        with self._lock:
            return list(reversed(self._kept.values()))

    @property
    def refused(self) -> int:
        """How many requests came here unsigned or wrongly signed."""
        with self._lock:
            return self._refused


def _parse(identifier: str, body: bytes) -> Callback:
    try:
        content = json.loads(body)
        data = content["data"]
        return Callback(
            id=identifier,
            type=str(content["type"]),
            timestamp=str(content["timestamp"]),
            received_at=datetime.now(UTC).isoformat(timespec="seconds"),
            onboarding_id=str(data.get("onboarding_id", "")),
            status=str(data.get("status", "")),
            deliveries=1,
            body=content,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CallbackRefused("the body is not a callback") from None

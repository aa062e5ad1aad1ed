"""Webhooks: signed, sent by a background thread, repeated on Plaid's schedule, by the emulator's clock."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event, Lock, Thread
from typing import Any

import requests

from app.emulators.plaid.keys import Algorithm, Keys, sign
from app.emulators.store import Store

GROWTH = 4
GIVE_UP_AFTER = timedelta(hours=24)
# The clock can be moved from outside, so what waits for its time is looked at this often.
LOOK_SECONDS = 0.2
# How long an out-of-order webhook waits for the next one, and how far behind that it follows.
HELD = timedelta(minutes=1)
BEHIND = timedelta(seconds=0.3)

log = logging.getLogger(__name__)


@dataclass
class Delivery:
    """One webhook on its way. `answers` holds one entry per try: a status, or 0 for no answer."""

    url: str
    body: bytes
    created_at: datetime
    due_at: datetime
    answers: list[int] = field(default_factory=list)
    done: bool = False

    def listed(self) -> dict[str, Any]:
        return {
            "answers": self.answers,
            "body": json.loads(self.body),
            "done": self.done,
            "due_at": self.due_at.isoformat(),
            "url": self.url,
        }


@dataclass
class Wrongs:
    """What can be made wrong with webhooks, to see what a receiver does."""

    wrong_hash: bool = False
    stale_iat: bool = False
    duplicate: bool = False
    # Every other webhook waits until the one after it has been sent.
    out_of_order: bool = False
    delay_seconds: float = 0
    algorithm: Algorithm = "ES256"


@dataclass
class Outbox:
    """The webhooks and keys of the whole environment."""

    keys: Keys = field(default_factory=Keys)
    wrongs: Wrongs = field(default_factory=Wrongs)
    deliveries: list[Delivery] = field(default_factory=list)


def outbox(store: Store) -> Outbox:
    return store.state("plaid-webhooks", "all", Outbox)


def encode(body: dict[str, Any]) -> bytes:
    """The exact bytes Plaid sends: two spaces of indentation, keys in order, no newline at the end."""
    return json.dumps(body, indent=2, sort_keys=True).encode()


def _due(box: Outbox, now: datetime) -> datetime:
    """When a new webhook is sent."""
    due = now + timedelta(seconds=box.wrongs.delay_seconds)
    if not box.wrongs.out_of_order:
        return due
    held = [one for one in box.deliveries if not one.answers and one.due_at > due]
    for one in held:
        one.due_at = due + BEHIND
    return due if held else due + HELD


class Sender:
    """Sends what is due. The thread starts with the first webhook and ends with the process."""

    def __init__(self, store: Store, timeout_seconds: float, retry_seconds: float) -> None:
        self._store = store
        self._timeout = timeout_seconds
        self._retry = timedelta(seconds=retry_seconds)
        self._wake = Event()
        self._starting = Lock()
        self._thread: Thread | None = None

    def send(self, url: str | None, body: dict[str, Any]) -> None:
        """Queues a webhook; without a URL nobody asked for it."""
        if not url:
            return
        with self._store.lock:
            box, now = outbox(self._store), self._store.now()
            copies = 2 if box.wrongs.duplicate else 1
            due = _due(box, now)
            box.deliveries.extend(Delivery(url, encode(body), now, due) for _ in range(copies))
        with self._starting:
            if self._thread is None:
                self._thread = Thread(target=self._run, name="plaid-webhooks", daemon=True)
                self._thread.start()
        self._wake.set()

    def _run(self) -> None:
        while True:
            waiting = self._send_due()
            self._wake.wait(LOOK_SECONDS if waiting else None)
            self._wake.clear()

    def _send_due(self) -> bool:
        with self._store.lock:
            now = self._store.now()
            open_ones = [one for one in outbox(self._store).deliveries if not one.done]
            due = [one for one in open_ones if one.due_at <= now]
        for delivery in due:
            self._attempt(delivery)
        return any(not one.done for one in open_ones)

    def _attempt(self, delivery: Delivery) -> None:
        with self._store.lock:
            box, now = outbox(self._store), self._store.now()
            signed_at = int(now.timestamp())
            signature = sign(
                box.keys.current(signed_at),
                delivery.body,
                signed_at,
                wrong_hash=box.wrongs.wrong_hash,
                stale=box.wrongs.stale_iat,
                algorithm=box.wrongs.algorithm,
            )
        status = self._post(delivery, signature)
        with self._store.lock:
            delivery.answers.append(status)
            delivery.due_at = self._store.now() + self._retry * GROWTH ** (len(delivery.answers) - 1)
            too_late = delivery.due_at - delivery.created_at > GIVE_UP_AFTER
            delivery.done = status == requests.codes.ok or too_late

    def _post(self, delivery: Delivery, signature: str) -> int:
        headers = {"Content-Type": "application/json", "Plaid-Verification": signature}
        try:
            answer = requests.post(
                delivery.url,
                data=delivery.body,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            )
        except requests.RequestException as error:
            log.info("webhook to %s failed: %s", delivery.url, type(error).__name__)
            return 0
        with answer:
            return answer.status_code

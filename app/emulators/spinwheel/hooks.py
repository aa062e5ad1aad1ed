"""Webhooks: JSON with the headers the subscriber asked for, and no signature."""

from __future__ import annotations

import json
import logging
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import requests

from app.emulators.context import Emulators
from app.emulators.spinwheel.assumptions import WEBHOOK_TRIES
from app.emulators.spinwheel.state import State, Subscription, User
from app.emulators.store import Store

log = logging.getLogger(__name__)
LOOK_SECONDS = 0.1
# What each documented event carries in `data`; samples of two are public.
EVENTS: dict[str, dict[str, Any]] = {
    "USER_CREDIT_PROFILE_TRANSACTION": {"transactionStatus": "COMPLETED"},
    "USER_CREDIT_PROFILE_TRANSACTION_FAILED": {"transactionStatus": "FAILED"},
    "REFRESH_TRANSACTION_STATUS": {"refreshTransactionStatus": "COMPLETED"},
    "USER_PAYMENT_STATUS": {"paymentStatus": "COMPLETED"},
    "PLATFORM_PAYMENT_STATUS": {"paymentStatus": "COMPLETED"},
    "SUBSCRIPTION_ACTIVATED": {"subscriptionType": "DEBT_PROFILE.REFRESH"},
    "SUBSCRIPTION_FAILED": {"subscriptionType": "DEBT_PROFILE.REFRESH"},
    "NEW_LIABILITIES_REPORTED": {},
    "STATEMENT_SUMMARY_NOTIFICATION": {},
    "USER_REFINANCE_STATUS": {"status": "COMPLETED"},
    "BANK_ACCOUNT_LOOKUP_STATUS_CHANGE": {"status": "COMPLETED"},
    "LIABILITY_GROUP_PAYOFF_QUOTE_STATUS_CHANGE": {"status": "COMPLETED"},
    "USER_LIABILITIES_CONNECTED": {},
    "USER_LIABILITIES_CONNECTION_FAILED": {},
}
# These name the liabilities they are about.
WITH_CARDS = ("NEW_LIABILITIES_REPORTED", "STATEMENT_SUMMARY_NOTIFICATION")


@dataclass
class Delivery:
    """One webhook on its way. `answers` holds one entry per try: a status, or 0 for no answer."""

    url: str
    headers: dict[str, str]
    body: bytes
    due_at: datetime
    answers: list[int] = field(default_factory=list)
    done: bool = False

    def listed(self) -> dict[str, Any]:
        return {"answers": self.answers, "body": json.loads(self.body), "done": self.done, "url": self.url}


@dataclass
class Outbox:
    deliveries: list[Delivery] = field(default_factory=list)


def outbox(store: Store) -> Outbox:
    return store.state("spinwheel-webhooks", "all", Outbox)


def body_of(shared: Emulators, event_type: str, user: User | None, data: dict[str, Any] | None) -> dict[str, Any]:
    """The documented shape: a running id, the subscription, the event, the user and its data."""
    told = dict(EVENTS[event_type]) if data is None else data
    if data is None and event_type in WITH_CARDS and user is not None:
        cards = (user.report or {}).get("creditCards", [])
        told["creditCards"] = [{"creditCardId": card["creditCardId"]} for card in cards]
    return {
        "webhookId": f"{shared.store.clock.milliseconds()}-0",
        "subscriptionId": str(uuid.uuid4()),
        "eventType": event_type,
        "userId": user.user_id if user else str(uuid.uuid4()),
        "data": told,
    }


def fire(
    shared: Emulators, state: State, body: dict[str, Any], *, copies: int = 1, late_seconds: float = 0
) -> list[Delivery]:
    """Send it to everybody who subscribed to this event, so many times, so late."""
    due_at = shared.store.now() + timedelta(seconds=late_seconds)
    wanted = [one for one in state.subscriptions.values() if one.wants(str(body["eventType"]))]
    made = [_delivery(one, body, due_at) for one in wanted for _ in range(copies)]
    with shared.store.lock:
        outbox(shared.store).deliveries.extend(made)
    if made:
        retry = timedelta(seconds=shared.settings.webhook_retry_seconds)
        arguments = (shared.store, made, shared.settings.webhook_timeout_seconds, retry)
        Thread(target=_send, args=arguments, name="spinwheel-webhooks", daemon=True).start()
    return made


def _delivery(subscription: Subscription, body: dict[str, Any], due_at: datetime) -> Delivery:
    return Delivery(subscription.url, dict(subscription.headers), json.dumps(body).encode(), due_at)


def _send(store: Store, deliveries: list[Delivery], timeout: float, retry: timedelta) -> None:
    """Until each was taken or given up; by the emulator's clock, which can be moved from outside."""
    while waiting := [one for one in deliveries if not one.done]:
        for one in [one for one in waiting if one.due_at <= store.now()]:
            status = _post(one, timeout)
            with store.lock:
                one.answers.append(status)
                one.due_at = store.now() + retry
                one.done = 200 <= status < 300 or len(one.answers) >= WEBHOOK_TRIES
        time.sleep(LOOK_SECONDS)


def _post(delivery: Delivery, timeout: float) -> int:
    headers = {"Content-Type": "application/json", **delivery.headers}
    try:
        with requests.post(
            delivery.url, data=delivery.body, headers=headers, timeout=timeout, allow_redirects=False, stream=True
        ) as answer:
            return answer.status_code
    except requests.RequestException as error:
        log.info("webhook to %s failed: %s", delivery.url, type(error).__name__)
        return 0

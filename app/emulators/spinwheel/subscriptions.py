"""`/v1/webhooks`: where events are sent, and with which headers of the subscriber's own."""

import uuid
from typing import Any

from pydantic import Field

from app.emulators.spinwheel.envelope import Body, Refused
from app.emulators.spinwheel.hooks import EVENTS
from app.emulators.spinwheel.state import State, Subscription


class WebhookBody(Body):
    eventName: str = Field(pattern=r"^(\*|[A-Z_]+)$")  # noqa: N815 - the provider's spelling
    url: str = Field(pattern=r"^https?://\S+$", max_length=2000)
    headers: dict[str, str] = {}


class WebhookChange(Body):
    """What is left out stays."""

    url: str | None = Field(default=None, pattern=r"^https?://\S+$", max_length=2000)
    headers: dict[str, str] | None = None


def add(state: State, body: WebhookBody) -> dict[str, Any]:
    if body.eventName != "*" and body.eventName not in EVENTS:
        raise Refused("BAD_REQUEST", "eventName: there is no such event")
    made = Subscription(str(uuid.uuid4()), body.eventName, body.url, dict(body.headers))
    state.subscriptions[made.webhook_id] = made
    return shown(made)


def change(state: State, webhook_id: str, body: WebhookChange) -> dict[str, Any]:
    known = find(state, webhook_id)
    known.url = body.url or known.url
    known.headers = known.headers if body.headers is None else dict(body.headers)
    return shown(known)


def find(state: State, webhook_id: str) -> Subscription:
    if webhook_id not in state.subscriptions:
        raise Refused("NOT_FOUND", "No webhook has this id")
    return state.subscriptions[webhook_id]


def shown(subscription: Subscription) -> dict[str, Any]:
    """Header values are secrets and are not shown again."""
    return {
        "webhookId": subscription.webhook_id,
        "eventName": subscription.event_name,
        "url": subscription.url,
        "headers": sorted(subscription.headers),
    }

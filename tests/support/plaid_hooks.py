"""Webhooks as Plaid signs and sends them."""

import json
from typing import Any

from werkzeug.test import TestResponse

from app.domain.connections import default_connection_id
from app.domain.ids import wire_id
from app.emulators.plaid.keys import sign
from app.emulators.plaid.webhooks import outbox
from tests.support.clients import CheckedClient
from tests.support.emulator import Emulator
from tests.support.tenants import MadeTenant


def hook(tenant: MadeTenant) -> str:
    """The address of the tenant's use of the installation's connection."""
    return f"/hooks/plaid/{wire_id('connection', default_connection_id(tenant.scope, 'plaid'))}"


def signature(emulator: Emulator, body: bytes, **wrong: bool) -> str:
    """As Plaid signs it, with the key its API shows."""
    store = emulator.app.extensions["emulators"].store
    with store.lock:
        now = int(store.now().timestamp())
        return sign(outbox(store).keys.current(now), body, now, **wrong)


def post(client: CheckedClient, url: str, body: bytes, header: str | None) -> TestResponse:
    """One webhook."""
    headers = {"Content-Type": "application/json", **({"Plaid-Verification": header} if header else {})}
    return client.post(url, data=body, headers=headers)


def layer_passed(link_token: str, **more: Any) -> bytes:
    """Plaid's word that Layer's code was entered in the window of this token."""
    body = {
        "environment": "sandbox",
        "link_session_id": "5f1c2ad4-8a55-5e9b-9d5e-2b1f6f8f3a10",
        "link_token": link_token,
        "webhook_code": "LAYER_AUTHENTICATION_PASSED",
        "webhook_type": "LAYER",
    }
    return json.dumps({**body, **more}).encode()

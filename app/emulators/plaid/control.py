"""Steering the Plaid emulator, under /control/plaid: templates, keys, webhooks and how Link behaves."""

from __future__ import annotations

from typing import Any, Literal

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import Field

from app.emulators.context import emulators
from app.emulators.control import Body, blueprint
from app.emulators.persona_models import LayerField
from app.emulators.plaid.keys import Algorithm
from app.emulators.plaid.state import DEFAULT_PRODUCTS, Template, state_of, switches
from app.emulators.plaid.webhooks import outbox


class NewTemplate(Body):
    """Without a client id the settings' own credential gets it; an existing id is replaced."""

    client_id: str | None = None
    template_id: str = Field(min_length=1, max_length=100)
    required: list[LayerField] = []
    optional: list[LayerField] = []
    accounts: Literal["required", "optional", "skip"] = "optional"
    products: list[str] = DEFAULT_PRODUCTS
    webhook: str | None = None


class NewSwitches(Body):
    """What is left out stays as it is."""

    drop_early_submit: bool | None = None
    second_layer_ready: bool | None = None
    shuffle_events: bool | None = None
    late_events: bool | None = None
    oauth_redirect: bool | None = None
    redirect_uris: list[str] | None = None
    products_ready_after_seconds: float | None = Field(default=None, ge=0)
    webhook_wrong_hash: bool | None = None
    webhook_stale_iat: bool | None = None
    webhook_duplicate: bool | None = None
    webhook_out_of_order: bool | None = None
    webhook_delay_seconds: float | None = Field(default=None, ge=0)
    webhook_algorithm: Algorithm | None = None


@blueprint.post("/plaid/templates")
def add_template() -> ResponseReturnValue:
    body = NewTemplate.model_validate(request.get_json())
    shared = emulators()
    with shared.store.lock:
        client_id = body.client_id or shared.settings.plaid_client_id
        template = Template(**body.model_dump(exclude={"client_id"}))
        state_of(shared, client_id).templates[template.template_id] = template
    return {"template_id": template.template_id}, 201


@blueprint.post("/plaid/switches")
def set_switches() -> Response:
    """Body: any of the fields of NewSwitches. Answers all of them."""
    wanted = NewSwitches.model_validate(request.get_json()).model_dump(exclude_none=True)
    shared = emulators()
    with shared.store.lock:
        for name, value in wanted.items():
            if name.startswith("webhook_"):
                setattr(outbox(shared.store).wrongs, name.removeprefix("webhook_"), value)
            else:
                setattr(switches(shared), name, value)
        wrongs = {f"webhook_{name}": value for name, value in vars(outbox(shared.store).wrongs).items()}
        return jsonify({**vars(switches(shared)), **wrongs})


@blueprint.post("/plaid/webhook-key/<any(rotate, expire):change>")
def change_key(change: str) -> ResponseReturnValue:
    """`rotate`: sign with a new key. `expire`: mark the current one expired and go on signing with it."""
    shared = emulators()
    with shared.store.lock:
        keys, now = outbox(shared.store).keys, int(shared.store.now().timestamp())
        key = keys.rotate(now) if change == "rotate" else keys.expire(now)
        shown: dict[str, Any] = key.public()
    return shown


@blueprint.get("/plaid/webhooks")
def list_webhooks() -> Response:
    """Oldest first, with the answers so far (0: none came)."""
    shared = emulators()
    with shared.store.lock:
        return jsonify(webhooks=[delivery.listed() for delivery in outbox(shared.store).deliveries])

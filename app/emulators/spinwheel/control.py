"""Steering the Spinwheel emulator, under /control/spinwheel: what an account is enabled for, and its webhooks."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import Field

from app.emulators.context import emulators
from app.emulators.control import Body, blueprint
from app.emulators.spinwheel import hooks
from app.emulators.spinwheel.state import State, User


class NewSwitches(Body):
    """What is left out stays as it is. Without `api_key` it is the settings' own credential."""

    api_key: str | None = None
    preverified: bool | None = None
    risk_layer: bool | None = None
    refresh_seconds: float | None = Field(default=None, ge=0)
    refresh_fails: bool | None = None


class Event(Body):
    """One webhook to everybody who subscribed: `data` None takes the event's usual one."""

    api_key: str | None = None
    event_type: str
    phone_number: str | None = None
    data: dict[str, Any] | None = None
    copies: int = Field(default=1, ge=1, le=10)
    late_seconds: float = Field(default=0, ge=0, le=86_400)


def _state(api_key: str | None) -> State:
    shared = emulators()
    return shared.store.state("spinwheel", api_key or shared.settings.spinwheel_api_key, State)


@blueprint.post("/spinwheel/switches")
def set_spinwheel_switches() -> Response:
    """Answers all switches of the credential."""
    wanted = NewSwitches.model_validate(request.get_json())
    with emulators().store.lock:
        switches = _state(wanted.api_key).switches
        for name, value in wanted.model_dump(exclude_none=True, exclude={"api_key"}).items():
            setattr(switches, name, value)
        return jsonify(vars(switches))


@blueprint.post("/spinwheel/events")
def fire_spinwheel_event() -> ResponseReturnValue:
    """Fire a documented event now, late, or several times over."""
    wanted = Event.model_validate(request.get_json())
    if wanted.event_type not in hooks.EVENTS:
        return {"error": f"/event_type is wrong: one of {', '.join(hooks.EVENTS)}."}, 400
    shared = emulators()
    with shared.store.lock:
        state = _state(wanted.api_key)
        body = hooks.body_of(shared, wanted.event_type, _user(state, wanted.phone_number), wanted.data)
        made = hooks.fire(shared, state, body, copies=wanted.copies, late_seconds=wanted.late_seconds)
    return {"sent": len(made), "body": body}, 202


@blueprint.get("/spinwheel/webhooks")
def list_spinwheel_webhooks() -> Response:
    """Oldest first, with the answers so far (0: none came)."""
    shared = emulators()
    with shared.store.lock:
        return jsonify(webhooks=[one.listed() for one in hooks.outbox(shared.store).deliveries])


def _user(state: State, phone_number: str | None) -> User | None:
    """The newest user with this phone."""
    found = [user for user in state.users.values() if phone_number in (None, user.phone_number)]
    return found[-1] if found else None

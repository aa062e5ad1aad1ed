"""Where Prefill calls back, and the list of what came."""

from dataclasses import asdict

from flask import Blueprint, Response, jsonify, render_template, request

from app.demo_tenant.callbacks import CallbackRefused
from app.demo_tenant.context import tenant

blueprint = Blueprint("receiver", __name__)


@blueprint.post("/webhooks")
def receive() -> tuple[str, int]:
    """Answers at once. What takes long belongs into a queue, or Prefill would wait and try again."""
    try:
        tenant().callbacks.receive(request.headers, request.get_data())
    except CallbackRefused as refused:
        return f"Refused: {refused}\n", 400
    return "", 204


@blueprint.get("/callbacks")
def show() -> str:
    callbacks = tenant().callbacks
    return render_template("callbacks.html", callbacks=callbacks.newest_first(), refused=callbacks.refused)


@blueprint.get("/callbacks.json")
def as_json() -> Response:
    """For the page's script, and for other scripts."""
    callbacks = tenant().callbacks
    return jsonify(callbacks=[asdict(each) for each in callbacks.newest_first()], refused=callbacks.refused)

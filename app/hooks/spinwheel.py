"""`/hooks/spinwheel/{connection}`: Spinwheel signs nothing, so the tenant has it send a secret header."""

from flask import Blueprint, Response, request

from app.domain.provider_hooks import receive_spinwheel
from app.hooks.answers import read_raw, refusals
from app.web import services

blueprint = Blueprint("spinwheel", __name__, url_prefix="/spinwheel")


@blueprint.post("/<connection>")
def receive(connection: str) -> Response:
    """202 also for what was kept before."""
    raw = read_raw()
    with refusals():
        receive_spinwheel(services(), connection, request.headers.get("X-Webhook-Secret", ""), raw)
    return Response(status=202)

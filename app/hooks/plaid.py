"""`/hooks/plaid/{connection}`: signed by Plaid over the exact bytes."""

from flask import Blueprint, Response, request

from app.domain.provider_hooks import receive_plaid
from app.hooks.answers import accepted, read_raw, refusals
from app.web import services

blueprint = Blueprint("plaid", __name__, url_prefix="/plaid")


@blueprint.post("/<connection>")
def receive(connection: str) -> Response:
    """202 also for what was kept before: Plaid repeats itself."""
    raw = read_raw()
    with refusals():
        receive_plaid(services(), connection, request.headers.get("Plaid-Verification", ""), raw)
    return accepted()

"""`/hooks/plaid/{connection}`: signed by Plaid over the exact bytes."""

from flask import Blueprint, Response, request

from app.domain.provider_hooks import receive_plaid
from app.hooks.answers import read_raw, refusals
from app.web import services

blueprint = Blueprint("plaid", __name__, url_prefix="/plaid")


@blueprint.post("/<connection>")
def receive(connection: str) -> Response:
    """200 also for what was kept before, because Plaid takes nothing else as delivered (its docs, "Webhooks").

    With any other answer it would repeat itself for a day and then stop sending.
    """
    raw = read_raw()
    with refusals():
        receive_plaid(services(), connection, request.headers.get("Plaid-Verification", ""), raw)
    return Response(status=200)

"""A tenant's brand as a style sheet. The version is in the path, so a copy never grows old."""

from flask import Blueprint, Flask, Response, abort

from app.access import allow
from app.domain.ids import parse_id
from app.domain.tenant_settings import find_branding
from app.models import Mode
from app.models.session import Scope
from app.web import services

blueprint = Blueprint("brand", __name__)


def init_app(app: Flask) -> None:
    """Mount the style sheets."""
    app.register_blueprint(blueprint)
    allow("public", "brand.stylesheet")


@blueprint.get("/brand/<tenant>/<mode>/<int:version>.css")
def stylesheet(tenant: str, mode: str, version: int) -> Response:
    """The tokens that this version of the settings re-declares."""
    tenant_id = parse_id("tenant", tenant)
    if tenant_id is None or mode not in list(Mode):
        abort(404)
    with services().database.session(Scope(tenant_id, mode), read_only=True) as session:
        branding = find_branding(session, version)
    if branding is None:
        abort(404)
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(branding.stylesheet(), mimetype="text/css", headers=headers)

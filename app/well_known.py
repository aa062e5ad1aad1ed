"""At the root: alive, ready, and the keys that verify what we sign."""

from flask import Blueprint, Flask, Response, jsonify, render_template
from sqlalchemy import select

from app.access import allow
from app.domain.signing import jwks
from app.models import Tenant
from app.web import services

blueprint = Blueprint("well_known", __name__)


def init_app(app: Flask) -> None:
    """Mount the pages at the root."""
    app.register_blueprint(blueprint)
    allow("public", "well_known.home", "well_known.healthz", "well_known.readyz", "well_known.keys")


@blueprint.get("/")
def home() -> str:
    """What this address is, for whoever opens it."""
    return render_template("home.html")


@blueprint.get("/healthz")
def healthz() -> Response:
    """Alive."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Whether the database answers."""
    with services().database.session(read_only=True) as session:
        session.execute(select(Tenant.id).limit(1)).all()
    return jsonify(status="ok")


@blueprint.get("/.well-known/jwks.json")
def keys() -> Response:
    """The public signing keys (RFC 7517); cached for an hour, as rotation keeps the old ones far longer."""
    with services().database.session(read_only=True) as session:
        response = jsonify(jwks(session))
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response

"""What tenants' servers call: `/api/v1`, JSON in and out, a secret key as bearer token."""

from flask import Blueprint, Flask

from app.access import allow
from app.api import limits, onboardings


def init_app(app: Flask) -> None:
    """Mount the calls, and write each into the access list."""
    root = Blueprint("api", __name__, url_prefix="/api/v1")
    root.register_blueprint(onboardings.blueprint)
    limits.init_blueprint(root)
    app.register_blueprint(root)
    for verb in ("create", "search", "read", "link", "cancel", "result"):
        allow("api", f"api.onboardings.{verb}")

"""What providers send us: proven, kept, answered 202, and worked by a job."""

from flask import Blueprint, Flask

from app.access import allow
from app.hooks import plaid, spinwheel


def init_app(app: Flask) -> None:
    """Mount the addresses, and write each into the access list."""
    root = Blueprint("hooks", __name__, url_prefix="/hooks")
    root.register_blueprint(plaid.blueprint)
    root.register_blueprint(spinwheel.blueprint)
    app.register_blueprint(root)
    allow("hook", "hooks.plaid.receive", "hooks.spinwheel.receive")

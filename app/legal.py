"""Our own words on terms and privacy, for tenants that name no pages of theirs."""

from flask import Blueprint, Flask, render_template

from app.access import allow

blueprint = Blueprint("legal", __name__, url_prefix="/legal")


def init_app(app: Flask) -> None:
    """Mount the two pages."""
    app.register_blueprint(blueprint)
    allow("public", "legal.terms", "legal.privacy")


@blueprint.get("/terms")
def terms() -> str:
    """What using the form means."""
    return render_template("legal/terms.html")


@blueprint.get("/privacy")
def privacy() -> str:
    """What happens to the data."""
    return render_template("legal/privacy.html")

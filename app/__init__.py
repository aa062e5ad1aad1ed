"""Prefill: consumer onboarding that fills itself in."""

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from flask import Flask

    from config.settings import Settings


def create_app(settings: "Settings") -> "Flask":
    """The web app of one installation. Reads nothing from the environment: all it needs is in `settings`."""
    # Imported here, or else the emulators and the demo tenant, which are apps of their own, would import this one.
    from flask import Flask

    from app import access, api, assets, brand, cli, consumer, errors, hooks, legal, turns, web, well_known
    from app.extensions import babel, htmx, limiter, migrate
    from app.logs import configure_logging
    from app.models import Base
    from app.services import make_services

    configure_logging(settings.log_level)
    app = Flask("app", root_path=str(assets.ROOT), template_folder="templates", static_folder=None)
    app.config.from_mapping(web.flask_config(settings))
    app.extensions["settings"] = settings
    app.extensions["services"] = services = make_services(settings)

    babel.init_app(app, locale_selector=web.choose_locale)
    htmx.init_app(app)
    limiter.init_app(app)
    migrate.init_app(app, cast(Any, Base), directory=str(assets.ROOT / "migrations"))

    assets.init_app(app)
    turns.init_app(app)
    web.init_app(app)
    access.init_app(app)
    errors.init_app(app)
    well_known.init_app(app)
    brand.init_app(app)
    legal.init_app(app)
    consumer.init_app(app)
    api.init_app(app)
    hooks.init_app(app)
    cli.init_app(app, services)
    return app

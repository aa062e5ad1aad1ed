"""A small app with the same templates, style sheets and catalogs, and no database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, render_template, request
from flask_babel import Babel, force_locale, get_locale
from jinja2 import StrictUndefined

ROOT = Path(__file__).parents[2]


def make_app() -> Flask:
    """The app; its globals are those that the product gives its templates."""
    app = Flask("screens", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(ROOT / "app" / "translations")
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.globals["static_url"] = lambda path: f"/static/{path}"
    app.jinja_env.globals["get_locale"] = get_locale
    _compile(ROOT / "app" / "translations" / "es" / "LC_MESSAGES")
    Babel(app, locale_selector=lambda: request.args.get("locale", "en"))
    return app


def _compile(folder: Path) -> None:
    source, made = folder / "messages.po", folder / "messages.mo"
    if made.exists() and made.stat().st_mtime >= source.stat().st_mtime:
        return
    with source.open("rb") as texts:
        catalog = read_po(texts, locale="es")
    with made.open("wb") as file:
        write_mo(file, catalog)


def render(app: Flask, template: str, locale: str = "en", **values: Any) -> str:
    """The rendered template in one language."""
    with app.test_request_context("/"), force_locale(locale):
        return render_template(template, **values)

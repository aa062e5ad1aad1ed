"""A template with its texts put in says word for word what it would say by looking each one up."""

from __future__ import annotations

import pytest
from flask import Flask, render_template_string

from app import templating
from tests.unit.screen_app import make_app, render
from tests.unit.side_screen_samples import SAMPLES, sample


@pytest.fixture(scope="module")
def app() -> Flask:
    made = make_app()
    templating.init_app(made)
    return made


def drawn(app: Flask, locale: str, name: str, **values: object) -> str:
    with app.test_request_context(f"/?locale={locale}"):
        return templating.draw(locale, name, **values)


@pytest.mark.parametrize("locale", templating.LOCALES)
@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_both_ways_give_the_same_page(app: Flask, name: str, locale: str) -> None:
    page, screen = sample(name, locale)
    template = f"consumer/{screen.template}.html"
    assert drawn(app, locale, template, page=page, screen=screen) == render(
        app, template, locale, page=page, screen=screen
    )


def test_the_languages_differ(app: Flask) -> None:
    page, screen = sample("code")
    english, spanish = (drawn(app, each, "consumer/code.html", page=page, screen=screen) for each in ("en", "es"))
    assert english != spanish


def test_a_value_put_into_a_text_is_escaped(app: Flask) -> None:
    environment = app.extensions["spoken"]["es"]
    for text in ('{{ _("Back to %(tenant)s", tenant=name) }}', '{{ _("100%%") }}'):
        with app.test_request_context("/?locale=es"):
            looked_up = render_template_string(text, name="<b>")
            spoken = environment.loader._texts.visit(environment.parse(text, "inline"))
            made = environment.template_class.from_code(environment, environment.compile(spoken), {})
            assert made.render(name="<b>") == looked_up
            assert "<b>" not in looked_up

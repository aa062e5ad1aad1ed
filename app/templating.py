"""Templates with their texts put in when they are compiled, once for each language.

A page has fifty texts. Looked up one by one while a page is drawn they cost a quarter of the drawing.
"""

from collections.abc import Callable, MutableMapping
from gettext import NullTranslations
from pathlib import Path
from typing import Any

from babel.support import Translations
from flask import Flask, current_app
from jinja2 import BaseLoader, Environment, Template, nodes
from jinja2.visitor import NodeTransformer

LOCALES = ("en", "es")


def init_app(app: Flask) -> None:
    """One set of compiled templates for each language."""
    folder = str(Path(app.root_path, app.config["BABEL_TRANSLATION_DIRECTORIES"]))
    app.extensions["spoken"] = {
        locale: _environment(app.jinja_env, Translations.load(folder, [locale])) for locale in LOCALES
    }


def draw(locale: str, name: str, **values: Any) -> str:
    """A template in a language."""
    template: Template = current_app.extensions["spoken"][locale].get_template(name)
    current_app.update_template_context(values)
    return template.render(values)


def _environment(shared: Environment, catalog: NullTranslations) -> Environment:
    made = shared.overlay(cache_size=400)
    assert shared.loader is not None
    made.loader = _SpokenLoader(shared.loader, catalog)
    return made


class _SpokenLoader(BaseLoader):
    """Loads what another loader finds, in one language."""

    def __init__(self, inner: BaseLoader, catalog: NullTranslations) -> None:
        self._inner = inner
        self._texts = _Texts(catalog)

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        return self._inner.get_source(environment, template)

    def load(  # Jinja names the arguments
        self,
        environment: Environment,
        name: str,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002
    ) -> Template:
        source, filename, uptodate = self.get_source(environment, name)
        spoken = self._texts.visit(environment.parse(source, name, filename))
        code = environment.compile(spoken, name, filename)
        return environment.template_class.from_code(environment, code, globals or {}, uptodate)


class _Texts(NodeTransformer):
    """Replaces `_("text", name=value)` by the translated text, as Jinja's own `_` would give it."""

    def __init__(self, catalog: NullTranslations) -> None:
        self._catalog = catalog

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - the name says which nodes it visits
        self.generic_visit(node)
        text = _constant_text(node)
        if text is None:
            return node
        translated = self._catalog.gettext(text)
        if not node.kwargs:
            return nodes.MarkSafeIfAutoescape(nodes.Const(translated % {}, lineno=node.lineno), lineno=node.lineno)
        line = node.lineno
        pairs = [nodes.Pair(nodes.Const(part.key), part.value, lineno=line) for part in node.kwargs]
        safe = nodes.MarkSafeIfAutoescape(nodes.Const(translated, lineno=line), lineno=line)
        return nodes.Mod(safe, nodes.Dict(pairs, lineno=line), lineno=line)


def _constant_text(node: nodes.Call) -> str | None:
    named = isinstance(node.node, nodes.Name) and node.node.name == "_"
    if not named or len(node.args) != 1 or node.dyn_args or node.dyn_kwargs:
        return None
    text = node.args[0]
    return text.value if isinstance(text, nodes.Const) and isinstance(text.value, str) else None

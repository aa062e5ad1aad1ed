"""Templates keep to the policy of our pages, each is used, and each uses what it imports."""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, nodes

from tests.house.files import ROOT, python_files, tracked

TEMPLATES = ROOT / "templates"
# This app looks for templates in a folder of its own.
OWN_FOLDERS = ("demo_tenant",)
# Their pages have policies of their own, which take scripts from the same host.
DOUBLES = ("demo_tenant", "emulators")
FORBIDDEN = {
    "unescaped output": re.compile(r"\|\s*safe\b|autoescape\s+false|\|\s*forceescape"),
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*="),
    "a style element": re.compile(r"<style\b"),
    "an inline handler": re.compile(r"<[a-z][^>]*\son[a-z]+\s*="),
    "a script address": re.compile(r"javascript:", re.I),
    "a data address": re.compile(r"(src|href)\s*=\s*[\"']data:", re.I),
    "htmx without data-": re.compile(r"(?<!data-)\bhx-[a-z]+\s*="),
    "a foreign host": re.compile(r"<(link|script|img|iframe|form)\b[^>]*\s(src|href|action)\s*=\s*[\"'](https?:)?//"),
}
HTMX = {
    "get",
    "post",
    "target",
    "swap",
    "sync",
    "trigger",
    "nonce",
    "select",
    "indicator",
    "include",
    "vals",
    "disable",
}


@lru_cache(maxsize=1)
def _parsed() -> dict[str, nodes.Template]:
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    return {
        path.relative_to(TEMPLATES).as_posix(): environment.parse(path.read_text(encoding="utf-8"))
        for path in tracked("templates", ".html")
    }


def _source(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def test_templates_keep_to_the_policy() -> None:
    assert len(_parsed()) > 40
    broken = [f"{name}: {rule}" for name in _parsed() for rule, what in FORBIDDEN.items() if what.search(_source(name))]
    assert broken == []


def test_scripts_of_the_product_carry_the_nonce() -> None:
    for name in _parsed():
        if name.split("/")[0] not in DOUBLES:
            assert re.search(r"<script\b(?![^>]*\bnonce=)(?![^>]*application/json)", _source(name)) is None, name


def test_htmx_attributes_are_spelt_as_htmx_4_knows_them() -> None:
    for name in _parsed():
        for attribute in re.findall(r"\bdata-hx-([a-z:-]+)", _source(name)):
            assert attribute.partition(":")[0] in HTMX, f"{name}: data-hx-{attribute}"


def test_no_code_steps_around_the_escaping() -> None:
    for path in python_files("app"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert not {alias.name for alias in node.names} & {"Markup", "render_template_string"}, path


def _imported(tree: nodes.Template) -> Iterator[str]:
    for found in tree.find_all(nodes.FromImport):
        yield from (each[1] if isinstance(each, tuple) else each for each in found.names)
    yield from (found.target for found in tree.find_all(nodes.Import))


def test_every_import_is_used() -> None:
    unused = []
    for name, tree in _parsed().items():
        used = {each.name for each in tree.find_all(nodes.Name) if each.ctx == "load"}
        unused += [f"{name}: {imported}" for imported in _imported(tree) if imported not in used]
    assert unused == []


def _resolved(name: str, wanted: str) -> str:
    own = name.split("/")[0]
    return f"{own}/{wanted}" if own in OWN_FOLDERS else wanted


def _leads_to(name: str, tree: nodes.Template) -> Iterator[str]:
    for kind in (nodes.Extends, nodes.Include, nodes.FromImport, nodes.Import):
        for found in tree.find_all(kind):
            assert isinstance(found.template, nodes.Const), f"{name}: a name that is put together"
            yield _resolved(name, found.template.value)


def test_every_macro_is_used_and_every_imported_one_exists() -> None:
    macros = {name: {m.name for m in tree.find_all(nodes.Macro)} for name, tree in _parsed().items()}
    used = {(name, each.name) for name, tree in _parsed().items() for each in tree.find_all(nodes.Name)}
    for name, tree in _parsed().items():
        for found in tree.find_all(nodes.FromImport):
            assert isinstance(found.template, nodes.Const)
            for each in found.names:
                original = each[0] if isinstance(each, tuple) else each
                place = _resolved(name, found.template.value)
                assert original in macros[place], f"{name}: {place} has no {original}"
                used.add((place, original))
    assert [f"{name}: {each}" for name in macros for each in macros[name] if (name, each) not in used] == []


def _named_in_code() -> set[str]:
    """Templates that a view renders, by their whole name or as the `template` of a screen."""
    words = {
        node.value
        for path in python_files("app")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    named = set()
    for name in _parsed():
        path = Path(name)
        whole = name.partition("/")[2] if name.split("/")[0] in OWN_FOLDERS else name
        by_stem = path.parent.as_posix() in ("consumer", "emulators/link/panes")
        if whole in words or (by_stem and path.stem.removeprefix("_") in words):
            named.add(name)
    return named


def test_every_template_is_reached() -> None:
    reached, found = set[str](), _named_in_code()
    while found:
        reached |= found
        found = {there for name in found for there in _leads_to(name, _parsed()[name])} - reached
        assert found <= _parsed().keys(), found - _parsed().keys()
    assert sorted(_parsed().keys() - reached) == []


def test_every_screen_has_a_page_and_a_fragment() -> None:
    names = {path.name for path in (TEMPLATES / "consumer").glob("*.html")}
    assert {name for name in names if not name.startswith("_")} == {name[1:] for name in names if name.startswith("_")}
    for name in names:
        if name.startswith("_"):
            assert '{% extends "components/frame.html" %}' in _source(f"consumer/{name}"), name


def test_scripts_keep_to_trusted_types() -> None:
    sinks = re.compile(r"\.(innerHTML|outerHTML)\s*=|insertAdjacentHTML|document\.write|\beval\(|new Function\(")
    for path in tracked("static", ".js"):
        found = sinks.search(path.read_text(encoding="utf-8"))
        assert found is None, f"{path.name}: {found and found[0]}"
        assert "postMessage" not in path.read_text(encoding="utf-8") or "'*'" not in path.read_text(encoding="utf-8")

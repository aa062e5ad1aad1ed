"""The catalog is complete, up to date, and its translations keep what a template puts in."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from tests.unit.screen_app import ROOT, make_app, render
from tests.unit.side_screen_samples import sample

TRANSLATIONS = ROOT / "app" / "translations"
SPANISH = TRANSLATIONS / "es" / "LC_MESSAGES" / "messages.po"
PLACEHOLDER = re.compile(r"%\(\w+\)s")


def catalog(path: Path, locale: str | None = None) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=locale)


def identities(messages: Catalog) -> set[str | tuple[str, ...]]:
    return {_forms(message.id) for message in messages if message.id}


def _forms(text: object) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(str(form) for form in text)  # type: ignore[attr-defined]


def spanish() -> list[Message]:
    return [message for message in catalog(SPANISH, "es") if message.id]


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    made = tmp_path_factory.mktemp("texts") / "messages.pot"
    command = [
        sys.executable,
        "-m",
        "babel.messages.frontend",
        "-q",
        "extract",
        "-F",
        "app/translations/babel.cfg",
    ]
    subprocess.run([*command, "--omit-header", "-o", str(made), "."], cwd=ROOT, check=True)
    return catalog(made)


def test_the_template_of_texts_is_up_to_date(extracted: Catalog) -> None:
    assert identities(catalog(TRANSLATIONS / "messages.pot")) == identities(extracted)


def test_spanish_has_every_text_and_no_other(extracted: Catalog) -> None:
    assert identities(catalog(SPANISH, "es")) == identities(extracted)


def test_no_spanish_text_is_empty_or_fuzzy() -> None:
    assert [message.id for message in spanish() if message.fuzzy or not all(_forms(message.string))] == []


def test_spanish_keeps_placeholders_and_marks() -> None:
    for message in spanish():
        given, said = _forms(message.id), _forms(message.string)
        wanted = set(PLACEHOLDER.findall(given[-1]))
        assert set(PLACEHOLDER.findall(said[-1])) == wanted, message.id
        assert all(set(PLACEHOLDER.findall(form)) <= wanted for form in said), message.id
        for mark in ("**", "]("):
            assert said[-1].count(mark) == given[-1].count(mark), message.id


def test_a_spanish_page_speaks_spanish() -> None:
    page, screen = sample("start", "es")
    html = render(make_app(), "consumer/start_phone.html", "es", page=page, screen=screen)
    for words in ("Número de celular", "Enviarme un código", "Fecha de nacimiento", "Paso 1 de 4"):
        assert words in html
    assert '<html lang="es">' in html

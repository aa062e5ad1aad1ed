"""Small pieces: modules, functions, templates and scripts have an upper size, and there is no list of exceptions."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.files import ROOT, python_files, tracked

LIMITS = {
    ("app", ".py"): 300,
    ("config", ".py"): 300,
    ("tests", ".py"): 500,
    ("templates", ".html"): 120,
    ("static", ".js"): 300,
}
LONGEST_FUNCTION = 40


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.relative_to(ROOT)}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize(("folder", "ending"), LIMITS)
def test_files_are_short(folder: str, ending: str) -> None:
    files = tracked(folder, ending)
    assert files, f"nothing under {folder}"
    long = {
        str(path.relative_to(ROOT)): lines
        for path in files
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LIMITS[folder, ending]
    }
    assert long == {}


def test_functions_are_short() -> None:
    every = [found for path in python_files("app", "config", "tests") for found in _functions(path)]
    assert len(every) > 500
    assert {name: lines for name, lines in every if lines > LONGEST_FUNCTION} == {}

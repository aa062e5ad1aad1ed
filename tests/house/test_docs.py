"""The pages in docs/ say what is there: every setting, every table and column, every link."""

import re
from pathlib import Path

from pydantic import BaseModel

from app.models import Base
from config.settings import PREFIX, Settings
from tests.house.files import ROOT, tracked

DOCS = ROOT / "docs"
CLASSES = {"id", "opaque", "sealed", "wrapped", "hash", "word", "setting", "number", "flag", "time", "document"}
ROW = re.compile(r"^\| `(?P<name>[^`]+)` \| (?P<second>[^|]*?) \|", re.MULTILINE)


def _settings() -> dict[str, str]:
    """Names and defaults as the documentation writes them."""
    found = {}
    for name, field in Settings.model_fields.items():
        nested = field.annotation
        if isinstance(nested, type) and issubclass(nested, BaseModel):
            for inner, part in nested.model_fields.items():
                found[f"{PREFIX}{name}__{inner}".upper()] = str(part.default)
        else:
            found[f"{PREFIX}{name}".upper()] = str(field.default)
    return found


def test_every_setting_is_documented_with_its_default() -> None:
    page = (DOCS / "settings.md").read_text(encoding="utf-8")
    told = {match["name"]: match["second"] for match in ROW.finditer(page)}
    assert told.keys() == _settings().keys()
    for name, default in _settings().items():
        if default not in ("", "**********", "None", "PydanticUndefined"):
            assert told[name].strip("`").lower() == default.lower(), name


def test_the_example_file_names_settings_that_exist() -> None:
    example = (ROOT / "config" / ".env.example").read_text(encoding="utf-8")
    names = re.findall(r"^(PREFILL_\w+)=", example, re.MULTILINE)
    assert names
    assert set(names) <= _settings().keys()


def _documented_tables() -> dict[str, dict[str, str]]:
    page = (DOCS / "data-model.md").read_text(encoding="utf-8")
    _, *sections = re.split(r"^## `", page, flags=re.MULTILINE)
    return {
        section.partition("`")[0]: {match["name"]: match["second"] for match in ROW.finditer(section)}
        for section in sections
    }


def test_every_table_and_column_is_documented() -> None:
    told = _documented_tables()
    assert {name: set(columns) for name, columns in told.items()} == {
        table.name: set(table.columns.keys()) for table in Base.metadata.sorted_tables
    }


def test_every_column_has_a_class_that_fits() -> None:
    for table in Base.metadata.sorted_tables:
        for column, kind in _documented_tables()[table.name].items():
            assert kind in CLASSES, f"{table.name}.{column}: {kind}"
            assert (kind == "sealed") == column.endswith("_sealed"), f"{table.name}.{column}"
            kept = table.columns[column].type.python_type
            if kept is bytes:
                assert kind in ("sealed", "hash", "wrapped"), f"{table.name}.{column}: bytes in the clear"


def test_links_between_pages_lead_somewhere() -> None:
    pages = [*tracked("docs", ".md"), ROOT / "README.md"]
    for page in pages:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            if not target.startswith(("http://", "https://", "mailto:")):
                assert (Path(page).parent / target).exists(), f"{page.name}: {target}"

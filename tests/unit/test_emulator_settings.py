"""What the emulators are told from outside, and what they must not import."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from app.emulators.settings import load_settings

ROOT = Path(__file__).parents[2]
EMULATORS = ROOT / "app" / "emulators"


def test_defaults_and_addresses() -> None:
    settings = load_settings()
    assert settings.spinwheel_base_url == "http://127.0.0.1:8001/spinwheel"
    assert settings.spinwheel_secure_base_url == "http://127.0.0.1:8001/spinwheel-secure"
    assert settings.plaid_base_url == "http://127.0.0.1:8001/plaid"


def test_a_value_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMULATOR_SMS_CODE", "246810")
    assert load_settings().sms_code == "246810"


def test_a_misspelt_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMULATOR_PERSONA", "people.json")
    with pytest.raises(SystemExit, match="EMULATOR_PERSONA is not a setting of the emulators"):
        load_settings()


def test_a_wrong_value_is_named_without_being_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMULATOR_SMS_CODE", "hunter2")
    with pytest.raises(SystemExit, match="EMULATOR_SMS_CODE is wrong") as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


def test_nothing_of_the_product_is_imported() -> None:
    """Both meet over HTTP alone."""
    for path in EMULATORS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            foreign = [name for name in names if name.startswith("app") and not name.startswith("app.emulators")]
            assert not foreign, f"{path}: {foreign}"


def test_nothing_of_the_product_is_loaded_with_them() -> None:
    """Not by the parent package either."""
    script = (
        "import sys, app.emulators.wsgi; "
        "print([name for name in sys.modules if name.startswith(('app.', 'config')) "
        "and not name.startswith('app.emulators')])"
    )
    found = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"

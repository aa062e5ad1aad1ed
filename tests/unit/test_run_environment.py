"""The development environment: kept secrets, and values that app and emulators agree on."""

import stat
from pathlib import Path

import pytest

from app.run.addresses import addresses_from
from app.run.environment import SECRETS, development_environment
from app.run.error import RunError
from config.settings import SettingsError, load_settings

ADDRESSES = addresses_from({})


def _make(instance: Path, **outside: str) -> dict[str, str]:
    return development_environment(instance, ADDRESSES, outside)


def test_the_app_accepts_it(tmp_path: Path) -> None:
    settings = load_settings(_make(tmp_path / "instance"))
    assert settings.environment == "development"
    assert settings.app_url == "http://localhost:8000"
    assert settings.plaid.base_url == "http://127.0.0.1:8001/plaid"
    assert settings.database_url.get_secret_value() == f"sqlite:///{tmp_path / 'instance' / 'prefill.db'}"


def test_production_refuses_its_keys(tmp_path: Path) -> None:
    production = {
        "PREFILL_ENVIRONMENT": "production",
        "PREFILL_APP_URL": "https://onboarding.example.com",
        "PREFILL_ALLOW_PRIVATE_CALLBACKS": "false",
        "PREFILL_LIMIT_SCALE": "1",
        "PREFILL_PLAID__BASE_URL": "https://sandbox.plaid.com",
        "PREFILL_SPINWHEEL__BASE_URL": "https://sandbox-api.spinwheel.io",
        "PREFILL_TWILIO__BASE_URL": "https://verify.twilio.com",
        "PREFILL_TWILIO__MESSAGES_BASE_URL": "https://api.twilio.com",
    }
    with pytest.raises(SettingsError, match="root_keys: is readable text"):
        load_settings(_make(tmp_path / "instance", **production))


def test_secrets_are_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    first, second = _make(tmp_path / "instance"), _make(tmp_path / "instance")
    assert first == second
    mode = stat.S_IMODE((tmp_path / "instance" / "development.env").stat().st_mode)
    assert mode == 0o600
    other = _make(tmp_path / "other")
    assert all(first[name] != other[name] for name in SECRETS)


def test_a_secret_that_came_later_is_added_and_the_others_stay(tmp_path: Path) -> None:
    first = _make(tmp_path)
    path = tmp_path / "development.env"
    kept = [line for line in path.read_text().splitlines() if not line.startswith("PREFILL_HASH_KEY")]
    path.write_text("\n".join(kept) + "\n")
    second = _make(tmp_path)
    assert first["PREFILL_ROOT_KEYS"] == second["PREFILL_ROOT_KEYS"]
    assert first["PREFILL_HASH_KEY"] != second["PREFILL_HASH_KEY"]


def test_lost_secrets_beside_sealed_data_stop_the_run(tmp_path: Path) -> None:
    _make(tmp_path)
    (tmp_path / "prefill.db").touch()
    (tmp_path / "development.env").unlink()
    with pytest.raises(RunError, match="Put the file back, or delete"):
        _make(tmp_path)


def test_the_callers_environment_wins(tmp_path: Path) -> None:
    environment = _make(tmp_path, PREFILL_LOG_LEVEL="DEBUG", PREFILL_DATABASE_URL="postgresql+psycopg://elsewhere/x")
    assert environment["PREFILL_DATABASE_URL"] == "postgresql+psycopg://elsewhere/x"
    assert environment["PREFILL_LOG_LEVEL"] == "DEBUG"


def test_app_and_emulators_agree_on_moved_addresses_and_credentials(tmp_path: Path) -> None:
    outside = {"EMULATOR_PORT": "9001", "EMULATOR_PLAID_SECRET": "other"}
    environment = development_environment(tmp_path, addresses_from(outside), outside)
    assert environment["EMULATOR_BASE_URL"] == "http://127.0.0.1:9001"
    assert environment["PREFILL_SPINWHEEL__BASE_URL"] == "http://127.0.0.1:9001/spinwheel"
    assert environment["PREFILL_PLAID__SECRET"] == environment["EMULATOR_PLAID_SECRET"] == "other"
    assert "EMULATOR_PORT" not in environment


def test_loopback_never_goes_through_a_proxy(tmp_path: Path) -> None:
    assert _make(tmp_path, NO_PROXY="intranet")["NO_PROXY"] == "intranet,localhost,127.0.0.1"

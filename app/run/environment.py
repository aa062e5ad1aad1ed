"""The environment of a development machine: fixed values, and secrets made once and kept in instance/."""

import base64
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from app.run.addresses import VARIABLES, Addresses
from app.run.error import RunError

SECRETS_FILE = "development.env"
DATABASE_FILE = "prefill.db"
DEMO_FILE = "demo.json"


def _key() -> str:
    """32 bytes of readable text, half of it random: production takes one look and refuses it."""
    return base64.b64encode(f"development-only{secrets.token_urlsafe(12)}".encode()).decode()


SECRETS: dict[str, Callable[[], str]] = {
    "PREFILL_ROOT_KEYS": _key,
    "PREFILL_HASH_KEY": _key,
    "PREFILL_SPINWHEEL__WEBHOOK_SECRET": lambda: secrets.token_urlsafe(32),
}


def development_environment(instance: Path, addresses: Addresses, outside: Mapping[str, str]) -> dict[str, str]:
    """What every child gets: our values, under what the caller's environment already says.

    Raises:
        RunError: the secrets are gone but the data they sealed is not.
    """
    environment = {
        "PREFILL_ENVIRONMENT": "development",
        "PREFILL_APP_URL": addresses.app.url,
        "PREFILL_DATABASE_URL": f"sqlite:///{instance / DATABASE_FILE}",
        "PREFILL_ALLOW_PRIVATE_CALLBACKS": "true",
        # The same few personas are tried all day.
        "PREFILL_LIMIT_SCALE": "100",
        "DEMO_TENANT_CONFIG": str(instance / DEMO_FILE),
        "DEMO_TENANT_URL": addresses.tenant.url,
        "PYTHONUNBUFFERED": "1",
        **_providers(addresses.emulators.url, outside),
        **_secrets(instance, outside),
        **outside,
        "NO_PROXY": ",".join(filter(None, [outside.get("NO_PROXY"), "localhost", "127.0.0.1"])),
    }
    return {name: value for name, value in environment.items() if name not in VARIABLES}


def _providers(url: str, outside: Mapping[str, str]) -> dict[str, str]:
    """Both sides of each credential, so that app and emulators always agree."""
    client_id = outside.get("EMULATOR_PLAID_CLIENT_ID", "plaid-sandbox-client")
    secret = outside.get("EMULATOR_PLAID_SECRET", "plaid-sandbox-secret")
    template = outside.get("EMULATOR_PLAID_TEMPLATE_ID", "template_prefill")
    api_key = outside.get("EMULATOR_SPINWHEEL_API_KEY", "spinwheel-sandbox-key")
    twilio = {
        "ACCOUNT_SID": outside.get("EMULATOR_TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000001"),
        "AUTH_TOKEN": outside.get("EMULATOR_TWILIO_AUTH_TOKEN", "twilio-sandbox-token"),
        "SERVICE_SID": outside.get("EMULATOR_TWILIO_SERVICE_SID", "VA00000000000000000000000000000001"),
        "FROM_NUMBER": outside.get("EMULATOR_TWILIO_FROM_NUMBER", "+15005550006"),
    }
    return {
        "EMULATOR_BASE_URL": url,
        "EMULATOR_PLAID_CLIENT_ID": client_id,
        "EMULATOR_PLAID_SECRET": secret,
        "EMULATOR_PLAID_TEMPLATE_ID": template,
        "EMULATOR_SPINWHEEL_API_KEY": api_key,
        "PREFILL_PLAID__BASE_URL": f"{url}/plaid",
        "PREFILL_PLAID__LINK_URL": url,
        "PREFILL_PLAID__CLIENT_ID": client_id,
        "PREFILL_PLAID__SECRET": secret,
        "PREFILL_PLAID__TEMPLATE_ID": template,
        "PREFILL_PLAID__OAUTH_RETURN": "on",
        "PREFILL_SPINWHEEL__BASE_URL": f"{url}/spinwheel",
        "PREFILL_SPINWHEEL__SECURE_BASE_URL": f"{url}/spinwheel-secure",
        "PREFILL_SPINWHEEL__API_KEY": api_key,
        "PREFILL_SPINWHEEL__PREVERIFIED": "on",
        "PREFILL_TWILIO__BASE_URL": f"{url}/twilio",
        "PREFILL_TWILIO__MESSAGES_BASE_URL": f"{url}/twilio",
        "PREFILL_MESSAGES__EMAIL_URL": f"{url}/inbox/mails",
        "PREFILL_MESSAGES__EMAIL_FROM": "no-reply@prefill.example",
        **{
            f"{side}{name}": value
            for name, value in twilio.items()
            for side in ("EMULATOR_TWILIO_", "PREFILL_TWILIO__")
        },
    }


def _secrets(instance: Path, outside: Mapping[str, str]) -> dict[str, str]:
    """The kept secrets, made where one is missing; readable by the owner alone."""
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = instance / SECRETS_FILE
    kept = _read(path)
    missing = [name for name in SECRETS if name not in kept]
    if not kept and (instance / DATABASE_FILE).exists() and any(name not in outside for name in SECRETS):
        raise RunError(
            f"{path} is gone, and {DATABASE_FILE} beside it can only be read with the keys that stood there. "
            f"Put the file back, or delete {instance} to begin afresh."
        )
    if missing:
        kept |= {name: SECRETS[name]() for name in missing}
        _write(path, kept)
    return kept


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: value for name, _, value in pairs}


def _write(path: Path, values: Mapping[str, str]) -> None:
    text = "# Made by `make run` for this machine alone. The data in this folder is sealed with it.\n"
    text += "".join(f"{name}={value}\n" for name, value in values.items())
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)

"""What the tenant was given: where Prefill is, its key, its webhook secret."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Persona:
    """A made-up person to type into the form."""

    name: str
    phone_number: str
    date_of_birth: str
    code: str
    ladder: str


@dataclass(frozen=True)
class Config:
    """Read from the file that `make run` writes."""

    app_url: str
    tenant_url: str
    tenant_id: str
    api_key: str
    webhook_secret: str
    emulator_url: str
    personas: tuple[Persona, ...]


def load_config(path: str) -> Config:
    """Raises OSError, ValueError or KeyError when the file is absent or lacks something."""
    return config_from(json.loads(Path(path).read_text(encoding="utf-8")))


def config_from(values: dict[str, Any]) -> Config:
    """`values` may hold more than is used here."""
    own = ("app_url", "tenant_url", "tenant_id", "api_key", "webhook_secret", "emulator_url")
    fields = ("name", "phone_number", "date_of_birth", "code", "ladder")
    personas = tuple(Persona(**{field: str(each[field]) for field in fields}) for each in values["personas"])
    return Config(personas=personas, **{name: values[name] for name in own})

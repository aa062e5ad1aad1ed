"""Settings of one installation, read from the environment and from nowhere else.

A default here is either right for production and public, or absent. Secrets have none.
"""

import base64
import os
import re
from collections.abc import Mapping
from typing import Literal, Self, cast

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "PREFILL_"


class SettingsError(Exception):
    """The environment does not make a usable installation; the sentence names the setting."""


class PlaidDefaults(BaseModel):
    """The Plaid connection that test mode uses where a tenant has none of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: str = "https://sandbox.plaid.com"
    link_url: str = "https://cdn.plaid.com"
    client_id: str = ""
    secret: SecretStr = SecretStr("")
    template_id: str = ""
    oauth_return: Literal["on", "off"] = "off"


class SpinwheelDefaults(BaseModel):
    """The Spinwheel connection that test mode uses where a tenant has none of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: str = "https://sandbox-api.spinwheel.io"
    secure_base_url: str = "https://secure-sandbox-api.spinwheel.io"
    api_key: SecretStr = SecretStr("")
    webhook_secret: SecretStr = SecretStr("")
    preverified: Literal["on", "off"] = "off"


class TwilioDefaults(BaseModel):
    """The Twilio connection that test mode uses where a tenant has none of its own: codes by Verify, other texts."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: str = "https://verify.twilio.com"
    messages_base_url: str = "https://api.twilio.com"
    account_sid: str = ""
    auth_token: SecretStr = SecretStr("")
    service_sid: str = ""
    from_number: str = ""


class MessageDefaults(BaseModel):
    """Where our own mails leave: a mail server, or in development the inbox of the emulators."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    email_url: SecretStr = SecretStr("")
    email_from: str = ""

    @model_validator(mode="after")
    def _usable(self) -> Self:
        url = self.email_url.get_secret_value()
        if url and not re.fullmatch(r"(smtps?|https?)://[^/\s]+(/\S*)?", url):
            raise ValueError("email_url is smtp://, smtps:// or the address of an inbox")
        if bool(url) != bool(self.email_from):
            raise ValueError("email_url and email_from need each other")
        if url and not re.fullmatch(r"[^@\s<>\"]+@[^@\s<>\"]+", self.email_from):
            raise ValueError("email_from is one address, such as no-reply@example.com")
        return self


class Settings(BaseSettings):
    """Everything an installation may decide. `docs/settings.md` lists each name."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid", hide_input_in_errors=True
    )

    environment: Literal["development", "test", "production"] = "production"
    app_url: str
    database_url: SecretStr
    database_role: str = "prefill_app"
    database_pool_size: int = Field(default=8, ge=1, le=64)
    redis_url: SecretStr | None = None
    web_processes: int = Field(default=1, ge=1)
    web_threads: int = Field(default=512, ge=8, le=4096)
    trusted_proxies: int = Field(default=0, ge=0, le=3)
    root_keys: SecretStr
    hash_key: SecretStr
    allow_private_callbacks: bool = False
    limit_scale: int = Field(default=1, ge=1, le=1000)
    worker_threads: int = Field(default=8, ge=1, le=128)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    plaid: PlaidDefaults = PlaidDefaults()
    spinwheel: SpinwheelDefaults = SpinwheelDefaults()
    twilio: TwilioDefaults = TwilioDefaults()
    messages: MessageDefaults = MessageDefaults()

    @field_validator("app_url")
    @classmethod
    def _origin_only(cls, value: str) -> str:
        if not value.startswith(("https://", "http://")) or value.count("/") != 2:
            raise ValueError("must be an origin such as https://onboarding.example.com, without a path")
        return value

    @model_validator(mode="after")
    def _production_is_strict(self) -> Self:
        if self.environment == "production":
            for problem in _production_problems(self):
                raise ValueError(problem)
        return self

    @property
    def secure(self) -> bool:
        """Whether consumers reach us by https."""
        return self.app_url.startswith("https://")

    def root_key_list(self) -> list[str]:
        """Root keys in base64, newest first: the first seals, all of them open."""
        return [part.strip() for part in self.root_keys.get_secret_value().split(",") if part.strip()]

    def hash_key_bytes(self) -> bytes:
        """The key of every look-up hash."""
        return base64.b64decode(self.hash_key.get_secret_value(), validate=True)


def _production_problems(settings: Settings) -> list[str]:
    problems = []
    if not settings.secure:
        problems.append("app_url: production needs https")
    if settings.allow_private_callbacks:
        problems.append("allow_private_callbacks: is for development; production never calls private addresses")
    if settings.web_processes > 1 and settings.redis_url is None:
        problems.append("redis_url: more than one web process needs Redis, or each would count its own rate limits")
    if settings.limit_scale > 1:
        problems.append("limit_scale: production keeps its limits as they are")
    problems += [
        f"{name}: is readable text, not random bytes; it looks like a development value"
        for name in ("root_keys", "hash_key")
        if _readable(getattr(settings, name).get_secret_value())
    ]
    addresses = {
        "plaid.base_url": settings.plaid.base_url,
        "spinwheel.base_url": settings.spinwheel.base_url,
        "twilio.base_url": settings.twilio.base_url,
        "twilio.messages_base_url": settings.twilio.messages_base_url,
    }
    for name, url in addresses.items():
        if not url.startswith("https://"):
            problems.append(f"{name}: production talks to providers by https only")
    if settings.messages.email_url.get_secret_value().startswith("http"):
        problems.append("messages.email_url: the inbox is for development; production sends by smtp:// or smtps://")
    return problems


def _readable(keys: str) -> bool:
    try:
        return any(base64.b64decode(key).isascii() for key in keys.split(","))
    except ValueError:
        return False


def _check_keys(settings: Settings) -> None:
    try:
        keys = [base64.b64decode(key, validate=True) for key in settings.root_key_list()]
        hash_key = settings.hash_key_bytes()
    except ValueError:
        raise SettingsError(f"{PREFIX}ROOT_KEYS and {PREFIX}HASH_KEY must be base64, see config/.env.example") from None
    if not keys or any(len(key) != 32 for key in keys):
        raise SettingsError(f"{PREFIX}ROOT_KEYS needs at least one key of 32 bytes in base64, the newest first")
    if len(hash_key) < 32:
        raise SettingsError(f"{PREFIX}HASH_KEY needs at least 32 bytes in base64")


def _known_names() -> set[str]:
    names = set()
    for name, field in Settings.model_fields.items():
        nested = field.annotation
        if isinstance(nested, type) and issubclass(nested, BaseModel):
            names |= {f"{PREFIX}{name}__{inner}".upper() for inner in nested.model_fields}
        else:
            names.add(f"{PREFIX}{name}".upper())
    return names


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment, frozen.

    Raises:
        SettingsError: something is missing, wrong or misspelt; the sentence names the setting.
    """
    variables = os.environ if environment is None else environment
    unknown = sorted(name for name in variables if name.startswith(PREFIX) and name not in _known_names())
    if unknown:
        raise SettingsError(f"There is no setting named {unknown[0]}. See docs/settings.md for those there are.")
    values = _values(variables)
    try:
        settings = Settings(_env_prefix="PREFILL_NEVER_READ_", **values)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = "__".join(str(part) for part in first["loc"]).upper()
        raise SettingsError(f"{PREFIX}{where}: {first['msg'].removeprefix('Value error, ')}") from None
    _check_keys(settings)
    return settings


def _values(variables: Mapping[str, str]) -> dict[str, object]:
    values: dict[str, object] = {}
    for name in _known_names() & set(variables):
        head, _, inner = name.removeprefix(PREFIX).lower().partition("__")
        if inner:
            values[head] = {**cast(dict[str, str], values.get(head, {})), inner: variables[name]}
        else:
            values[head] = variables[name]
    return values

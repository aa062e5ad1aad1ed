"""What the emulators can be told, from the environment alone (prefix EMULATOR_)."""

import os
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "EMULATOR_"


class Settings(BaseSettings):
    """Every setting has a value that works on a developer's machine; none of them is a secret."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True, env_ignore_empty=True
    )

    base_url: str = Field(default="http://127.0.0.1:8001", pattern=r"^https?://[^/]+$")
    personas: Path | None = None
    sms_code: str = Field(default="123456", pattern=r"^\d{6}$")

    spinwheel_api_key: str = Field(default="spinwheel-sandbox-key", min_length=1)

    plaid_client_id: str = Field(default="plaid-sandbox-client", min_length=1)
    plaid_secret: str = Field(default="plaid-sandbox-secret", min_length=1)
    plaid_template_id: str = Field(default="template_prefill", min_length=1)
    twilio_account_sid: str = Field(default="AC00000000000000000000000000000001", pattern=r"^AC[0-9a-fA-F]{32}$")
    twilio_auth_token: str = Field(default="twilio-sandbox-token", min_length=1)
    twilio_service_sid: str = Field(default="VA00000000000000000000000000000001", pattern=r"^VA[0-9a-fA-F]{32}$")
    twilio_from_number: str = Field(default="+15005550006", pattern=r"^\+[1-9]\d{6,14}$")
    webhook_timeout_seconds: float = Field(default=10.0, gt=0)
    webhook_retry_seconds: float = Field(default=30.0, ge=0)

    @property
    def plaid_base_url(self) -> str:
        return f"{self.base_url}/plaid"

    @property
    def link_script_url(self) -> str:
        return f"{self.base_url}/link/v2/stable/link-initialize.js"

    @property
    def spinwheel_base_url(self) -> str:
        return f"{self.base_url}/spinwheel"

    @property
    def twilio_base_url(self) -> str:
        """Of Verify and of messages."""
        return f"{self.base_url}/twilio"

    @property
    def spinwheel_secure_base_url(self) -> str:
        """The host where full numbers may leave; the provider runs a second one for them."""
        return f"{self.base_url}/spinwheel-secure"


def load_settings() -> Settings:
    """Exits with a sentence when a value is wrong or a name is misspelt (pydantic ignores unknown names)."""
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            names = ", ".join(sorted(known))
            raise SystemExit(f"{name} is not a setting of the emulators. There are: {names}.")
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"{PREFIX}{'_'.join(str(part) for part in first['loc'])}".upper()
        raise SystemExit(f"{name} is wrong: {first['msg']}.") from None

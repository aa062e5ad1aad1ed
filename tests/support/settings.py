"""Settings of a test installation."""

import base64

from config.settings import Settings, load_settings

APP_URL = "http://localhost:8000"


def make_settings(database_url: str, **more: str) -> Settings:
    """What `load_settings` makes of a test's environment."""
    return load_settings(
        {
            "PREFILL_ENVIRONMENT": "test",
            "PREFILL_APP_URL": APP_URL,
            "PREFILL_DATABASE_URL": database_url,
            "PREFILL_ROOT_KEYS": base64.b64encode(b"k" * 32).decode(),
            "PREFILL_HASH_KEY": base64.b64encode(b"h" * 32).decode(),
            "PREFILL_ALLOW_PRIVATE_CALLBACKS": "true",
            **more,
        }
    )

"""Plaid's documented errors: type, HTTP status and sentence of each code the emulator can answer with.

errors.json holds them; the sentence that Plaid does not publish (OAUTH_STATE_ID_ALREADY_PROCESSED) is ours.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple


class Documented(NamedTuple):
    error_type: str
    status: int
    message: str
    display: str | None = None


def _read() -> dict[str, Documented]:
    listed = json.loads(Path(__file__).with_name("errors.json").read_text(encoding="utf-8"))
    return {
        code: Documented(facts["type"], facts["status"], facts["message"], facts["display"])
        for code, facts in listed.items()
    }


CODES = _read()


class PlaidError(Exception):
    """An answer with one of the documented codes. `detail` fills the sentence's gap."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.documented = CODES[code]
        self.message = self.documented.message.format(detail)

    @property
    def shown(self) -> str:
        """What Link shows a person."""
        return self.documented.display or self.message

    def body(self, request_id: str) -> dict[str, Any]:
        """The error body of the API, keys as Plaid has them."""
        anchor = self.documented.error_type.removesuffix("_ERROR").lower().replace("_", "-")
        return {
            "display_message": self.documented.display,
            "documentation_url": f"https://plaid.com/docs/?ref=error#{anchor}-errors",
            "error_code": self.code,
            "error_message": self.message,
            "error_type": self.documented.error_type,
            "request_id": request_id,
            "suggested_action": None,
        }

    def link_error(self) -> dict[str, str | None]:
        """The error object that Link hands to `onExit`."""
        return {
            "display_message": self.documented.display,
            "error_code": self.code,
            "error_message": self.message,
            "error_type": self.documented.error_type,
        }

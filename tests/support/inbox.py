"""What the inbox of the emulators holds."""

import re
from typing import Any

import requests

from tests.support.emulator import Emulator


def texts_to(emulator: Emulator, phone_number: str) -> list[str]:
    """What the texts to a number say, newest first."""
    told: dict[str, Any] = requests.get(
        f"{emulator.url}/inbox.json", params={"phone_number": phone_number}, timeout=10
    ).json()
    return [text["body"] for text in told["texts"]]


def mails_to(emulator: Emulator, address: str) -> list[dict[str, str]]:
    """The mails to an address, newest first."""
    told: dict[str, Any] = requests.get(f"{emulator.url}/inbox.json", timeout=10).json()
    return [mail for mail in told["mails"] if mail["to"] == address]


def link_in(words: str) -> str:
    """The token of the launch link in a message."""
    found = re.search(r"/o/([\w-]+)", words)
    assert found is not None, words
    return found[1]

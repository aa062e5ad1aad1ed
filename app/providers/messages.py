"""What leaves by e-mail, and the inbox that takes it in development."""

import json
from dataclasses import dataclass, field
from typing import Protocol

from app.providers.base import HttpCaller, Request, Timeouts


@dataclass(frozen=True)
class Email:
    """One mail to one person. `sender_name` stands before our own address."""

    to: str = field(repr=False)
    sender_name: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)


class EmailSender(Protocol):
    """Hands a mail on, or raises `ProviderError`."""

    def send(self, mail: Email) -> None: ...


class InboxSender:
    """Leaves mails in the inbox of the emulators at `url`, which takes them as JSON."""

    def __init__(self, url: str, sender: str, *, timeouts: Timeouts | None = None) -> None:
        self._url, self._sender = url, sender
        self._caller = HttpCaller("inbox", "inbox", lambda _operation, _status, _body: None, timeouts=timeouts)

    def send(self, mail: Email) -> None:
        body = {
            "to": mail.to,
            "sender": f"{mail.sender_name} <{self._sender}>",
            "subject": mail.subject,
            "text": mail.text,
            "html": mail.html,
        }
        headers = {"Content-Type": "application/json", "User-Agent": "Prefill"}
        self._caller.call(Request("send_mail", "POST", self._url, headers, json.dumps(body).encode()))

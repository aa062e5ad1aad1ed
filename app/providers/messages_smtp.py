"""E-mail by SMTP (RFC 5321), always encrypted: `smtps://` from the first byte, `smtp://` by STARTTLS."""

import contextlib
import logging
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime, make_msgid
from urllib.parse import unquote, urlsplit

from app.providers.base import CallRecord, Timeouts, refuse_open_transaction
from app.providers.errors import Kind, Meaning, ProviderError, Reason
from app.providers.messages import Email

PROVIDER, OPERATION = "smtp", "send_mail"
PORTS = {"smtp": 587, "smtps": 465}
# Seven bits, as not every server takes eight.
LINES = SMTP.clone(cte_type="7bit")

logger = logging.getLogger(__name__)

_DOWN = Meaning(Kind.NETWORK, Reason.PROVIDER_DOWN, retryable=True)
_SLOW = Meaning(Kind.NETWORK, Reason.PROVIDER_SLOW, retryable=True)
_SETTINGS = Meaning(Kind.AUTHENTICATION, Reason.NOT_CONFIGURED)
_REFUSED = Meaning(Kind.DATA_VALIDATION, Reason.UNEXPECTED)


class SmtpSender:
    """One mail server, `smtp(s)://user:password@host:port`. Each mail has a connection and `total` seconds of its own.

    A mail is never sent again here: after its last byte nobody knows whether the server took it.
    """

    def __init__(
        self, url: str, sender: str, *, timeouts: Timeouts | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        self._login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        self._from_start = parts.scheme == "smtps"
        self._sender = sender
        self._timeouts = timeouts or Timeouts()
        self._tls = tls or ssl.create_default_context()

    def send(self, mail: Email) -> None:
        """Returns when the server took the mail. Raises `ProviderError`."""
        refuse_open_transaction()
        started = time.monotonic()
        try:
            message = self._message(mail)
            with self._connected() as server:
                server.send_message(message)
        except (OSError, ValueError, MessageError) as failure:
            outcome, meaning = _judge(failure)
            self._report(outcome, started)
            raise _error(outcome, meaning) from None
        self._report("ok", started)

    def _report(self, outcome: str, started: float) -> None:
        seconds = time.monotonic() - started
        record = CallRecord(PROVIDER, self._host, OPERATION, outcome, None, 1, seconds)
        logger.info("%s %s: %s in %.3f s", record.provider, record.operation, record.outcome, record.seconds)

    def _message(self, mail: Email) -> EmailMessage:
        """ValueError where a header would not stay on its line."""
        message = EmailMessage(policy=LINES)
        message["From"] = Address(display_name=mail.sender_name, addr_spec=self._sender)
        message["To"] = Address(addr_spec=mail.to)
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(localtime())
        message["Message-ID"] = make_msgid(domain=self._own_name)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        message.add_alternative(mail.html, subtype="html")
        return message

    @contextlib.contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        with contextlib.ExitStack() as ends:
            raw = socket.create_connection((self._host, self._port), self._timeouts.connect)
            ends.callback(raw.close)
            raw.settimeout(self._timeouts.read)
            overdue = _watch(raw, self._timeouts.total, ends)
            try:
                sock = self._tls.wrap_socket(raw, server_hostname=self._host) if self._from_start else raw
                server = ends.enter_context(contextlib.closing(_Line(sock, self._host, self._own_name)))
                if not self._from_start:
                    server.starttls(context=self._tls)
                if self._login:
                    server.login(*self._login)
                yield server
            except OSError as failure:
                if overdue.is_set():
                    raise TimeoutError("deadline passed") from failure
                raise
            # The mail is taken by now, whatever becomes of the goodbye.
            with contextlib.suppress(OSError):
                server.quit()

    @property
    def _own_name(self) -> str:
        return self._sender.rpartition("@")[2]


def _watch(raw: socket.socket, seconds: float, ends: contextlib.ExitStack) -> threading.Event:
    """Cut the line after so many seconds, and say so.

    A socket's own timeout begins anew with every byte, so a server that drips would outlive it. The line is cut by a
    handle of its own, because encryption takes the socket over.
    """
    overdue, line = threading.Event(), raw.dup()
    watchdog = threading.Timer(seconds, _cut, (line, overdue))
    watchdog.daemon = True
    watchdog.start()
    ends.callback(line.close)
    ends.callback(watchdog.cancel)
    return overdue


def _cut(line: socket.socket, overdue: threading.Event) -> None:
    overdue.set()
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


class _Line(smtplib.SMTP):
    """SMTP over a socket that is connected already."""

    def __init__(self, sock: socket.socket, host: str, own_name: str) -> None:
        self._given = sock
        super().__init__(host, PORTS["smtp"], own_name)

    def _get_socket(self, _host: str, _port: int, _timeout: float) -> socket.socket:
        return self._given


def _judge(failure: Exception) -> tuple[str, Meaning]:
    """A word for logs and what it means; never what the server wrote, which may quote the address."""
    if isinstance(failure, smtplib.SMTPAuthenticationError):
        return "login_refused", _SETTINGS
    if isinstance(failure, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in failure.recipients.values()]
        return "recipient_refused", _REFUSED if all(code >= 500 for code in codes) else _DOWN
    if isinstance(failure, smtplib.SMTPResponseException):
        return f"smtp_{failure.smtp_code}", _DOWN if failure.smtp_code < 500 else _REFUSED
    if isinstance(failure, ssl.SSLError):
        return "tls_failed", _DOWN
    if isinstance(failure, smtplib.SMTPNotSupportedError):
        return "not_supported", _SETTINGS
    if isinstance(failure, TimeoutError):
        return "timeout", _SLOW
    if isinstance(failure, OSError):
        return "connection_broken", _DOWN
    return "unusable_mail", _REFUSED


def _error(code: str, meaning: Meaning) -> ProviderError:
    return ProviderError(
        meaning.kind, meaning.reason, retryable=meaning.retryable, provider=PROVIDER, operation=OPERATION, code=code
    )

"""A mail server of this machine: enough SMTP for one client, encrypted, and as rude as a test wants."""

import datetime as dt
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class MailServer:
    """`answers` replaces what is said to a command, by its first word; `drip` sends it a byte a time."""

    port: int = 0
    ca: Path = Path()
    answers: dict[str, str] = field(default_factory=dict)
    drip: str = ""
    without_tls: bool = False
    mails: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)

    @property
    def trusting(self) -> ssl.SSLContext:
        """What a client needs to trust it."""
        return ssl.create_default_context(cafile=str(self.ca))


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for `localhost` and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "cert.pem", folder / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return public, private


@contextmanager
def mail_server(folder: Path, *, from_start: bool = False) -> Iterator[MailServer]:
    """Listens on a free port of localhost until the block ends."""
    public, private = certificate(folder)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(public, private)
    listener = socket.create_server(("127.0.0.1", 0))
    made = MailServer(listener.getsockname()[1], public)
    thread = threading.Thread(target=_serve, args=(listener, made, tls, from_start), daemon=True)
    thread.start()
    yield made
    # Closing alone does not wake a thread that waits for the next caller.
    with suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


def _serve(listener: socket.socket, server: MailServer, tls: ssl.SSLContext, from_start: bool) -> None:
    while True:
        try:
            line, _ = listener.accept()
        except OSError:
            return
        with suppress(OSError):
            _Talk(server, line, tls).hold(from_start)


class _Talk:
    def __init__(self, server: MailServer, line: socket.socket, tls: ssl.SSLContext) -> None:
        self._server, self._line, self._tls = server, line, tls
        self._encrypted = False

    def hold(self, from_start: bool) -> None:
        try:
            if from_start:
                self._encrypt()
            self._say("greeting", "220 localhost ready")
            while self._answer(self._read()):
                pass
        finally:
            self._line.close()

    def _encrypt(self) -> None:
        self._line = self._tls.wrap_socket(self._line, server_side=True)
        self._encrypted = True

    def _read(self) -> str:
        received = b""
        while not received.endswith(b"\n"):
            piece = self._line.recv(1)
            if not piece:
                raise OSError("gone")
            received += piece
        return received.decode().rstrip("\r\n")

    def _say(self, word: str, usual: str) -> None:
        words = self._server.answers.get(word, usual) + "\r\n"
        if self._server.drip == word:
            for character in words:
                self._line.sendall(character.encode())
                time.sleep(0.1)
        else:
            self._line.sendall(words.encode())

    def _answer(self, command: str) -> bool:
        word = command.split(" ")[0].upper()
        self._server.commands.append(f"{word}{' encrypted' if self._encrypted else ''}")
        if word == "EHLO":
            offers = ["AUTH PLAIN", *([] if self._encrypted or self._server.without_tls else ["STARTTLS"])]
            lines = ["localhost", *offers]
            usual = "\r\n".join(f"250{' ' if line == lines[-1] else '-'}{line}" for line in lines)
            self._say(word, usual)
        elif word == "STARTTLS":
            self._say(word, "220 go on")
            self._encrypt()
        elif word == "AUTH":
            self._server.logins.append(command)
            self._say(word, "235 welcome")
        elif word == "DATA":
            self._take()
        else:
            self._say(word, "221 bye" if word == "QUIT" else "250 fine")
        return word != "QUIT"

    def _take(self) -> None:
        self._say("DATA", "354 go on")
        lines: list[str] = []
        while (line := self._read()) != ".":
            lines.append(line)
        self._say("taken", "250 taken")
        self._server.mails.append("\n".join(lines))

"""A loopback server whose every byte a test decides, to play a broken provider."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Play = Callable[[socket.socket], None]


@dataclass
class RawServer:
    port: int
    # What each connection sent first, one entry per request that came in.
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def reply(
    body: bytes,
    status: str = "200 OK",
    content_type: str = "application/json",
    extra: str = "Connection: close\r\n",
) -> bytes:
    """`extra` are further header lines; the usual one keeps clients off a connection about to end."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


def plain(data: bytes) -> Play:
    """Send this and close."""
    return lambda client: client.sendall(data)


def drip(data: bytes, seconds: float = 0.05) -> Play:
    """One byte at a time."""

    def play(client: socket.socket) -> None:
        for position in range(len(data)):
            client.sendall(data[position : position + 1])
            time.sleep(seconds)

    return play


def silence(client: socket.socket) -> None:
    """Read on until the other side gives up."""
    client.settimeout(10)
    while client.recv(65536):
        pass


@contextmanager
def raw_server(play: Play, *, keep_alive: bool = False, read_first: bool = True) -> Iterator[RawServer]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = RawServer(listener.getsockname()[1])
    done = threading.Event()

    def serve(client: socket.socket) -> None:
        with client:
            while not done.is_set():
                try:
                    if read_first:
                        received = _read_request(client)
                        if not received:
                            return
                        server.requests.append(received)
                    play(client)
                except OSError:
                    return
                if not keep_alive:
                    return

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server.connections += 1
            threading.Thread(target=serve, args=(client,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        done.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _read_request(client: socket.socket) -> bytes:
    """One request with its body as Content-Length counts it."""
    received = b""
    while b"\r\n\r\n" not in received:
        more = client.recv(65536)
        if not more:
            return b""
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        body += client.recv(65536)
    return head + b"\r\n\r\n" + body

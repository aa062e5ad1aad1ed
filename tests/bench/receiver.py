"""A tenant's server in a process of its own: notes every `webhook-id` it is sent, answers 204 after a while."""

import multiprocessing
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path


@dataclass(frozen=True)
class Receiver:
    """Where it listens and what it wrote down."""

    url: str
    log: Path

    def received(self) -> list[str]:
        """The ids in the order of their coming."""
        return self.log.read_text(encoding="ascii").split()


class _Quiet(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A worker killed while it spoke leaves a broken connection; that is what happens here."""


def _serve(log: Path, seconds: float, tell: Connection) -> None:
    file = log.open("a", encoding="ascii")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            # One short write to a file opened for appending arrives whole, whichever thread makes it.
            file.write(self.headers["webhook-id"] + "\n")
            file.flush()
            time.sleep(seconds)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = _Quiet(("127.0.0.1", 0), Handler)
    tell.send(server.server_port)
    server.serve_forever(1)


@contextmanager
def receiver(folder: Path, seconds: float = 0) -> Iterator[Receiver]:
    """A receiver that takes so many seconds for an answer."""
    log = folder / "received.log"
    log.touch()
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(log, seconds, theirs), daemon=True)
    process.start()
    try:
        if not ours.poll(20):
            sys.exit("the receiver did not start")
        yield Receiver(f"http://127.0.0.1:{ours.recv()}/hook", log)
    finally:
        process.kill()
        process.join()

"""HTTP connections that obey one deadline for the whole exchange and notice a reply cut in its headers.

Ordinary socket timeouts start anew with every byte, so a server that drips outlives them. Here every
read is given only the time that is left. A cut inside the headers reads as an empty success in
`http.client`; here it is an error.
"""

import http.client
import io
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_deadline: ContextVar[float] = ContextVar("deadline")


@contextmanager
def deadline_at(moment: float) -> Iterator[None]:
    """Every reply begun inside must be over by this `time.monotonic()`."""
    token = _deadline.set(moment)
    try:
        yield
    finally:
        _deadline.reset(token)


class _TimedRaw(io.RawIOBase):
    """Raw reads from a socket, each limited to what is left of the deadline."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline = deadline
        self._idle = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("deadline passed")
        self._sock.settimeout(left if self._idle is None else min(self._idle, left))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _LineReader(io.BufferedReader):
    """Remembers the last line read, to tell a finished header block from a cut one."""

    last_line = b""

    def readline(self, size: int | None = -1, /) -> bytes:
        self.last_line = super().readline(-1 if size is None else size)
        return self.last_line


class TimedResponse(http.client.HTTPResponse):
    """A response read under the deadline of the surrounding `deadline_at`."""

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp.close()
        self._lines = _LineReader(_TimedRaw(sock, _deadline.get()))
        self.fp = self._lines

    def begin(self) -> None:
        super().begin()
        if self._lines.last_line not in (b"\r\n", b"\n"):
            raise http.client.HTTPException("the reply was cut inside its headers")


class TimedHTTPConnection(HTTPConnection):
    response_class = TimedResponse


class TimedHTTPSConnection(HTTPSConnection):
    response_class = TimedResponse


class TimedHTTPConnectionPool(HTTPConnectionPool):
    ConnectionCls = TimedHTTPConnection


class TimedHTTPSConnectionPool(HTTPSConnectionPool):
    ConnectionCls = TimedHTTPSConnection

"""The connection under a request, for what HTTP servers do not offer: an answer that breaks off anywhere."""

import contextlib
import os
import socket
from pathlib import Path
from typing import Any

# In Linux's struct tcp_info: milliseconds since the last data came.
_LAST_DATA_RECEIVED = slice(52, 56)


def send_and_hang_up(environ: dict[str, Any], data: bytes) -> bool:
    """Send this much of an answer; what the server sends afterwards goes nowhere. False where it can't be done."""
    given = environ.get("werkzeug.socket")
    found = given or _newest(int(environ["SERVER_PORT"]))
    if found is None:
        return False
    with contextlib.suppress(OSError):
        found.sendall(data)
        found.shutdown(socket.SHUT_RDWR)
    if given is None:
        found.close()
    return True


def _newest(port: int) -> socket.socket | None:
    """A second handle on the connection to this port that data came from last: on servers that hide it, ours."""
    ages: dict[int, int] = {}
    for entry in Path("/proc/self/fd").glob("*"):
        with contextlib.suppress(OSError):
            if not str(entry.readlink()).startswith("socket:"):
                continue
            with _handle(int(entry.name)) as handle:
                if handle.family in (socket.AF_INET, socket.AF_INET6) and handle.getsockname()[1] == port:
                    ages[int(entry.name)] = _age(handle)
    return _handle(min(ages, key=ages.__getitem__)) if ages else None


def _age(handle: socket.socket) -> int:
    """OSError for a listening socket."""
    handle.getpeername()
    info = handle.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_DATA_RECEIVED.stop)
    return int.from_bytes(info[_LAST_DATA_RECEIVED], "little")


def _handle(number: int) -> socket.socket:
    return socket.socket(fileno=os.dup(number))

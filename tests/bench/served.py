"""The app as it is served in production, on a free port, and what its processes spend."""

import base64
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.settings import APP_URL

ROOT = Path(__file__).parents[2]
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Served:
    """A running server."""

    port: int
    group: int

    def cpu_seconds(self) -> float:
        """Processor time of all its processes so far, user and system."""
        total = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
                if int(fields[2]) == self.group:
                    total += int(fields[11]) + int(fields[12])
        return total / TICKS


def environment(database_url: str) -> dict[str, str]:
    """The same installation as `make_settings` makes, for another process."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PREFILL_")},
        "PREFILL_ENVIRONMENT": "test",
        "PREFILL_APP_URL": APP_URL,
        "PREFILL_DATABASE_URL": database_url,
        "PREFILL_ROOT_KEYS": base64.b64encode(b"k" * 32).decode(),
        "PREFILL_HASH_KEY": base64.b64encode(b"h" * 32).decode(),
        "PREFILL_LOG_LEVEL": "ERROR",
        # One address asks for the same page again and again, which is the point here.
        "PREFILL_LIMIT_SCALE": "1000",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(target: str, database_url: str, workers: int, threads: int, **more: str) -> Iterator[Served]:
    """Granian with so many worker processes of so many threads, and these settings; gone at the end."""
    port = _free_port()
    size = ("--workers", str(workers), "--blocking-threads", str(threads))
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--log-level", "error", "--host", "127.0.0.1"]
    process = subprocess.Popen(
        [*command, "--port", str(port), *size, target],
        cwd=ROOT,
        env={**environment(database_url), **more},
        start_new_session=True,
    )
    try:
        _wait(port, process)
        yield Served(port, process.pid)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError("the server did not start")

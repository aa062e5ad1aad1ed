"""Child processes that start, speak and stop together."""

import contextlib
import ctypes
import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from app.run.error import RunError

START_SECONDS = 60.0
STOP_SECONDS = 10.0
PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Child:
    """One program. `ready_url` answers 200 once it serves; a program without one is ready when it runs."""

    name: str
    command: Sequence[str]
    ready_url: str | None = None


class Children:
    """The running programs; leaving the `with` block stops every one of them."""

    def __init__(self, children: Sequence[Child], folder: Path, environment: Mapping[str, str]) -> None:
        self._children = children
        self._folder = folder
        self._environment = environment
        self._running: dict[Child, subprocess.Popen[str]] = {}
        self._speakers: list[threading.Thread] = []

    def __enter__(self) -> "Children":
        try:
            for child in self._children:
                self._running[child] = self._start(child)
        except BaseException:
            self.stop()
            raise
        width = max(len(child.name) for child in self._children)
        for child, process in self._running.items():
            speaker = threading.Thread(target=_repeat, args=(child.name.ljust(width), process.stdout), daemon=True)
            speaker.start()
            self._speakers.append(speaker)
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def _start(self, child: Child) -> subprocess.Popen[str]:
        # A session of its own: Ctrl-C reaches us alone, and we stop the others in order.
        return subprocess.Popen(
            child.command,
            cwd=self._folder,
            env=dict(self._environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            # Safe here: no thread of ours runs before the last program has started.
            preexec_fn=_die_with_parent,
        )

    def wait_until_ready(self, seconds: float = START_SECONDS) -> None:
        """Returns when every program with a `ready_url` has answered.

        Raises:
            RunError: one ended or stayed silent; the sentence names it.
        """
        deadline = time.monotonic() + seconds
        waiting = [child for child in self._children if child.ready_url]
        while waiting:
            self._require_alive()
            waiting = [child for child in waiting if not _answers(child.ready_url or "")]
            if waiting and time.monotonic() > deadline:
                raise RunError(f"{waiting[0].name} did not answer at {waiting[0].ready_url} in {seconds:.0f} s.")
            time.sleep(0.05 if waiting else 0)
        self._require_alive()

    def watch(self) -> None:
        """Runs until a program ends.

        Raises:
            RunError: it names the program.
        """
        while True:
            self._require_alive()
            time.sleep(0.2)

    def _require_alive(self) -> None:
        for child, process in self._running.items():
            code = process.poll()
            if code is not None:
                raise RunError(f"{child.name} ended by itself ({_ending(code)}), so everything stops. See above.")

    def stop(self) -> None:
        """Asks each program to finish, and ends what is left of it after ten seconds."""
        for process in self._running.values():
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            _end_group(process.pid)
            process.wait()
        for speaker in self._speakers:
            speaker.join(1.0)


def _end_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _die_with_parent() -> None:
    """In the child, before its program: Linux ends it when we are killed without a chance to stop it."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _repeat(name: str, output: IO[str]) -> None:
    with output:
        for line in output:
            print(f"{name} | {line.rstrip()}", flush=True)


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=2)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()

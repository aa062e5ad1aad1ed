"""Children start, speak and stop together: tried with tiny real programs."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.run.error import RunError
from app.run.processes import Child, Children

ROOT = Path(__file__).resolve().parents[2]
SLEEPER = "import time; print('here', flush=True); time.sleep(60)"
# Ignores the polite signal and has a child of its own, as a server with worker processes may.
STUBBORN = (
    "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "inner = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print('inner', inner.pid, flush=True); time.sleep(60)"
)
SERVER = (
    "import http.server, sys; handler = http.server.SimpleHTTPRequestHandler;"
    "http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), handler).serve_forever()"
)


def _python(name: str, code: str, *arguments: str, ready_url: str | None = None) -> Child:
    return Child(name, (sys.executable, "-c", code, *arguments), ready_url)


def _children(*children: Child) -> Children:
    return Children(children, ROOT, os.environ)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _alive(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def _wait_for(text: str, capsys: pytest.CaptureFixture[str]) -> str:
    heard = ""
    deadline = time.monotonic() + 10
    while text not in heard:
        assert time.monotonic() < deadline, heard
        time.sleep(0.02)
        heard += capsys.readouterr().out
    return heard


def test_ready_means_that_it_answers(capsys: pytest.CaptureFixture[str]) -> None:
    port = _free_port()
    server = _python("web", SERVER, str(port), ready_url=f"http://127.0.0.1:{port}/")
    with _children(server) as children:
        children.wait_until_ready()
        socket.create_connection(("127.0.0.1", port)).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_each_line_carries_the_name_of_who_said_it(capsys: pytest.CaptureFixture[str]) -> None:
    with _children(_python("app", SLEEPER), _python("worker", SLEEPER)):
        heard = _wait_for("worker | here", capsys)
        if "app    | here" not in heard:
            _wait_for("app    | here", capsys)


def test_one_that_stays_silent_is_named() -> None:
    silent = _python("emulators", SLEEPER, ready_url=f"http://127.0.0.1:{_free_port()}/")
    with pytest.raises(RunError, match="emulators did not answer"), _children(silent) as children:
        children.wait_until_ready(seconds=0.3)


def test_one_that_ends_is_named_and_the_others_stop(capsys: pytest.CaptureFixture[str]) -> None:
    teller = "import os, time; print('pid', os.getpid(), flush=True); time.sleep(60)"
    failing = _python("worker", "import sys; print('last words'); sys.exit(3)")
    ended = pytest.raises(RunError, match=r"worker ended by itself \(exit code 3\)")
    with ended, _children(_python("app", teller), failing) as children:
        heard = _wait_for("pid", capsys)
        children.watch()
    assert "worker | last words" in heard + capsys.readouterr().out
    assert not _alive(int(heard.partition("pid")[2].split()[0]))


def test_each_is_asked_to_finish_before_it_is_ended(capsys: pytest.CaptureFixture[str]) -> None:
    polite = (
        "import signal, sys, time; end = lambda *_: sys.exit(print('finished', flush=True));"
        "signal.signal(signal.SIGTERM, end); print('here', flush=True); time.sleep(60)"
    )
    with _children(_python("worker", polite)):
        _wait_for("here", capsys)
    assert "worker | finished" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_stubborn_one_goes_with_its_own_children(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.run.processes.STOP_SECONDS", 0.2)
    with _children(_python("app", STUBBORN)):
        inner = int(_wait_for("inner", capsys).partition("inner")[2].split()[0])
        assert _alive(inner)
        asked = time.monotonic()
    assert not _alive(inner)
    assert time.monotonic() - asked < 5


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with a killed parent")
def test_children_go_when_the_parent_is_killed() -> None:
    teller = "import os, time; print('pid', os.getpid(), flush=True); time.sleep(60)"
    parent = (
        "import os, pathlib, sys; from app.run.processes import Child, Children\n"
        f"child = Child('app', (sys.executable, '-c', {teller!r}))\n"
        "with Children([child], pathlib.Path('.'), os.environ) as children: children.watch()"
    )
    with subprocess.Popen([sys.executable, "-c", parent], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        orphan = int(process.stdout.readline().split()[-1])
        process.send_signal(signal.SIGKILL)
        process.wait()
    deadline = time.monotonic() + 5
    while _alive(orphan):
        assert time.monotonic() < deadline
        time.sleep(0.02)

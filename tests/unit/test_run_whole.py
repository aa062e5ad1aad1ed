"""`python -m app.run` from start to stop, on a project of a few lines that has the same commands."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("PREFILL_PORT", "EMULATOR_PORT", "DEMO_TENANT_PORT")
WSGI = """
import json, os, time
import click
from flask import Flask

app = Flask("stand_in")
db, demo = click.Group("db"), click.Group("demo")
app.cli.add_command(db)
app.cli.add_command(demo)

@app.get("/")
@app.get("/healthz")
def healthz():
    return os.environ["PREFILL_APP_URL"]

@db.command()
def upgrade():
    if os.environ.get("BROKEN"):
        raise SystemExit("no such column")

@demo.command()
@click.option("--output")
def seed(output):
    person = dict(name="Jane Doe", phone_number="+14155550011", date_of_birth="1975-01-18", code="123456")
    with open(output, "w") as file:
        json.dump({"personas": [person]}, file)

@app.cli.command()
def worker():
    print("working", flush=True)
    time.sleep(60)
"""
RUN = (
    "import pathlib, sys; from app.run import __main__ as run;"
    "run.ROOT = pathlib.Path(sys.argv[1]); run.INSTANCE = run.ROOT / 'instance'; sys.exit(run.main())"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "wsgi.py").write_text(WSGI)
    for name in ("emulators", "demo_tenant"):
        package = tmp_path / "app" / name
        package.mkdir(parents=True)
        (package / "wsgi.py").write_text("from wsgi import app\n")
    return tmp_path


def _free_ports() -> dict[str, str]:
    probes = [socket.socket() for _ in NAMES]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = {name: str(probe.getsockname()[1]) for name, probe in zip(NAMES, probes, strict=True)}
    for probe in probes:
        probe.close()
    return ports


def _start(project: Path, ports: dict[str, str], **more: str) -> subprocess.Popen[str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("PREFILL_", "EMULATOR_"))}
    command = [sys.executable, "-c", RUN, str(project)]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=outside | ports | more,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _lines_until(process: subprocess.Popen[str], text: str) -> Iterator[str]:
    assert process.stdout is not None
    for line in process.stdout:
        yield line
        if text in line:
            return
    pytest.fail(f"ended before it said {text!r}")


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_starts_says_what_to_type_and_stops_when_asked(project: Path, asked: signal.Signals) -> None:
    ports = _free_ports()
    with _start(project, ports) as process:
        said = "".join(_lines_until(process, "Ctrl-C stops everything"))
        app, emulators, tenant = (ports[name] for name in NAMES)
        for expected in (
            f"http://localhost:{app}",
            f"http://127.0.0.1:{emulators}",
            f"http://127.0.0.1:{tenant}",
            "+14155550011",
            "1975-01-18",
            "123456",
        ):
            assert expected in said
        answer = requests.get(f"http://localhost:{app}/", timeout=5)
        assert answer.text == f"http://localhost:{app}"
        process.send_signal(asked)
        rest, _ = process.communicate(timeout=20)
    assert "Stopped." in rest
    assert process.returncode == 0
    for port in ports.values():
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(port)))
    assert json.loads((project / "instance" / "demo.json").read_text())["personas"]


def test_a_database_that_cannot_be_prepared_says_why(project: Path) -> None:
    with _start(project, _free_ports(), BROKEN="yes") as process:
        said, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "no such column" in said
    assert "`flask db upgrade` failed; see above." in said


def test_a_busy_port_stops_it_before_anything_is_written(project: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = str(listener.getsockname()[1])
        with _start(project, _free_ports() | {"DEMO_TENANT_PORT": port}) as process:
            said, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"Port {port}, for the demo tenant, is already in use" in said
    assert not (project / "instance").exists()

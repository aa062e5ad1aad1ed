"""Migrate, seed, start, watch, stop."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from app.run.addresses import Address, Addresses, addresses_from, require_free
from app.run.environment import DEMO_FILE, development_environment
from app.run.error import RunError
from app.run.greeting import greeting
from app.run.processes import Child, Children

ROOT = Path(__file__).resolve().parents[2]
INSTANCE = ROOT / "instance"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRANIAN = (sys.executable, "-m", "granian", "--interface", "wsgi", "--log-level", "error")
FLASK = (sys.executable, "-m", "flask", "--app", "wsgi")


def main() -> int:
    """Exit code: 0 when asked to stop, 1 when something was wrong."""
    for number in SIGNALS:
        signal.signal(number, _stop)
    try:
        _run()
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)
        return 0
    except RunError as problem:
        print(problem, file=sys.stderr, flush=True)
        return 1
    return 0


def _stop(_number: int, _frame: FrameType | None) -> None:
    # Once is enough: a second one would interrupt the stopping and leave programs behind.
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _run() -> None:
    addresses = addresses_from(os.environ)
    require_free(addresses)
    environment = development_environment(INSTANCE, addresses, os.environ)
    print("Preparing the database", flush=True)
    _flask(environment, "db", "upgrade")
    _flask(environment, "demo", "seed", "--output", str(INSTANCE / DEMO_FILE))
    print("Starting", flush=True)
    with Children(_children(addresses), ROOT, environment) as children:
        children.wait_until_ready()
        demo = json.loads((INSTANCE / DEMO_FILE).read_text(encoding="utf-8"))
        print(greeting(addresses, demo), flush=True)
        children.watch()


def _flask(environment: Mapping[str, str], *arguments: str) -> None:
    """One command to its end; its output is of interest only when it fails."""
    command = (*FLASK, *arguments)
    done = subprocess.run(command, cwd=ROOT, env=dict(environment), text=True, check=False, capture_output=True)
    if done.returncode != 0:
        raise RunError(f"{done.stdout}{done.stderr}`flask {' '.join(arguments)}` failed; see above.")


def _children(addresses: Addresses) -> list[Child]:
    return [
        _web("app", "wsgi:app", addresses.app, 512, "/healthz"),
        _web("emulators", "app.emulators.wsgi:app", addresses.emulators, 512, "/"),
        _web("tenant", "app.demo_tenant.wsgi:app", addresses.tenant, 16, "/healthz"),
        Child("worker", (*FLASK, "worker")),
    ]


def _web(name: str, target: str, address: Address, threads: int, ready_path: str) -> Child:
    where = ("--host", "127.0.0.1", "--port", str(address.port))
    size = ("--workers", "1", "--blocking-threads", str(threads))
    command = (*GRANIAN, *where, *size, target)
    return Child(name, command, f"http://127.0.0.1:{address.port}{ready_path}")


if __name__ == "__main__":
    sys.exit(main())

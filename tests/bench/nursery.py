"""Worker processes in a hurry: everything is imported once, each worker is a fork of that.

`python -m tests.bench.nursery PLAN` takes lines: `start` answers a process id, `kill ID` and `stop ID` answer with the
milliseconds of processor time it spent, when the process is gone. Killing is `kill -9`, stopping is SIGTERM.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from tests.support.worker_process import Plan

ROOT = Path(__file__).parents[2]


class Nursery:
    """The other end of those lines."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def _ask(self, line: str) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def start(self) -> int:
        """A new worker."""
        return self._ask("start")

    def kill(self, worker: int) -> None:
        """End it in the middle of whatever it does."""
        self._ask(f"kill {worker}")

    def stop(self, worker: int) -> int:
        """Let it finish; the processor time it spent in ms."""
        return self._ask(f"stop {worker}")


@contextmanager
def nursery(plan: Plan) -> Iterator[Nursery]:
    """A place to start and kill workers from."""
    command = [sys.executable, "-m", "tests.bench.nursery", json.dumps(asdict(plan))]
    process = subprocess.Popen(
        command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        yield Nursery(process)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _serve(plan: Plan) -> None:
    # Nothing is connected before the fork; imported late, so that the asking side stays small.
    from app.cli import run_worker
    from tests.support.worker_process import make_worker

    worker = make_worker(plan, spoken=False)
    for line in sys.stdin:
        word, _, number = line.strip().partition(" ")
        if word == "start":
            child = os.fork()
            if child == 0:
                run_worker(worker)
                os._exit(0)
            print(child, flush=True)
            continue
        os.kill(int(number), signal.SIGKILL if word == "kill" else signal.SIGTERM)
        _, _, used = os.wait4(int(number), 0)
        print(round((used.ru_utime + used.ru_stime) * 1000), flush=True)


if __name__ == "__main__":
    _serve(Plan(**json.loads(sys.argv[1])))

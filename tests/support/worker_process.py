"""A worker in a process of its own, for tests that stop or kill it: `python -m tests.support.worker_process`.

Its only argument is a `Plan` in JSON. Jobs of kind `slow` take `slow_seconds` and leave files named by the payload.
With `acknowledge_first` callbacks are recorded as done before they are sent: the mistake that a kill must reveal.
"""

import datetime as dt
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from app import create_app
from app.cli import run_worker
from app.domain.handlers import HANDLERS, Handler
from app.domain.jobs import LEASE, ClaimedJob, finish
from app.domain.services import Services
from app.worker import Worker
from tests.support.settings import make_settings


@dataclass(frozen=True)
class Plan:
    """How the worker behaves."""

    database_url: str
    threads: int = 4
    lease_seconds: float = LEASE.total_seconds()
    slow_seconds: float = 1.0
    acknowledge_first: bool = False


class SpokenWorker(Worker):
    """Says when it begins, which is after the signals are set up, and when it has ended."""

    def run(self) -> None:
        print("ready", flush=True)
        super().run()
        print("ended", flush=True)


def make_worker(plan: Plan, *, spoken: bool = True) -> Worker:
    """The product's worker; only what the plan says is different."""
    services: Services = create_app(make_settings(plan.database_url)).extensions["services"]

    def slow(_services: Services, job: ClaimedJob) -> None:
        Path(job.payload["started"]).touch()
        time.sleep(plan.slow_seconds)
        Path(job.payload["finished"]).touch()

    handlers: dict[str, Handler] = {**HANDLERS, "slow": slow}
    if plan.acknowledge_first:
        handlers["callback.deliver"] = _acknowledged_first(handlers["callback.deliver"])
    kind = SpokenWorker if spoken else Worker
    return kind(services, plan.threads, handlers, lease=dt.timedelta(seconds=plan.lease_seconds))


def _acknowledged_first(handler: Handler) -> Handler:
    def work(services: Services, job: ClaimedJob) -> bool | None:
        with services.database.session() as session:
            finish(session, job)
        return handler(services, job)

    return work


if __name__ == "__main__":
    run_worker(make_worker(Plan(**json.loads(sys.argv[1]))))

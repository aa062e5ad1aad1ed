"""The worker: claim, do, record. Any number may run; one finishes what it holds when told to stop."""

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

from app.domain.handlers import HANDLERS, Handler
from app.domain.jobs import LEASE, ClaimedJob, Retry, claim, finish, give_up_lost, renew, try_again
from app.domain.services import Services
from app.domain.upkeep import sweep
from app.logs import describe

log = logging.getLogger("app.worker")

IDLE_SECONDS = 0.25
SWEEP_SECONDS = 3600.0
# What waits on a tenant's server; it leaves a quarter of the threads to the work that consumers wait for.
PATIENT = frozenset({"callback.deliver"})


class Worker:
    """Works jobs in `threads` threads until `stop` is called."""

    def __init__(
        self,
        services: Services,
        threads: int,
        handlers: Mapping[str, Handler] = HANDLERS,
        *,
        lease: dt.timedelta = LEASE,
    ) -> None:
        self._services = services
        self._threads = threads
        self._patient_threads = max(1, threads * 3 // 4)
        self._handlers = handlers
        self._lease = lease
        self._stopping = False
        self._freed = threading.Event()
        self._running: dict[Future[None], ClaimedJob] = {}
        self._next_sweep = self._next_renewal = 0.0

    def stop(self) -> None:
        """Claim nothing more; what is under way is finished. Takes no lock, so a signal handler may call it."""
        self._stopping = True

    def run(self) -> None:
        """Work until stopped, then until what is under way is done."""
        with ThreadPoolExecutor(self._threads, thread_name_prefix="job") as pool:
            while not self._stopping:
                self._keep_up()
                if not self._in_peace(lambda: self._claim_some(pool)):
                    self._rest()
            while self._under_way():
                self._keep_up()
                self._rest()

    def run_due(self) -> int:
        """Work everything that is due, in this thread, and return how many jobs that were (tests, one-off commands)."""
        count = 0
        while True:
            with self._services.database.session() as session:
                jobs = claim(session, 20, lease=self._lease)
            if not jobs:
                return count
            for job in jobs:
                self.work(job)
                count += 1

    def _rest(self) -> None:
        """Until a job is done, or a moment has passed."""
        self._freed.wait(IDLE_SECONDS)
        self._freed.clear()

    def _keep_up(self) -> None:
        now = time.monotonic()
        if now >= self._next_renewal:
            self._next_renewal = now + self._lease.total_seconds() / 3
            self._in_peace(self._renew_leases)
        if now >= self._next_sweep and not self._stopping:
            self._next_sweep = now + SWEEP_SECONDS
            self._in_peace(self._sweep)

    def _in_peace(self, step: Callable[[], bool]) -> bool:
        """A database that is away for a while stops no worker."""
        try:
            return step()
        except Exception as error:  # noqa: BLE001 - the loop must outlive every fault
            log.warning("worker step failed: %s", describe(error))
            return False

    def _under_way(self) -> list[ClaimedJob]:
        self._running = {future: job for future, job in self._running.items() if not future.done()}
        return list(self._running.values())

    def _claim_some(self, pool: ThreadPoolExecutor) -> bool:
        """Claim for the free threads; whether more may be due."""
        held = self._under_way()
        room = self._threads - len(held)
        patient = self._patient_threads - sum(job.kind in PATIENT for job in held)
        limit = min(room, patient) if patient > 0 else room
        if limit <= 0:
            return False
        with self._services.database.session() as session:
            jobs = claim(session, limit, without=() if patient > 0 else PATIENT, lease=self._lease)
        for job in jobs:
            future = pool.submit(self._work_in_peace, job)
            self._running[future] = job
            future.add_done_callback(lambda _: self._freed.set())
        return len(jobs) == limit

    def _renew_leases(self) -> bool:
        held = self._under_way()
        with self._services.database.session() as session:
            for job in held:
                renew(session, job, lease=self._lease)
            for lost in give_up_lost(session):
                log.error("job %s %s was given up: no worker survived it", lost.kind, lost.id)
        return True

    def _sweep(self) -> bool:
        with self._services.database.session() as session:
            sweep(session)
        return True

    def _work_in_peace(self, job: ClaimedJob) -> None:
        """What cannot be recorded now is done again when the lease has run out."""
        try:
            self.work(job)
        except Exception as error:  # noqa: BLE001 - nobody reads the future of a job
            log.warning("job %s %s was not recorded: %s", job.kind, job.id, describe(error))

    def work(self, job: ClaimedJob) -> None:
        """Do one job and record how it ended."""
        try:
            recorded = self._handlers[job.kind](self._services, job)
        except Retry as retry:
            self._record(job, str(retry), retry.after)
        except Exception as error:  # noqa: BLE001 - one job's fault must not stop the others
            # The type alone: a message may quote data.
            log.error("job %s %s failed: %s", job.kind, job.id, describe(error))
            self._record(job, type(error).__name__, None)
        else:
            if not recorded:
                with self._services.database.session() as session:
                    finish(session, job)

    def _record(self, job: ClaimedJob, error: str, after: float | None) -> None:
        with self._services.database.session() as session:
            try_again(session, job, error, after)

"""Faults for a site that is at work: each is made, lasts for a while, and is over when its function
returns. What it waits for is work that others do meanwhile, never a time."""

import os
import random
import resource
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from . import environment
from .process import Process
from .site import CELERY, Site
from .waiting import until

LIBFAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
MINUTES_AHEAD = 5


@dataclass
class Storm:
    """`progress` counts what is done, `submitted` what was handed over; the second worker has a
    clock of its own where that can be had."""

    site: Site
    second: Process
    progress: Callable[[], int]
    submitted: Callable[[], int]

    def faults(self) -> list[Callable[[], None]]:
        found = [
            self.a_child_of_the_worker_is_killed,
            self.a_worker_is_killed,
            self.beat_is_killed,
            self.web_is_killed,
            self.redis_is_emptied,
            self.redis_comes_back_empty,
            self.redis_is_frozen,
            self.the_database_hangs_up,
            self.two_workers_get_the_same_messages,
            self.a_worker_is_frozen_beyond_its_lease,
        ]
        if not environment.database_url():
            found.append(self.the_disk_is_full)
        return found

    def some_more_are_done(self, jobs: int = 5) -> None:
        """The site is at work: jobs have ended since, or there are none to be done now."""
        goal = self.progress() + jobs
        until(lambda: self.progress() >= min(goal, self.submitted()), 120, "jobs go on")

    def a_child_of_the_worker_is_killed(self) -> None:
        children = [
            child
            for child in psutil.Process(self.site.worker.pid).children()
            if "sweep" not in child.cmdline()
        ]
        os.kill(random.choice(children).pid, signal.SIGKILL)

    def a_worker_is_killed(self) -> None:
        self.site.worker.kill()
        self.site.worker.start()

    def beat_is_killed(self) -> None:
        self.site.beat.kill()
        self.site.beat.start()

    def web_is_killed(self) -> None:
        self.site.web.kill()
        self.site.web.start()

    def redis_is_emptied(self) -> None:
        self.site.redis_cli("FLUSHALL")

    def redis_comes_back_empty(self) -> None:
        self.site.redis.kill()
        self.site.redis.start()
        self.site.redis_cli("FLUSHALL")

    def redis_is_frozen(self) -> None:
        """Until somebody has noticed."""
        before = len(self.site.log("worker")) + len(self.site.log("web"))
        with frozen([self.site.redis.pid]):
            until(
                lambda: len(self.site.log("worker")) + len(self.site.log("web")) > before,
                60,
                "somebody has noticed that Redis does not answer",
            )

    def the_database_hangs_up(self) -> None:
        """On PostgreSQL: on everybody at once. On SQLite somebody else writes for as long as a few
        more would need."""
        if environment.database_url():
            self.site.ask(
                "from django.db import connection\n"
                "with connection.cursor() as cursor:\n"
                "    cursor.execute('SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()')\n"
                "result = None\n"
            )
            self.site.quiet()
            return
        self.site.ask(
            "import time\n"
            "from django.db import transaction\n"
            "with transaction.atomic():\n"
            "    User.objects.update(last_name='x')\n"
            "    until = time.monotonic() + 1\n"
            "    while time.monotonic() < until: pass\n"
            "result = None\n"
        )

    def two_workers_get_the_same_messages(self) -> None:
        """Of everything that waits or runs, twice."""
        self.site.ask(
            "from jobs import tasks\n"
            "from jobs.models import Job\n"
            "jobs = list(Job.objects.filter(state__in=['queued', 'running'])[:200])\n"
            "for _ in range(2):\n"
            "    tasks.ring(jobs) if jobs else None\n"
            "result = None\n"
        )

    def a_worker_is_frozen_beyond_its_lease(self) -> None:
        """All its processes, until the others have taken its jobs over. Not in the middle of a
        transaction on SQLite: who is frozen then keeps everybody from writing, for as long."""
        mine = [process.pid for process in self.second.tree()]
        with frozen(mine):
            while not self._can_be_written():
                with thawed(mine):
                    self.some_more_are_done(1)
            until(
                lambda: self.site.ask(
                    "from jobs.models import Worker\n"
                    "from rooms.database import clock\n"
                    f"rows = Worker.objects.filter(pid__in={mine!r}, ended_at=None)\n"
                    "result = not rows.filter(lease_expires_at__gt=clock.now()).exists()\n"
                ),
                60,
                "its lease is over",
            )
            self.some_more_are_done()

    def _can_be_written(self) -> bool:
        if environment.database_url():
            return True
        with closing(sqlite3.connect(self.site.folder / "db.sqlite3", timeout=0.5)) as database:
            try:
                database.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            return True

    def the_disk_is_full(self) -> None:
        """No file of the site can grow any more, until that was noticed."""
        everybody = [
            each.pid
            for process in (self.site.web, self.site.worker, self.second)
            for each in process.tree()
        ]
        files = [file for file in self.site.folder.iterdir() if file.suffix.startswith(".sqlite3")]
        before = len(self.site.log("worker")) + len(self.site.log("web"))
        most = max(file.stat().st_size for file in files)
        with no_file_beyond(most, everybody):
            until(
                lambda: len(self.site.log("worker")) + len(self.site.log("web")) > before,
                60,
                "somebody has met the full disk",
            )


@contextmanager
def frozen(processes: list[int]) -> Iterator[None]:
    stop(processes)
    try:
        yield
    finally:
        tell(processes, signal.SIGCONT)


@contextmanager
def thawed(processes: list[int]) -> Iterator[None]:
    tell(processes, signal.SIGCONT)
    try:
        yield
    finally:
        stop(processes)


def stop(processes: list[int]) -> None:
    """Until each thread stands still: what it has begun of the system, as the taking of a lock, it
    ends first, and on a busy machine that may be a moment later."""
    tell(processes, signal.SIGSTOP)
    until(lambda: all(map(stands_still, processes)), what="all of them stand still")


def stands_still(process: int) -> bool:
    states = []
    for thread in Path(f"/proc/{process}/task").glob("*/stat"):
        with suppress(OSError):
            states.append(thread.read_text().rpartition(")")[2].split()[0])
    return all(state in "TtZX" for state in states)


def tell(processes: list[int], what: signal.Signals) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, what)


@contextmanager
def no_file_beyond(size: int, processes: list[int]) -> Iterator[None]:
    """Whoever writes beyond it is told that it cannot be."""
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in processes}
    for pid, (_, hard) in before.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        for pid, limits in before.items():
            if psutil.pid_exists(pid):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def second_worker(site: Site) -> Process:
    """One whose clock goes before everybody else's by minutes, where libfaketime is installed. Not
    with SQLite, which runs in each process: all of them are on one machine, which has one clock."""
    env = dict(site.env)
    if LIBFAKETIME and environment.database_url():
        env |= {
            "LD_PRELOAD": str(LIBFAKETIME[0]),
            "FAKETIME": f"+{MINUTES_AHEAD}m",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
    worker = Process(
        "worker2",
        [*CELERY, "worker", "--loglevel", "INFO", "--concurrency=2", "-n", "second@%h"]
        + ["--without-gossip", "--without-mingle"],
        env,
        site.folder / "worker2.log",
        site._guard,
        lambda process: "worker is ready." in process.log(),
    )
    site.processes["worker2"] = worker
    return worker

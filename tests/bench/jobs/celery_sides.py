"""Bare Celery, and Celery that keeps its results in a Django database: the same pools, the same
kind of Redis on the same kind of socket."""

import os
import sqlite3
import sys
from contextlib import ExitStack, closing
from datetime import datetime

import psycopg
import redis

from tests.bench.peers.servers import Ground
from tests.support import environment, postgres
from tests.support.process import Process

from . import trace
from .sides import Pool, Side, tell

RESULTS = "SELECT date_done FROM django_celery_results_taskresult WHERE status = 'SUCCESS'"


class Peer(Side):
    """With a folder and a Redis of its own."""

    def __init__(self, until_the_end: ExitStack) -> None:
        self.ground = Ground()
        until_the_end.callback(self.ground.close)
        self.redis_url = self.ground.start_redis()
        self.trace = self.ground.folder / "trace"
        self.env = {"BENCH_TRACE": str(self.trace), "BENCH_REDIS": self.redis_url}

    def process(self, command: list[str], ready: str = "ready") -> Process:
        """Of the worker, which says that it is ready by this word."""
        worker = Process(
            "worker",
            [sys.executable, *command],
            {**environment.clean(), "PYTHONPATH": str(environment.ROOT), **self.env},
            self.ground.folder / "worker.log",
            self.ground.guard,
            lambda process: ready in process.log(),
        )
        self.ground.processes.append(worker)
        return worker

    def ends(self) -> list[float]:
        return trace.ends(self.trace)

    def clear(self) -> None:
        self.trace.unlink(missing_ok=True)
        with redis.Redis.from_url(self.redis_url) as client:
            client.flushall()


class BareCelery(Peer):
    title = "Celery, no results"
    keeps = "nothing: a message in Redis until a worker takes it"
    module = "tests.bench.peers.celery_tasks"

    def __init__(self, until_the_end: ExitStack) -> None:
        super().__init__(until_the_end)
        self.env["BENCH_BROKER"] = f"redis+socket://{self.ground.redis_socket}"

    def submit(self, way: str, count: int) -> float:
        return count / float(tell(self.module, ["nothing", str(count)], self.env)["seconds"])

    def submit_sleeps(self, count: int, seconds: float) -> float:
        return float(tell(self.module, ["sleep", str(count), str(seconds)], self.env)["began"])

    def worker(self, pool: Pool) -> Process:
        command = ["-m", "celery", "-A", self.module, "worker", "--pool", pool.name]
        command += [f"--concurrency={pool.slots}", "--without-gossip", "--without-mingle"]
        return self.process(command)


class CeleryWithResults(BareCelery):
    keeps = "state and result of each task, in the database, from its end on"
    module = "tests.bench.peers.celery_results"
    packages = ("django_celery_results",)

    def __init__(self, until_the_end: ExitStack) -> None:
        super().__init__(until_the_end)
        url = environment.database_url()
        self.title = f"Celery, django-celery-results, {'PostgreSQL' if url else 'SQLite'}"
        name = f"results_{os.getpid()}"
        self.database = postgres.create(url, name) if url else str(self.ground.folder / "db")
        self.env["BENCH_DATABASE"] = self.database
        tell(self.module, ["migrate"], self.env)

    def ends(self) -> list[float]:
        return sorted(at.timestamp() for at in self._execute(RESULTS))

    def clear(self) -> None:
        super().clear()
        self._execute("DELETE FROM django_celery_results_taskresult")

    def _execute(self, statement: str) -> list[datetime]:
        if "://" in self.database:
            with psycopg.connect(self.database, autocommit=True) as connection:
                cursor = connection.execute(statement)
                return [at for (at,) in cursor] if cursor.description else []
        with closing(sqlite3.connect(self.database, timeout=20)) as connection:
            rows = connection.execute(statement).fetchall()
            connection.commit()
        return [datetime.fromisoformat(f"{at}+00:00") for (at,) in rows]

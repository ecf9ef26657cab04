"""Dramatiq, procrastinate, and a queue within FastAPI's process."""

import json
import os
import sqlite3
from contextlib import ExitStack, closing

import psycopg

from tests.bench.driver import LoadFailed
from tests.support import environment, postgres
from tests.support.process import Process

from .celery_sides import Peer
from .parley import CLIENTS
from .sides import THREADS, Pool, rate, tell, wait_for


class Dramatiq(Peer):
    title = "Dramatiq"
    keeps = "nothing: a message in Redis until it is done"
    module = "tests.bench.peers.dramatiq_tasks"
    packages = ("dramatiq",)

    def submit(self, way: str, count: int) -> float:
        return count / float(tell(self.module, ["nothing", str(count)], self.env)["seconds"])

    def worker(self, pool: Pool) -> Process:
        processes, threads = (1, pool.slots) if pool.name == THREADS.name else (pool.slots, 1)
        command = ["-m", "dramatiq", self.module, "--processes", str(processes)]
        return self.process([*command, "--threads", str(threads)])


class Procrastinate(Peer):
    title = "procrastinate, PostgreSQL"
    keeps = "the job and what became of it, in the database, before anybody hears of it"
    module = "tests.bench.peers.procrastinate_tasks"
    packages = ("procrastinate",)
    ways = ("batch", "loop")

    def __init__(self, until_the_end: ExitStack) -> None:
        super().__init__(until_the_end)
        name = f"procrastinate_{os.getpid()}"
        self.database = postgres.create(environment.database_url(), name)
        # As psycopg knows it.
        self.env["BENCH_DATABASE"] = self.database
        tell(self.module, ["migrate"], self.env)

    def submit(self, way: str, count: int) -> float:
        if way == "batch":
            calls = count // 100
            return (
                calls * 100 / float(tell(self.module, ["batch", str(calls)], self.env)["seconds"])
            )
        return count / float(tell(self.module, ["nothing", str(count)], self.env)["seconds"])

    def worker(self, pool: Pool) -> Process:
        processes, at_once = (1, pool.slots) if pool.name == THREADS.name else (pool.slots, 1)
        return self.process(["-m", self.module, "work", str(processes), str(at_once)])

    def ends(self) -> list[float]:
        with psycopg.connect(self.database) as connection:
            found = connection.execute(
                "SELECT at FROM procrastinate_events WHERE type = 'succeeded' ORDER BY at"
            )
            return [at.timestamp() for (at,) in found]

    def clear(self) -> None:
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute("TRUNCATE procrastinate_jobs CASCADE")


class QueueInProcess(Peer):
    title = "FastAPI, asyncio.Queue, SQLite"
    keeps = "a row, from its acceptance on; the queue is gone with the process"
    ways = ("clients",)
    packages = ("fastapi", "uvicorn")

    def __init__(self, until_the_end: ExitStack) -> None:
        super().__init__(until_the_end)
        self.database = self.ground.folder / "requests"
        self.env["BENCH_DATABASE"] = str(self.database)

    def round(self, way: str, pool: Pool, count: int) -> tuple[float, float]:
        """It cannot take work before it works: both are measured at once."""
        server = self.worker(pool)
        server.start()
        try:
            taken = self.submit(way, count)
            done = rate(wait_for(self, count, server))
        finally:
            server.kill()
        self.clear()
        return taken, done

    def submit(self, way: str, count: int) -> float:
        plan = {
            "port": self.ground.port,
            "path": "/requests",
            "clients": [{}] * CLIENTS,
            "body": "{}",
            "requests": count,
            "warm_up": CLIENTS,
        }
        told = tell("tests.bench.jobs.submitting", [json.dumps(plan)])
        if set(told["statuses"]) != {"202"}:
            raise LoadFailed(f"{self.title} answered with {', '.join(told['statuses'])}")
        return count / float(told["seconds"])

    def worker(self, pool: Pool) -> Process:
        self.env["BENCH_SLOTS"] = str(pool.slots)
        command = ["-m", "uvicorn", "tests.bench.peers.fastapi_queue:app", "--host", "127.0.0.1"]
        command += ["--port", str(self.ground.port), "--no-access-log"]
        return self.process(command, "Application startup complete")

    def ends(self) -> list[float]:
        if not self.database.exists():
            return []
        with closing(sqlite3.connect(self.database, timeout=20)) as connection:
            found = connection.execute(
                "SELECT finished_at FROM requests WHERE state = 'completed' ORDER BY finished_at"
            )
            return [at for (at,) in found]

    def clear(self) -> None:
        for file in self.ground.folder.glob("requests*"):
            file.unlink()

"""Procrastinate, whose jobs are rows of PostgreSQL (BENCH_DATABASE), and stay there.

python -m tests.bench.peers.procrastinate_tasks migrate
python -m tests.bench.peers.procrastinate_tasks work 2 1       processes, jobs at once in each
python -m tests.bench.peers.procrastinate_tasks nothing 1000
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from procrastinate import App, PsycopgConnector, SyncPsycopgConnector

from tests.bench.jobs.looping import submit

BATCH = 100
URL = os.environ["BENCH_DATABASE"]
app = App(connector=SyncPsycopgConnector(conninfo=URL))


@app.task(name="nothing")
def nothing() -> None:
    pass


@app.task(name="sleep")
def sleep(seconds: float) -> None:
    time.sleep(seconds)


def batch() -> None:
    nothing.batch_defer(*({} for _ in range(BATCH)))


async def work(at_once: int) -> None:
    # Plain functions are run by threads, of which there are few unless somebody says otherwise.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(at_once))
    worker = app.with_connector(PsycopgConnector(conninfo=URL))
    async with worker.open_async():
        await worker.run_worker_async(concurrency=at_once)


def work_in(processes: int, at_once: str) -> None:
    """So many processes, until this one is asked to end."""
    command = [sys.executable, "-m", "tests.bench.peers.procrastinate_tasks", "work", "1", at_once]
    them = [subprocess.Popen(command) for _ in range(processes)]

    def end(*_: object) -> None:
        for each in them:
            each.terminate()

    signal.signal(signal.SIGTERM, end)
    for each in them:
        each.wait()


def main() -> None:
    what = sys.argv[1]
    if what == "work":
        processes, at_once = sys.argv[2:]
        if processes == "1":
            asyncio.run(work(int(at_once)))
        else:
            work_in(int(processes), at_once)
        return
    with app.open():
        if what == "migrate":
            app.schema_manager.apply_schema()
            print("{}")
        else:
            submit(
                {
                    "nothing": nothing.defer,
                    "batch": batch,
                    "sleep": lambda seconds: sleep.defer(seconds=seconds),
                }
            )


if __name__ == "__main__":
    main()

"""A queue within the process that serves: FastAPI, a bounded `asyncio.Queue`, threads that work, a
row of SQLite for each request. What waits or runs when the process ends is not done.

    BENCH_DATABASE=/… BENCH_SLOTS=64 python -m uvicorn tests.bench.peers.fastapi_queue:app
"""

import asyncio
import os
import sqlite3
import threading
import time
import uuid
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

SLOTS = int(os.environ["BENCH_SLOTS"])
CAPACITY = int(os.environ.get("BENCH_CAPACITY", "10000"))
TABLE = (
    "CREATE TABLE IF NOT EXISTS requests (id TEXT PRIMARY KEY, state TEXT, created_at REAL,"
    " started_at REAL, finished_at REAL, result TEXT)"
)
waiting: asyncio.Queue[tuple[str, float]] = asyncio.Queue(CAPACITY)
own = threading.local()


class Wanted(BaseModel):
    seconds: float = 0


def execute(statement: str, *values: Any) -> list[Any]:
    """On this thread's connection; committed when it returns."""
    if not hasattr(own, "connection"):
        own.connection = sqlite3.connect(
            os.environ["BENCH_DATABASE"], isolation_level=None, timeout=20
        )
        own.connection.execute("PRAGMA journal_mode=WAL")
        own.connection.execute("PRAGMA synchronous=NORMAL")
    rows: list[Any] = own.connection.execute(statement, values).fetchall()
    return rows


def perform(name: str, seconds: float) -> None:
    execute("UPDATE requests SET state = 'running', started_at = ? WHERE id = ?", time.time(), name)
    time.sleep(seconds)
    execute(
        "UPDATE requests SET state = 'completed', result = 'done', finished_at = ? WHERE id = ?",
        time.time(),
        name,
    )


async def work(threads: ThreadPoolExecutor) -> None:
    loop = asyncio.get_running_loop()
    while True:
        await loop.run_in_executor(threads, perform, *(await waiting.get()))


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    execute(TABLE)
    threads = ThreadPoolExecutor(SLOTS)
    workers = [asyncio.create_task(work(threads)) for _ in range(SLOTS)]
    yield
    for each in workers:
        each.cancel()


app = FastAPI(lifespan=lifespan)


@app.post("/requests", status_code=202)
async def submit(wanted: Wanted) -> dict[str, str]:
    if waiting.full():
        raise HTTPException(503, "The queue is full.", {"Retry-After": "1"})
    name = str(uuid.uuid4())
    statement = "INSERT INTO requests (id, state, created_at) VALUES (?, 'queued', ?)"
    await asyncio.to_thread(execute, statement, name, time.time())
    await waiting.put((name, wanted.seconds))
    return {"id": name, "state": "queued"}


@app.get("/requests/{name}")
async def look(name: str) -> dict[str, Any]:
    rows = await asyncio.to_thread(execute, "SELECT state FROM requests WHERE id = ?", name)
    if not rows:
        raise HTTPException(404)
    return {"id": name, "state": rows[0][0]}

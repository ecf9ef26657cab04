"""How long one person waits when nobody else is there: from the submission over HTTP to the end of
the job as their socket in the room hears it. The load is a process of its own.

    python -m tests.bench.jobs.answering '{"port": 8000, "headers": {…}, "room": "lobby", …}'
"""

import asyncio
import gc
import json
import random
import sys
import time
from collections.abc import Sequence
from typing import Any

import orjson
import uvloop
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_socket

from tests.bench.options import Options
from tests.bench.report import Table, Target
from tests.bench.scenarios.members import quantile

from .http import connect, request
from .parley import KINDS, Parley
from .part import Part
from .sides import PREFORK, Words, tell

P50_MS, P99_MS = 30.0, 100.0
WARM_UP = 20
PAUSE_SECONDS = 0.05
ROOM = "bench"


# The load -----------------------------------------------------------------------------------------


async def ask(plan: Words) -> Words:
    """`plan`: port, headers, room, count."""
    url = f"ws://127.0.0.1:{plan['port']}/ws/"
    async with connect_socket(url, additional_headers=plan["headers"]) as socket:
        await socket.send(json.dumps({"id": 1, "type": "subscribe", "room": plan["room"]}))
        await heard(socket, lambda each: each["type"] == "subscribed")
        client = await connect(plan["port"])
        body = json.dumps({"kind": KINDS[0], "room": plan["room"]}).encode()
        data = request("POST", "/api/v1/jobs", plan["headers"], body)
        took = []
        for _ in range(WARM_UP + plan["count"]):
            # Not in step with anything.
            await asyncio.sleep(PAUSE_SECONDS * (0.5 + random.random()))
            began = time.perf_counter()
            answer, _ = await asyncio.gather(client.ask(data), heard(socket, has_ended))
            took.append((time.perf_counter() - began) * 1e3)
            assert answer.status == 202, answer
        client.close()
    took = took[WARM_UP:]
    return {"p50_ms": quantile(took, 0.5), "p99_ms": quantile(took, 0.99), "all_ms": took}


def has_ended(event: Words) -> bool:
    return event["type"] == "job.changed" and bool(event["job"]["state"] == "succeeded")


async def heard(socket: ClientConnection, wanted: Any) -> None:
    """Until it comes."""
    async with asyncio.timeout(30):
        while not any(map(wanted, orjson.loads(await socket.recv()))):
            pass


# The conductor ------------------------------------------------------------------------------------


def measure(options: Options, sides: Sequence[Parley]) -> Part:
    count = times(options)
    found = {side.title: answered(side, count) for side in sides}
    rows = [[title, each["p50_ms"], each["p99_ms"]] for title, each in found.items()]
    targets = [
        Target(
            f"{title.partition(', ')[2]}: idle, until the end is seen in the room, {name}",
            f"≤ {most:g} ms",
            f"{each[key]:.1f} ms",
            each[key] <= most,
        )
        for title, each in found.items()
        for name, key, most in (("p50", "p50_ms", P50_MS), ("p99", "p99_ms", P99_MS))
    ]
    return Part(
        f"{count} times, with pauses, one person hands over a job that does nothing, and hears of "
        "its end by the socket in the room; two idle processes wait for it.",
        [
            Table(
                ["", "p50 ms", "p99 ms"], rows, "Idle, from submitting to the end seen in the room"
            )
        ],
        targets,
        {title: {key: each[key] for key in ("p50_ms", "p99_ms")} for title, each in found.items()},
    )


def times(options: Options) -> int:
    return 30 if options.quick else 300


def answered(side: Parley, count: int) -> Words:
    side.settle(ROOM)
    worker = side.worker(PREFORK)
    worker.start()
    try:
        plan = {
            "port": side.site.port,
            "headers": side.person.bearer,
            "room": ROOM,
            "count": count,
        }
        found = tell("tests.bench.jobs.answering", [json.dumps(plan)])
    finally:
        worker.terminate()
    side.clear()
    return found


if __name__ == "__main__":
    gc.disable()
    print(json.dumps(uvloop.run(ask(json.loads(sys.argv[1])))))

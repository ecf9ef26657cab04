"""A load in a process of its own: the same request again and again, by some clients, each with one
under way. Tells one JSON object: how long all of it took, when it began,
the statuses, latencies.

    python -m tests.bench.jobs.submitting '{"port": 8000, "path": "/api/v1/jobs", …}'
"""

import asyncio
import gc
import json
import sys
import time
from collections import Counter
from typing import Any

import uvloop

from tests.bench.scenarios.members import quantile

from .http import Client, connect, request


async def submit(plan: dict[str, Any]) -> dict[str, Any]:
    """`plan`: port, path, clients (headers of each), body (a text), requests (of all together).
    Everybody is connected before the clock starts, and `warm_up` requests have been sent, which are
    in no number."""
    body = plan["body"].encode()
    clients = [
        (await connect(plan["port"]), request("POST", plan["path"], headers, body))
        for headers in plan["clients"]
    ]
    statuses: Counter[int] = Counter()
    took: list[float] = []
    left = 0

    async def go_on(client: Client, data: bytes) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            began = time.perf_counter()
            answer = await client.ask(data)
            took.append(time.perf_counter() - began)
            statuses[answer.status] += 1

    async def everybody(requests: int) -> float:
        nonlocal left
        left = requests
        began = time.perf_counter()
        await asyncio.gather(*(go_on(*each) for each in clients))
        return time.perf_counter() - began

    await everybody(plan.get("warm_up", 0))
    statuses.clear()
    took.clear()
    at = time.time()
    seconds = await everybody(plan["requests"])
    for client, _ in clients:
        client.close()
    return {
        "seconds": seconds,
        "began": at,
        "statuses": dict(statuses),
        "p50_ms": quantile(took, 0.5) * 1e3,
        "p99_ms": quantile(took, 0.99) * 1e3,
    }


if __name__ == "__main__":
    # Nothing here makes circles.
    gc.disable()
    print(json.dumps(uvloop.run(submit(json.loads(sys.argv[1])))))

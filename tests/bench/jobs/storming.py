"""Thousands of requests at once over REST, each for a job, and each asks what became of it. All are
taken, or refused with a `Retry-After` and come again by it; all that were taken end, none is lost.
The load is a process of its own.

    python -m tests.bench.jobs.storming '{"port": 8000, "people": [{…}], "requests": 4000}'
"""

import asyncio
import gc
import json
import resource
import sys
import time
from collections import Counter
from contextlib import ExitStack
from typing import Any

import orjson
import uvloop

from rooms.limits import Limits
from rooms.live.serving.capacity import capacity
from tests.bench import layout, ours
from tests.bench.options import Options
from tests.bench.report import Table, Target
from tests.bench.scenarios.members import quantile

from .http import Answer, Client, Disconnected, connect, request
from .parley import KINDS, Parley
from .part import Part
from .sides import THREADS, Words, tell

PEOPLE = 100
CONNECTING_AT_ONCE = 100
# A request that has not been taken and has not ended after so long is lost.
PATIENCE_SECONDS = 150.0
AGAIN_SECONDS = 1.0
ENDED = ("succeeded", "failed", "cancelled")
# Of production, where `SETTINGS` lifts them: what is refused is a part of this. But one address
# stands for those of all people here, and as many may come as there are.
BOUNDS = {
    **dict.fromkeys(
        ("PARLEY_JOBS_IN_FLIGHT_PER_USER", "PARLEY_JOBS_QUEUED", "PARLEY_ANSWER_SECONDS"), ""
    ),
    "PARLEY_GUESTS": "6000",
    "PARLEY_GUESTS_PER_ADDRESS": "6000",
    "PARLEY_ARRIVALS_PER_SECOND": "100000",
    "PARLEY_ARRIVALS_BURST": "100000",
}


# The load -----------------------------------------------------------------------------------------


class Storm:
    """`plan`: port, people (headers of each), requests."""

    def __init__(self, plan: Words) -> None:
        self._port: int = plan["port"]
        self._people: list[dict[str, str]] = plan["people"]
        self._requests: int = plan["requests"]
        self._connecting = asyncio.Semaphore(CONNECTING_AT_ONCE)
        self.statuses: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.taken: list[float] = []
        self.ended: list[float] = []
        self.ids: set[str] = set()
        # Connections that were ended or refused without a word.
        self.cut_off = 0
        self._began = 0.0

    async def run(self) -> Words:
        clients = await asyncio.gather(*(self._connect() for _ in range(self._requests)))
        self._began = time.perf_counter()
        await asyncio.gather(*map(self._request, clients, range(self._requests)))
        return {
            "taken": len(self.taken),
            "different": len(self.ids),
            "ended": len(self.ended),
            "refused": {k: v for k, v in self.statuses.items() if k in ("429", "503")},
            "cut_off": self.cut_off,
            "faults": dict(self.faults),
            "taken_seconds": max(self.taken, default=0.0),
            "taken_p50_seconds": quantile(self.taken, 0.5),
            "ended_seconds": max(self.ended, default=0.0),
        }

    async def _connect(self) -> Client:
        """Tried until somebody takes it; how often not is counted."""
        while True:
            try:
                async with self._connecting:
                    return await connect(self._port)
            except OSError:
                self.cut_off += 1
                await asyncio.sleep(AGAIN_SECONDS)

    async def _request(self, client: Client, number: int) -> None:
        headers = self._people[number % len(self._people)]
        body = json.dumps({"kind": KINDS[0]}).encode()
        # Whoever comes again after a connection that broke must not have two jobs of it.
        key = {"Idempotency-Key": f"storm-{self._requests}-{number}"}
        data = request("POST", "/api/v1/jobs", {**headers, **key}, body)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                client, answer = await self._until(
                    client, data, lambda answer: answer.status == 202
                )
                self.taken.append(time.perf_counter() - self._began)
                job = orjson.loads(answer.body)["id"]
                self.ids.add(job)
                data = request("GET", f"/api/v1/jobs/{job}", headers)
                client, _ = await self._until(client, data, has_ended)
                self.ended.append(time.perf_counter() - self._began)
        except TimeoutError:
            self.faults["out of patience"] += 1
        except AssertionError as error:
            self.faults[repr(error)[:100]] += 1
        finally:
            client.close()

    async def _until(self, client: Client, data: bytes, done: Any) -> tuple[Client, Answer]:
        """Asks again when it is told to; on a new connection where the old one was closed."""
        while True:
            try:
                answer = await client.ask(data)
            except Disconnected:
                self.cut_off += 1
                client = await self._connect()
                continue
            self.statuses[str(answer.status)] += 1
            if done(answer):
                return client, answer
            assert answer.status in (200, 429, 503), f"answered with {answer.status}"
            assert "retry-after" in answer.headers, f"{answer.status} without Retry-After"
            await asyncio.sleep(float(answer.headers["retry-after"]))


def has_ended(answer: Answer) -> bool:
    return answer.status == 200 and orjson.loads(answer.body)["state"] in ENDED


# The conductor ------------------------------------------------------------------------------------


def measure(options: Options) -> Part:
    found: dict[str, dict[int, Words]] = {}
    with ExitStack() as until_the_end:
        sides = [Parley(until_the_end, BOUNDS)]
        if options.postgres:
            until_the_end.enter_context(ours.on_postgres(set()))
            sides.append(Parley(until_the_end, BOUNDS))
        sizes = (100,) if options.quick else (1_000, 4_000)
        for side in sides:
            found[side.title] = {size: stormed(side, size) for size in sizes}
    rows = [
        [
            title,
            size,
            each["taken"],
            ", ".join(f"{v:,} × {k}" for k, v in each["refused"].items()) or "none",
            each["taken_p50_seconds"],
            each["taken_seconds"],
            each["ended_seconds"],
            each["cut_off"],
            size - each["ended"],
        ]
        for title, sizes_of in found.items()
        for size, each in sizes_of.items()
    ]
    columns = ["", "at once", "taken", "refused first", "taken p50 s", "all taken s", "all ended s"]
    return Part(
        f"So many connections, of {PEOPLE} people, each with a request for a job that does "
        "nothing, sent at the same moment; then each asks for its job until it has ended, when "
        f"`Retry-After` says. One web process, one worker with {THREADS.slots} threads, the bounds "
        "of production but for those of an address. Who is refused comes again after "
        "`Retry-After`.",
        [Table([*columns, "cut off", "lost"], rows, "A load test")],
        [target(title, size, each) for title, of in found.items() for size, each in of.items()],
        {title: {str(size): each for size, each in of.items()} for title, of in found.items()},
    )


def stormed(side: Parley, size: int) -> Words:
    people = side.people(PEOPLE)
    worker = side.worker(THREADS)
    worker.start()
    try:
        plan = {"port": side.site.port, "people": people, "requests": size}
        found = tell("tests.bench.jobs.storming", [json.dumps(plan)], seconds=PATIENCE_SECONDS + 60)
        found["rows"] = len(side.ends())
    finally:
        worker.terminate()
    side.clear()
    return found


def target(title: str, size: int, found: Words) -> Target:
    whole = found["taken"] == found["different"] == found["ended"] == found["rows"] == size
    said = f"{found['taken']:,} taken, {found['ended']:,} ended, {found['rows']:,} rows"
    if found["faults"]:
        said += "; " + ", ".join(f"{number} × {what}" for what, number in found["faults"].items())
    what = f"{title.partition(', ')[2]}: {size:,} requests at once"
    wanted = "all taken, or refused with Retry-After; all end"
    if not found["cut_off"]:
        return Target(what, wanted, said, whole)
    said += f"; {found['cut_off']:,} connections were cut off"
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    fit = capacity(files, Limits().connections, size).guests
    if fit < size:
        why = f"with {files:,} open files the server takes {fit:,} connections, and {size:,} came"
        return Target(what, wanted, said, None if whole else False, why)
    return Target(what, wanted, said, False)


async def storm(plan: Words) -> Words:
    return await Storm(plan).run()


if __name__ == "__main__":
    gc.disable()
    layout.allow_many_files()
    print(json.dumps(uvloop.run(storm(json.loads(sys.argv[1])))))

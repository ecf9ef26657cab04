"""Jobs beside what others would do the same work with: taken, done, and kept to the end.

Everything has all cores. Sides take turns, and while one works the others' workers are not there.
"""

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from statistics import median
from typing import Any

from tests.bench import ours
from tests.bench.jobs.celery_sides import BareCelery, CeleryWithResults
from tests.bench.jobs.other_sides import Dramatiq, Procrastinate, QueueInProcess
from tests.bench.jobs.parley import BATCH, CLIENTS, Parley
from tests.bench.jobs.sides import PREFORK, THREADS, Side
from tests.bench.options import Options
from tests.bench.report import Section, Table, Target

# What one round submits, twice, and has done, once on each pool.
JOBS, JOBS_QUICK = 2_000, 300
WAYS = {"loop": "a loop", "batch": f"batches of {BATCH}", "clients": f"{CLIENTS} clients"}
POOLS = (PREFORK, THREADS)
Runs = dict[str, list[float]]


def run(options: Options) -> Section:
    count = JOBS_QUICK if options.quick else JOBS
    with ExitStack() as until_the_end:
        sides = contenders(options, until_the_end)
        runs: dict[str, Runs] = {side.title: {} for side in sides}
        for _ in range(options.repeat):
            for side in sides:
                one_round(side, count, runs[side.title])
    return section(options, count, sides, runs)


def contenders(options: Options, until_the_end: ExitStack) -> list[Side]:
    """Those on SQLite first: after them all databases of this process are on PostgreSQL."""
    sides: list[Side] = [Parley(until_the_end)]
    sides += peers(options, PEERS, until_the_end)
    if options.postgres:
        until_the_end.enter_context(ours.on_postgres(set()))
        sides.append(Parley(until_the_end))
        sides += peers(options, PEERS_ON_POSTGRES, until_the_end)
    return sides


Peers = dict[str, Callable[[ExitStack], Side]]
PEERS: Peers = {
    "celery": BareCelery,
    "celery-results": CeleryWithResults,
    "dramatiq": Dramatiq,
    "fastapi-queue": QueueInProcess,
}
PEERS_ON_POSTGRES: Peers = {"celery-results": CeleryWithResults, "procrastinate": Procrastinate}


def peers(options: Options, known: Peers, until_the_end: ExitStack) -> list[Side]:
    wanted = known if options.peers is None else [name for name in known if name in options.peers]
    return [known[name](until_the_end) for name in wanted]


def one_round(side: Side, count: int, into: Runs) -> None:
    for way, pool in ((side.ways[0], PREFORK), (side.ways[-1], THREADS)):
        taken, done = side.round(way, pool, count)
        into.setdefault(way, []).append(taken)
        into.setdefault(pool.name, []).append(done)


# The report --------------------------------------------------------------------------------------


def section(options: Options, count: int, sides: list[Side], runs: dict[str, Runs]) -> Section:
    middle = {
        title: {name: median(values) for name, values in each.items()}
        for title, each in runs.items()
    }
    taken = Table(
        ["submissions/s", *WAYS.values()],
        [[side.title, *(middle[side.title].get(way) for way in WAYS)] for side in sides],
        "Taken",
    )
    done = Table(
        ["jobs/s", *(f"{pool.name} {pool.slots}" for pool in POOLS), "what is kept of a job"],
        [
            [side.title, *(middle[side.title].get(pool.name) for pool in POOLS), side.keeps]
            for side in sides
        ],
        "Done: nothing, to its durable end",
    )
    return Section(
        title="Jobs",
        text=text(options, count),
        tables=[taken, done],
        targets=targets(middle),
        raw=runs,
        machine={"cores": f"{os.cpu_count()} (all of them for everything)"},
    )


def text(options: Options, count: int) -> str:
    return (
        f"{count:,} jobs that do nothing are handed over, and then done by a worker that is "
        "started for them, twice in each round: once by 2 processes with a job at a time, once by "
        "one with 64 threads. A loop is one program that submits one after the other. Batches of "
        f"Parley come over HTTP from one client, single jobs from {CLIENTS}, by one person, in no "
        "room. Jobs a second are from the end of the first tenth to the end of the last. Nothing "
        f"is held to a core. Medians of {options.repeat} rounds in turn. FastAPI works while it "
        "takes more: it has no other way."
    )


def targets(middle: dict[str, dict[str, float]]) -> list[Target]:
    found = []
    for title in (title for title in middle if title.startswith("Parley")):
        database = title.partition(", ")[2]
        bare = BareCelery.title
        kept = f"Celery, django-celery-results, {database}"
        for what, mine, theirs, their_key, wanted in (
            (f"submissions/s in batches of {BATCH}", "batch", bare, "loop", 2.0),
            (f"submissions/s, {CLIENTS} clients, one each", "clients", bare, "loop", 0.5),
            ("jobs/s, 2 processes", PREFORK.name, bare, PREFORK.name, 0.6),
            ("jobs/s, 2 processes", PREFORK.name, kept, PREFORK.name, 1.5),
            ("jobs/s, 64 threads", THREADS.name, bare, THREADS.name, 1.0),
        ):
            target = Target(f"{database}: {what}", f"≥ {wanted:g} × {theirs}", "", None)
            found.append(judged(target, middle[title][mine], middle.get(theirs), their_key, wanted))
    return found


def judged(
    target: Target, mine: float, theirs: dict[str, Any] | None, key: str, wanted: float
) -> Target:
    if theirs is None:
        return replace(target, measured=f"{mine:,.0f}/s", why="the other one was not measured")
    ratio = mine / theirs[key]
    measured = f"{ratio:.2f} × ({mine:,.0f} to {theirs[key]:,.0f})"
    return replace(target, measured=measured, met=ratio >= wanted)

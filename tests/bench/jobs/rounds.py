"""Submitting, and doing nothing to a durable end: all sides in turn, on both kinds of pool."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from tests.bench.options import Options
from tests.bench.report import Table, Target

from .celery_sides import BareCelery
from .parley import BATCH, CLIENTS
from .part import Part
from .sides import PREFORK, THREADS, Side

# What one round submits, twice, and has done, once on each pool.
JOBS, JOBS_QUICK = 1_000, 300
WAYS = {"loop": "a loop", "batch": f"batches of {BATCH}", "clients": f"{CLIENTS} clients"}
POOLS = (PREFORK, THREADS)
Runs = dict[str, list[float]]


def measure(options: Options, sides: Sequence[Side]) -> Part:
    count = jobs(options)
    runs: dict[str, Runs] = {side.title: {} for side in sides}
    for _ in range(options.repeat):
        for side in sides:
            one_round(side, count, runs[side.title])
    middle = {title: medians(each) for title, each in runs.items()}
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
    return Part(text(options, count), [taken, done], targets(middle), runs)


def jobs(options: Options) -> int:
    return JOBS_QUICK if options.quick else JOBS


def one_round(side: Side, count: int, into: Runs) -> None:
    for way, pool in ((side.ways[0], PREFORK), (side.ways[-1], THREADS)):
        taken, done = side.round(way, pool, count)
        into.setdefault(way, []).append(taken)
        into.setdefault(pool.name, []).append(done)


def medians(runs: Runs) -> dict[str, float]:
    return {name: median(values) for name, values in runs.items()}


def text(options: Options, count: int) -> str:
    return (
        f"{count:,} jobs that do nothing are handed over, and then done by a worker that is "
        "started for them, twice in each round: once by 2 processes with a job at a time, once by "
        "one with 64 threads. A loop is one program that submits one after the other. Batches of "
        f"Parley come over HTTP from one client, single jobs from {CLIENTS} people, in no "
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

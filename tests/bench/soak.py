"""Hours in minutes: people come and go all the time, and the server's memory is watched.

    python -m tests.bench.soak --minutes 20

Takes a section of the bench's report. Fails at once when somebody who stayed misses something, or
somebody who came back, or hears it twice.
"""

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.support.environment import ROOT
from tests.support.site import Site

from . import layout, report
from .driver import LoadFailed
from .report import Plot, Section, Table, Target
from .scenarios.loader import Loader
from .scenarios.people import settle
from .scenarios.server import counted, serving

ROOMS, LOYAL, RESTLESS = 10, 5, 300
EVERY_SECONDS = 5.0
# How far a median of the last quarter may be above one of the second.
WANTED_MB = 10.0


@dataclass(frozen=True)
class Sample:
    """`minutes` since the begin; memory in MB."""

    minutes: float
    memory: float
    open: int
    p99_ms: float
    delivered: int


def measure(minutes: float) -> Section:
    loyal = {f"room-{number}": list(range(number, ROOMS * LOYAL, ROOMS)) for number in range(ROOMS)}
    first = ROOMS * LOYAL
    guests = {number: f"room-{number % ROOMS}" for number in range(first, first + RESTLESS)}
    members = {
        slug: [*them, *(number for number, where in guests.items() if where == slug)]
        for slug, them in loyal.items()
    }
    samples: list[Sample] = []
    with serving() as site:
        people = settle(site, members)
        with Loader("tests.bench.scenarios.churning", {"port": site.port}) as load:
            load.ask(
                "settle",
                loyal={slug: [people[number] for number in them] for slug, them in loyal.items()},
                restless=[[people[number], slug] for number, slug in guests.items()],
            )
            began = time.monotonic()
            while (now := (time.monotonic() - began) / 60) < minutes:
                samples.append(sample(site, load, now))
                load.ask("rest", seconds=EVERY_SECONDS)
            done = told(load)
            load.ask("leave")
            load.ask("heard", heads=heads(site))
            told(load)
            left = until_few_are_left(site, load, ROOMS * LOYAL)
    return section(minutes, samples, done, left)


def sample(site: Site, load: Loader, now: float) -> Sample:
    found = told(load)
    memory = site.rss("web") / 1e6
    return Sample(now, memory, found["open"], found["p99_ms"], found["delivered"])


def told(load: Loader) -> dict[str, Any]:
    found = load.ask("tell")
    if found["wrong"] or found["refused"]:
        raise LoadFailed(f"missing or doubled: {found['wrong']}, refused: {found['refused']}")
    return found


def heads(site: Site) -> dict[str, int]:
    found: dict[str, int] = site.ask("dict(Room.objects.values_list('slug', 'last_seq'))")
    return found


def until_few_are_left(site: Site, load: Loader, few: int) -> float | None:
    """How many connections the server still knows of, when those who vanished had their time."""
    left = None
    for _ in range(12):
        left = counted(site, "parley_connections")
        if left is not None and left <= few:
            break
        load.ask("rest", seconds=EVERY_SECONDS)
    return left


def section(
    minutes: float, samples: list[Sample], done: dict[str, Any], left: float | None
) -> Section:
    quarter = len(samples) // 4
    before = median(each.memory for each in samples[quarter : 2 * quarter or 1])
    after = median(each.memory for each in samples[-quarter or -1 :])
    did: dict[str, int] = done["done"]
    rows: list[list[Any]] = [
        ["connections opened", did["connect"]],
        ["of them back to where they were", did["resume"]],
        ["vanished without a word", did["disappear"] + did["forget"]],
        ["closed in order", did["close_in_order"]],
        ["stopped reading for a while", did["sleep"]],
        ["sent away by the server", sum(done["codes"].values()) - did["close_in_order"]],
        ["events delivered", sum(each.delivered for each in samples)],
        ["missing or doubled", 0],
        ["connections that the server knows of after all have left", left],
    ]
    stayed = ROOMS * LOYAL
    return Section(
        title="For a long time",
        text=(
            f"{minutes:g} minutes. {stayed} people in {ROOMS} rooms stay and talk; "
            f"{RESTLESS} more come, talk, type, stop reading, vanish or close, and come back to "
            "where they were, each doing something else every few seconds. Of every event it is "
            "checked that it is the next one."
        ),
        tables=[Table(["", "times"], rows)],
        targets=[
            Target(
                what="memory of the web process in the last quarter, to the second",
                wanted=f"≤ {WANTED_MB:g} MB more",
                measured=f"{after - before:+.1f} MB",
                met=after - before <= WANTED_MB if quarter > 1 else None,
                why="" if quarter > 1 else "too short to say",
            ),
            Target(
                what="connections left when only those who stayed are there",
                wanted=f"{stayed}",
                measured="not told" if left is None else f"{left:g}",
                met=None if left is None else left == stayed,
                why="the server has no such metric" if left is None else "",
            ),
        ],
        plots=[
            Plot(
                name="soak-memory",
                title="Memory of the web process while people come and go",
                x_label="minutes",
                y_label="MB",
                series={"resident": [(each.minutes, each.memory) for each in samples]},
            ),
            Plot(
                name="soak-latency",
                title="p99 of those who stay",
                x_label="minutes",
                y_label="ms",
                series={"p99": [(each.minutes, each.p99_ms) for each in samples[1:]]},
            ),
        ],
    )


def main(arguments: list[str]) -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    parser = argparse.ArgumentParser(prog="python -m tests.bench.soak", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--into", type=Path, default=ROOT / "docs", help="folder of the report")
    options = parser.parse_args(arguments)
    try:
        found = measure(options.minutes)
    except LoadFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    report.write(options.into, "soak", found, layout.machine())
    for table in found.tables:
        print("\n".join(report.markdown(table.columns, table.rows)))
    for target in found.targets:
        print(f"{target.what}: {target.wanted}: {target.measured}: {report.verdict(target)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Some members of a busy room stop reading. The others should not notice, and the server should not
keep for the sleepers what they do not take.

The sleepers have small receive buffers, so that the kernel does not hide that nobody reads.
"""

import threading
from statistics import median
from typing import Any

from tests.bench.options import Options
from tests.bench.report import Section, Table, Target
from tests.support.site import Site

from .loader import Loader
from .people import settle
from .server import serving, sound, talkers

OTHERS, SLEEPERS = 800, 200
# An event carries its text twice, as written and as shown, and about so much beside it.
BODY, AROUND = 300, 350
# Bytes a second to all members together, if all of them read.
TRAFFIC = (5e6, 25e6)
WANTED_MEMORY, WANTED_RATIO = 20e6, 1.2


def run(options: Options) -> Section:
    others, sleepers = (160, 40) if options.quick else (OTHERS, SLEEPERS)
    seconds, rounds = (4.0, 1) if options.quick else (12.0, 2)
    numbers = list(range(others + sleepers))
    rows: list[list[Any]] = []
    targets: list[Target] = []
    with serving() as site:
        people = settle(site, {"lobby": numbers})
        them = [people[number] for number in numbers]
        with talkers(site.port, filling="x" * BODY, sample=5) as load:
            load.ask("settle", rooms={"lobby": them[:others]})
            for traffic in TRAFFIC:
                rate = traffic / OTHERS * others / len(them) / (2 * BODY + AROUND)
                found = [measure(site, load, them[others:], seconds, rate) for _ in range(rounds)]
                row = {key: median(each[key] for each in found) for key in found[0]}
                rows.append([traffic / 1e6, *row.values()])
                targets += judged(traffic, row)
    return Section(
        title="Members who stop reading",
        text=(
            f"{others} members of a room, and {sleepers} more who come and read nothing, with "
            "receive buffers of 4 KB. Traffic is what the server would push to all of them "
            "together if all read. First the others alone, then with the sleepers, at the same "
            f"number of messages a second, {seconds:.0f} s each; then the sleepers read on, and "
            "nothing may be missing. Memory is the most that the web process had beside them, "
            f"less what it had before. Medians of {rounds} rounds."
        ),
        tables=[
            Table(
                [
                    "MB/s",
                    "others' p50 ms alone",
                    "with sleepers",
                    "others' p99 ms alone",
                    "with sleepers",
                    "MB more",
                    "s to catch up",
                ],
                rows,
            )
        ],
        targets=targets,
    )


def measure(
    site: Site, load: Loader, sleepers: list[Any], seconds: float, rate: float
) -> dict[str, float]:
    alone = sound("others alone", load.ask("measure", seconds=seconds, rate=rate))
    before = site.rss("web")
    load.ask("settle", rooms={"lobby": sleepers}, asleep=True)
    with Peak(site) as peak:
        beside = sound("others beside", load.ask("measure", seconds=seconds, rate=rate))
    woke = load.ask("wake")
    sound("sleepers", {**beside, "wrong": woke["wrong"]})
    return {
        "p50_alone": alone["p50_ms"],
        "p50_beside": beside["p50_ms"],
        "p99_alone": alone["p99_ms"],
        "p99_beside": beside["p99_ms"],
        "grew": (peak.most - before) / 1e6,
        "catch_up": woke["seconds"],
    }


def judged(traffic: float, row: dict[str, float]) -> list[Target]:
    ratio = row["p99_beside"] / row["p99_alone"]
    at = f"at {traffic / 1e6:g} MB/s"
    return [
        Target(
            what=f"memory for those who stop reading, {at}",
            wanted=f"≤ {WANTED_MEMORY / 1e6:g} MB",
            measured=f"{row['grew']:.1f} MB",
            met=row["grew"] <= WANTED_MEMORY / 1e6,
        ),
        Target(
            what=f"p99 of the others, to without them, {at}",
            wanted=f"≤ {WANTED_RATIO:g} ×",
            measured=f"{ratio:.2f} ×",
            met=ratio <= WANTED_RATIO,
        ),
    ]


class Peak:
    """The most memory that the web process has while this is entered."""

    def __init__(self, site: Site) -> None:
        self.most = 0.0
        self._site = site
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.25):
            self.most = max(self.most, self._site.rss("web"))

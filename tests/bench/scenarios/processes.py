"""How many people fit, with one web process and with two behind one address.

Rooms are added, all talking at the same steady rate, until the slowest of a hundred deliveries
takes longer than it may. Two processes need a core more than one to show what they are for.
"""

from itertools import pairwise
from typing import Any

import psutil

from tests.bench import layout
from tests.bench.options import Options
from tests.bench.report import Plot, Section, Table, Target
from tests.support.site import Site

from .people import settle
from .server import serving, sound, talkers

SIZE, RATE = 10, 4.0
P99_MS = 100.0
WANTED = 1.7
ENOUGH_CORES = 3

Steps = list[tuple[float, float]]


def run(options: Options) -> Section:
    step, most = (200, 600) if options.quick else (500, 8_000)
    seconds = 1.0 if options.quick else 4.0
    steps: dict[int, Steps] = {}
    shares: list[int] = []
    for processes in (1, 2):
        steps[processes], shares = climb(processes, step, most, seconds)
    fits = {processes: capacity(found) for processes, found in steps.items()}
    return section(steps, fits, shares, most)


def climb(processes: int, step: int, most: int, seconds: float) -> tuple[Steps, list[int]]:
    """p99 by connections, up to the first that is too slow; how many each process has then."""
    cores = layout.SPARE if len(layout.CORES) >= ENOUGH_CORES else layout.SERVER
    slugs = [f"room-{number}" for number in range(most // SIZE)]
    members = {
        slug: list(range(number * SIZE, number * SIZE + SIZE)) for number, slug in enumerate(slugs)
    }
    found: Steps = []
    with serving(processes=processes, cores=cores) as site:
        people = settle(site, members)
        with talkers(site.port, sample=SIZE) as load:
            for connections in range(step, most + 1, step):
                new = slugs[(connections - step) // SIZE : connections // SIZE]
                rooms = {slug: [people[number] for number in members[slug]] for slug in new}
                load.ask("settle", rooms=rooms)
                one = sound("rooms", load.ask("measure", seconds=seconds, rate=RATE))
                found.append((connections, one["p99_ms"]))
                if one["p99_ms"] > P99_MS:
                    break
            return found, shared(site)


def shared(site: Site) -> list[int]:
    """How many connections each web process has."""
    counts = []
    for process in site.web.tree():
        there = [
            each
            for each in process.net_connections(kind="tcp")
            if each.status == psutil.CONN_ESTABLISHED and each.laddr.port == site.port
        ]
        counts.append(len(there))
    return sorted(count for count in counts if count)


def capacity(found: Steps) -> float:
    """Where p99 crosses what it may be, between the last two steps; at least the last that fits."""
    if found[-1][1] <= P99_MS:
        return found[-1][0]
    if len(found) == 1:
        return found[0][0] * P99_MS / found[0][1]
    (low, fast), (high, slow) = list(pairwise(found))[-1]
    return low + (high - low) * (P99_MS - fast) / (slow - fast)


def section(
    steps: dict[int, Steps], fits: dict[int, float], shares: list[int], most: int
) -> Section:
    rows: list[list[Any]] = [
        [named(processes), fits[processes], found[-1][1]] for processes, found in steps.items()
    ]
    ratio = fits[2] / fits[1]
    enough = len(layout.CORES) >= ENOUGH_CORES
    why = ""
    if not enough:
        why = f"{len(layout.CORES)} cores here: both processes share the server's one"
    elif fits[1] >= most:
        why = "one process was not brought to its limit"
    return Section(
        title="Two web processes",
        text=(
            f"Rooms of {SIZE}, each with {RATE:g} messages a second, added until p99 is above "
            f"{P99_MS:g} ms or {most:,} connections are there. Of the connections, the two "
            f"processes had {' and '.join(f'{share:,}' for share in shares)} at the end."
        ),
        tables=[Table(["", f"connections at p99 ≤ {P99_MS:g} ms", "p99 ms at the end"], rows)],
        targets=[
            Target(
                what="connections with two processes, to one, at the same p99",
                wanted=f"≥ {WANTED:g} ×",
                measured=f"{ratio:.2f} ×",
                met=None if why else ratio >= WANTED,
                why=why,
            )
        ],
        plots=[
            Plot(
                name="processes",
                title="p99 as rooms are added",
                x_label="connections",
                y_label="ms",
                series={named(processes): found for processes, found in steps.items()},
            )
        ],
    )


def named(processes: int) -> str:
    return "1 web process" if processes == 1 else f"{processes} web processes"

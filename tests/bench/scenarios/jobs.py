"""Jobs beside what others would do the same work with: taken, done, and kept to the end.

Everything has all cores. Sides take turns, and while one works the others' workers are not there.
"""

import os
from collections.abc import Mapping
from contextlib import ExitStack

from tests.bench import ours
from tests.bench.jobs import answering, million, rounds, sleeping, storming
from tests.bench.jobs.celery_sides import BareCelery, CeleryWithResults, Peer
from tests.bench.jobs.other_sides import Dramatiq, Procrastinate, QueueInProcess
from tests.bench.jobs.parley import Parley
from tests.bench.jobs.sides import Side, lacks
from tests.bench.options import Options
from tests.bench.report import Section

Peers = Mapping[str, type[Peer]]
PEERS: Peers = {
    "celery": BareCelery,
    "celery-results": CeleryWithResults,
    "dramatiq": Dramatiq,
    "fastapi-queue": QueueInProcess,
}
PEERS_ON_POSTGRES: Peers = {"celery-results": CeleryWithResults, "procrastinate": Procrastinate}


def run(options: Options) -> Section:
    with ExitStack() as until_the_end:
        sides = contenders(options, until_the_end)
        mine = [side for side in sides if isinstance(side, Parley)]
        bare = [side for side in sides if type(side) is BareCelery]
        parts = [
            rounds.measure(options, sides),
            sleeping.measure(options, [*mine, *bare]),
            answering.measure(options, mine),
        ]
        if options.million:
            runs, _, answers = (part.raw for part in parts)
            parts.append(million.measure(options, mine, runs, answers))
    parts.append(storming.measure(options))
    return Section(
        title="Jobs",
        text="\n\n".join(part.text for part in parts) + missing(options),
        tables=[table for part in parts for table in part.tables],
        targets=[target for part in parts for target in part.targets],
        raw=[part.raw for part in parts],
        machine={"cores": f"{os.cpu_count()} (all of them for everything)"},
    )


def contenders(options: Options, until_the_end: ExitStack) -> list[Side]:
    """Those on SQLite first: after them all databases of this process are on PostgreSQL."""
    sides: list[Side] = [Parley(until_the_end)]
    sides += peers(options, PEERS, until_the_end)
    if options.postgres:
        until_the_end.enter_context(ours.on_postgres(set()))
        sides.append(Parley(until_the_end))
        sides += peers(options, PEERS_ON_POSTGRES, until_the_end)
    return sides


def peers(options: Options, known: Peers, until_the_end: ExitStack) -> list[Side]:
    return [known[name](until_the_end) for name in wanted(options, known) if not lacks(known[name])]


def wanted(options: Options, known: Peers) -> list[str]:
    return [name for name in known if options.peers is None or name in options.peers]


def missing(options: Options) -> str:
    """A sentence on those that could not be measured."""
    known = {**PEERS, **PEERS_ON_POSTGRES} if options.postgres else PEERS
    lacking = [f"{name}: {lacks(known[name])}" for name in wanted(options, known)]
    lacking = [each for each in lacking if not each.endswith(": ")]
    return f" Missing here: {'; '.join(lacking)}." if lacking else ""

"""A thousand small rooms, all talking at once: no large fan-out to be good at.

Side by side with Socket.IO, which keeps nothing: here each message is a row before it is told.
"""

from contextlib import ExitStack
from statistics import median
from typing import Any

from tests.bench import layout
from tests.bench.contenders import Contender
from tests.bench.options import Options
from tests.bench.peers.servers import SOCKETIO
from tests.bench.report import Section, Table, Target

from .loader import Loader, Words
from .people import settle
from .server import serving, sound, talkers

SIZE = 5
# Messages a second in each room, where nobody is to be pressed to the limit.
CALM = 0.5
WANTED = 1.0
COLUMNS = [
    "",
    "deliveries/s",
    "p50 ms",
    "p99 ms",
    "calm p50 ms",
    "calm p99 ms",
    "bytes/delivery",
    "server's CPU µs/delivery",
]


def run(options: Options) -> Section:
    count = 200 if options.quick else 1_000
    slugs = [f"room-{number}" for number in range(count)]
    missing = SOCKETIO.missing()
    with ExitStack() as until_the_end:
        sides = [ours(until_the_end, slugs)]
        if not missing:
            sides.append(theirs(until_the_end, SOCKETIO, slugs, options))
        for side in sides:
            side.connect()
        for _ in range(options.repeat):
            for side in sides:
                side.measure(options.seconds)
    return section(options, count, sides, missing)


class Side:
    """A server with its load. `rooms` has the headers of each room's members."""

    def __init__(
        self, title: str, load: Loader, pids: list[int], rooms: dict[str, list[dict[str, str]]]
    ) -> None:
        self.title = title
        self.runs: list[dict[str, float]] = []
        self._load = load
        self._pids = pids
        self._rooms = rooms

    def connect(self) -> None:
        self._load.ask("settle", rooms=self._rooms, seconds=300)

    def measure(self, seconds: float) -> None:
        calm = self._one(seconds=seconds, rate=CALM)
        before = layout.cpu_seconds(self._pids)
        busy = self._one(seconds=seconds, in_flight=1)
        spent = layout.cpu_seconds(self._pids) - before
        self.runs.append(
            {
                "per_second": busy["per_second"],
                "p50": busy["p50_ms"],
                "p99": busy["p99_ms"],
                "calm_p50": calm["p50_ms"],
                "calm_p99": calm["p99_ms"],
                "bytes": busy["bytes_per_second"] / busy["per_second"],
                "cpu": spent / busy["all"] * 1e6,
            }
        )

    def _one(self, **how: Any) -> Words:
        return sound(self.title, self._load.ask("measure", **how))

    def row(self) -> list[Any]:
        return [self.title, *(median(run[key] for run in self.runs) for key in self.runs[0])]


def ours(until_the_end: ExitStack, slugs: list[str]) -> Side:
    members = {
        slug: list(range(number * SIZE, number * SIZE + SIZE)) for number, slug in enumerate(slugs)
    }
    site = until_the_end.enter_context(serving())
    people = settle(site, members)
    rooms = {slug: [people[number] for number in them] for slug, them in members.items()}
    load = until_the_end.enter_context(talkers(site.port, sample=SIZE))
    return Side("Parley, SQLite", load, [site.web.pid, site.redis.pid], rooms)


def theirs(until_the_end: ExitStack, peer: Contender, slugs: list[str], options: Options) -> Side:
    with layout.on(layout.SERVER):
        running = until_the_end.enter_context(peer.start(options))
    load = until_the_end.enter_context(talkers(running.port, protocol=peer.wire, sample=SIZE))
    return Side(peer.title, load, running.pids, {slug: [{}] * SIZE for slug in slugs})


def section(options: Options, count: int, sides: list[Side], missing: str) -> Section:
    rows = [side.row() for side in sides]
    target = Target(
        what="deliveries/s in many small rooms",
        wanted=f"≥ {WANTED:g} × Socket.IO",
        measured=f"{rows[0][1]:,.0f}/s",
        met=None,
        why=f"missing here: {missing}",
    )
    if len(rows) > 1:
        ratio = rows[0][1] / rows[1][1]
        target = Target(target.what, target.wanted, f"{ratio:.2f} ×", ratio >= WANTED)
    return Section(
        title="Many small rooms",
        text=(
            f"{count:,} rooms of {SIZE}, {count * SIZE:,} connections, one room each. In each room "
            "a message is on its way at any time; the next is said by the next member when the "
            f"last has reached all {SIZE}. Calm is {CALM:g} messages a second in each room. "
            f"Medians of {options.repeat} runs in turn."
        ),
        tables=[Table(COLUMNS, rows)],
        targets=[target],
    )

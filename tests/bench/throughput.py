"""One busy room: what a server delivers, how late, and at what cost, beside its peers.

Rounds are interleaved (A B C, A B C), so that a machine that is slow for a while is slow for all.
"""

from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from . import driver, layout
from .contenders import Contender, Running, chosen
from .options import Options
from .report import Cell, Plot, Section, Table, Target
from .wire import BODY_BYTES

NAME = "throughput"
# A load that eats its whole core measures itself.
SATURATED = 0.97
# A start may fail on a busy machine; one that fails twice is left out of the other rounds.
FAILURES = 2


@dataclass(frozen=True)
class Run:
    """One contender with w messages in flight, once. `sent` are the deliveries that were asked for
    from the warm-up on, `missing` those of them that did not come."""

    contender: str
    in_flight: int
    seconds: float
    deliveries: int
    deliveries_per_second: int
    messages_per_second: float
    messages_per_frame: float | None
    bytes_per_delivery: float | None
    load_busy: float
    p50_ms: float | None
    p99_ms: float | None
    server_cpu_seconds: float
    server_mb: float
    sent: int
    missing: int
    refused: int

    @property
    def cpu_per_million(self) -> float | None:
        return self.server_cpu_seconds / self.deliveries * 1e6 if self.deliveries else None


def run(options: Options) -> Section:
    runs: list[Run] = []
    failed: dict[str, list[str]] = {}
    contenders = chosen(options)
    able = [each for each in contenders if not each.missing()]
    for number in range(options.repeat):
        for contender in able:
            if len(failed.get(contender.name, [])) == FAILURES:
                continue
            print(f"  round {number + 1}: {contender.title}", flush=True)
            try:
                with contender.start(options) as running:
                    runs += measured(contender, running, options)
            except (driver.LoadFailed, AssertionError, OSError) as error:
                words = (str(error) or type(error).__name__).splitlines()[0][:200]
                failed.setdefault(contender.name, []).append(words)
                print(f"    failed: {error}", flush=True)
    return section(options, contenders, runs, failed)


def measured(contender: Contender, running: Running, options: Options) -> list[Run]:
    """All values of w on the same connections."""
    arguments = ["--wire", contender.wire, "--port", str(running.port)]
    arguments += ["--members", str(options.members), "--seconds", str(options.seconds)]
    arguments += ["--in-flight", *map(str, options.in_flight)]
    if running.tokens is not None:
        arguments += ["--tokens", str(running.tokens)]
    limit = 90 + (options.seconds + 35) * len(options.in_flight)
    runs: list[Run] = []
    before = 0.0
    end: dict[str, Any] = {}
    for event in driver.events("tests.bench.load", arguments, limit):
        what = event.pop("what")
        if what == "begin":
            before = layout.cpu_seconds(running.pids)
        elif what == "end":
            end = event
            end["server_cpu_seconds"] = round(layout.cpu_seconds(running.pids) - before, 3)
            end["server_mb"] = round(layout.resident_bytes(running.pids) / 1e6, 1)
        elif what == "drained":
            end |= event
            runs.append(Run(contender=contender.name, **end))
    return runs


# Showing ------------------------------------------------------------------------------------------

TEXT = """One room, {members} members, each connected by a WebSocket of its own; w messages of
{body} bytes are in flight: a new one is sent when an old one has reached all members, by every
member in turn. {layout}. {numbers} A latency is from before the sender's write to after the read
of a member, at one member in ten. Server memory and CPU time are those of all its processes, Redis
and database included. Bytes are those that a member reads for a message, with all that surrounds
its text. What a server says of a message is its own choice: Parley tells who wrote it, when, its
number and its HTML.

Parley commits every message to its database before it tells it, gives it a number in the room's
order, renders it, and can send it again to whoever was away. None of the others stores anything.
SQLite writes its log without waiting for the disk at each commit (WAL, `synchronous=NORMAL`);
PostgreSQL, where it was measured, waits.
"""


def section(
    options: Options, contenders: list[Contender], runs: list[Run], failed: dict[str, list[str]]
) -> Section:
    place = layout.described()
    text = TEXT.format(
        members=options.members,
        body=BODY_BYTES,
        layout=place[0].upper() + place[1:],
        numbers=(
            f"Each number is the median of {options.repeat} runs of {options.seconds:g} s, with the"
            " least and the most deliveries of them in brackets."
            if options.repeat > 1
            else f"Each number is of one run of {options.seconds:g} s."
        ),
    )
    ran = [each for each in contenders if any(run.contender == each.name for run in runs)]
    tables = [table(each, ran, runs) for each in options.in_flight]
    tables.append(what_ran(contenders, runs, failed))
    return Section(
        title="Throughput of one room",
        text=text,
        tables=tables,
        targets=targets(options, runs),
        plots=plots(options, ran, runs),
        raw=[asdict(run) for run in runs],
    )


COLUMNS = [
    "server",
    "deliveries/s",
    "p50 ms",
    "p99 ms",
    "messages/frame",
    "bytes/delivery",
    "CPU s per million",
    "server MB",
    "load's core",
]


def table(in_flight: int, ran: list[Contender], runs: list[Run]) -> Table:
    rows: list[list[Cell]] = []
    for contender in ran:
        mine = [r for r in runs if r.contender == contender.name and r.in_flight == in_flight]
        if not mine:
            continue
        rates = [r.deliveries_per_second for r in mine]
        spread = f" ({min(rates):,}–{max(rates):,})" if len(rates) > 1 else ""
        rows.append(
            [
                contender.title,
                f"{middle(mine, 'deliveries_per_second'):,.0f}{spread}",
                middle(mine, "p50_ms"),
                middle(mine, "p99_ms"),
                middle(mine, "messages_per_frame"),
                middle(mine, "bytes_per_delivery"),
                middle(mine, "cpu_per_million"),
                middle(mine, "server_mb"),
                f"{middle(mine, 'load_busy') or 0:.0%}",
            ]
        )
    return Table(COLUMNS, rows, f"{in_flight} in flight")


def middle(runs: list[Run], what: str) -> float | None:
    values = [getattr(run, what) for run in runs if getattr(run, what) is not None]
    return float(median(values)) if values else None


def what_ran(contenders: list[Contender], runs: list[Run], failed: dict[str, list[str]]) -> Table:
    """What was measured, and everything about it that a fast number might hide."""
    rows: list[list[Cell]] = []
    for contender in contenders:
        mine = [run for run in runs if run.contender == contender.name]
        lacking = contender.missing()
        notes = [f"missing here: {lacking}"] if lacking else []
        if contender.name in failed:
            notes.append(f"failed: {failed[contender.name][-1]}")
        if refused := sum(run.refused for run in mine):
            notes.append(f"{refused:,} commands were refused, so its numbers are not valid")
        if lost := sum(run.missing for run in mine):
            notes.append(f"{lost:,} deliveries were still missing when the load stopped waiting")
        if any(run.load_busy > SATURATED for run in mine):
            notes.append("the load's core was full, so it may be faster than measured")
        count = sum(run.deliveries for run in mine)
        words = "; ".join(notes) or "every delivery came"
        rows.append([contender.title, "" if lacking else contender.version(), count, words])
    return Table(["server", "version", "deliveries counted", "notes"], rows, "What ran")


def plots(options: Options, ran: list[Contender], runs: list[Run]) -> list[Plot]:
    if not runs:
        return []

    def series(what: str) -> dict[str, list[tuple[float, float]]]:
        found: dict[str, list[tuple[float, float]]] = {}
        for contender in ran:
            for w in options.in_flight:
                mine = [r for r in runs if r.contender == contender.name and r.in_flight == w]
                value = middle(mine, what)
                if value:
                    found.setdefault(contender.title, []).append((w, value))
        return found

    return [
        Plot(
            name="throughput",
            title=f"Deliveries a second, {options.members} members",
            x_label="messages in flight",
            y_label="deliveries/s",
            series=series("deliveries_per_second"),
            kind="bars",
            log_y=True,
        ),
        Plot(
            name="latency",
            title=f"99 of 100 deliveries are faster than, {options.members} members",
            x_label="messages in flight",
            y_label="ms",
            series=series("p99_ms"),
            kind="bars",
            log_y=True,
        ),
    ]


# Targets ------------------------------------------------------------------------------------------

# In flight, peer, at least so many times its deliveries a second.
RATIOS = [
    (1, "socketio", "Socket.IO", 1.0),
    (1, "channels-core", "the Channels tutorial", 25.0),
    (8, "socketio", "Socket.IO", 4.0),
    (8, "nats", "NATS", 1.0),
    (64, "socketio", "Socket.IO", 12.0),
    (64, "nats", "NATS", 0.5),
]
P99_MS = 100.0
P99_IN_FLIGHT = 64


def targets(options: Options, runs: list[Run]) -> list[Target]:
    def of(name: str, w: int) -> list[Run]:
        return [run for run in runs if run.contender == name and run.in_flight == w]

    found = []
    for w, peer, title, wanted in RATIOS:
        ours, theirs = of("parley", w), of(peer, w)
        what = f"deliveries/s with {w} in flight, beside {title}"
        asked = f"≥ {wanted:g} ×"
        mine = middle(ours, "deliveries_per_second")
        other = middle(theirs, "deliveries_per_second")
        if not mine or not other:
            why = "not measured in this run"
            found.append(Target(what, asked, "–", None, why))
            continue
        ratio = mine / other
        measured_as = f"{ratio:.2f} × ({mine:,.0f} to {other:,.0f})"
        found.append(Target(what, asked, measured_as, *judged(ratio >= wanted, ours)))
    late = middle(of("parley", P99_IN_FLIGHT), "p99_ms")
    what = f"p99 with {P99_IN_FLIGHT} in flight"
    if late is None:
        found.append(Target(what, f"≤ {P99_MS:g} ms", "–", None, "not measured in this run"))
    else:
        verdict = judged(late <= P99_MS, of("parley", P99_IN_FLIGHT))
        found.append(Target(what, f"≤ {P99_MS:g} ms", f"{late:.1f} ms", *verdict))
    return found


def judged(good: bool, ours: list[Run]) -> tuple[bool | None, str]:
    """Runs of ours that went wrong say nothing."""
    if any(run.refused or run.missing for run in ours):
        return None, "deliveries were refused or did not come"
    if not layout.SEPARATE:
        return None, "server and load share a core"
    return good, ""

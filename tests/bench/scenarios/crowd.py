"""One room with thousands of people, and small rooms in the same process that should not notice.

Two loads: the crowd's, which the system runs only when nobody else wants the core, and that of the
small rooms, whose latencies are taken. The crowd talks at a steady rate, as people do; flat out,
everything is slower, and that is shown beside it without being judged.
"""

from typing import Any

from tests.bench.options import Options
from tests.bench.report import Section, Table, Target

from .people import settle
from .server import serving, sound, talkers

SMALL_ROOMS, SMALL_MEMBERS, SMALL_RATE = 20, 5, 2.0
CROWD_RATE = 5.0
WANTED = 3.0


def run(options: Options) -> Section:
    size = 1_000 if options.quick else 5_000
    seconds = 4.0 if options.quick else 20.0
    members = {"crowd": list(range(size))}
    for number in range(SMALL_ROOMS):
        first = size + number * SMALL_MEMBERS
        members[f"small-{number}"] = list(range(first, first + SMALL_MEMBERS))
    ways: list[tuple[str, dict[str, float]]] = [
        (f"crowd at {CROWD_RATE:g} messages/s", {"rate": CROWD_RATE}),
        ("crowd flat out, 8 messages in flight", {"in_flight": 8}),
    ]
    with serving() as site:
        people = settle(site, members)
        rooms = {slug: [people[number] for number in them] for slug, them in members.items()}
        crowd = rooms.pop("crowd")
        with talkers(site.port) as few, talkers(site.port, nice=19, sample=10) as many:
            few.ask("settle", rooms=rooms)
            alone = sound("small rooms", few.ask("measure", seconds=seconds, rate=SMALL_RATE))
            rows = [row("no crowd", alone, None)]
            p99 = [alone["p99_ms"]]
            many.ask("settle", rooms={"crowd": crowd})
            for name, way in ways:
                # Longer than the small rooms' measure, so that all of that is with the crowd.
                many.begin("measure", seconds=seconds * 1.2, **way)
                beside = sound(name, few.ask("measure", seconds=seconds, rate=SMALL_RATE))
                rows.append(row(name, beside, sound(name, many.end("measure"))))
                p99.append(beside["p99_ms"])
    return Section(
        title="A crowd beside small rooms",
        text=(
            f"{size:,} people in one room, and in the same process {SMALL_ROOMS} rooms of "
            f"{SMALL_MEMBERS}, each with {SMALL_RATE:g} messages a second. The latencies are "
            f"those of the small rooms. Flat out is shown and not judged."
        ),
        tables=[Table(["", "p50 ms", "p99 ms", "worst ms", "crowd's deliveries/s"], rows)],
        targets=[
            Target(
                what="p99 of small rooms beside a busy crowd, to without",
                wanted=f"≤ {WANTED:g} ×",
                measured=f"{p99[1] / p99[0]:.1f} ×",
                met=p99[1] <= WANTED * p99[0],
            )
        ],
    )


def row(name: str, small: dict[str, Any], crowd: dict[str, Any] | None) -> list[Any]:
    heard = round(crowd["per_second"]) if crowd else 0
    latencies = [round(small[key], 1) for key in ("p50_ms", "p99_ms", "worst_ms")]
    return [name, *latencies, heard]

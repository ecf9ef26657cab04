"""Coming in as a browser does: session cookie, may this person see the room, subscribe."""

from statistics import median
from typing import Any

from tests.bench import layout
from tests.bench.options import Options
from tests.bench.report import Section, Table, Target

from .people import settle
from .server import serving, talkers

AT_ONCE = 50
WANTED = 400.0


def run(options: Options) -> Section:
    people = 400 if options.quick else 3_000
    repeat = 1 if options.quick else options.repeat
    # Private rooms, so that there is something to check.
    ways = {
        f"{people // 20} rooms of 20": {
            f"team-{number}": list(range(number * 20, number * 20 + 20))
            for number in range(people // 20)
        },
        f"one room of {people:,}": {"hall": list(range(people))},
    }
    rows: list[list[Any]] = []
    for name, members in ways.items():
        runs = [measure(members) for _ in range(repeat)]
        rows.append([name, *(median(run[key] for run in runs) for key in runs[0])])
    rate = rows[0][1]
    return Section(
        title="Connecting",
        text=(
            f"{people:,} people come with a session cookie, {AT_ONCE} at a time on their way: "
            "WebSocket handshake, session and user looked up, greeted, membership of a private "
            "room checked, subscribed and answered. The time of one is from its first packet to "
            "that answer, with all the others on the way."
        ),
        tables=[Table(["", "a second", "p50 ms", "p99 ms", "server's CPU ms each"], rows)],
        targets=[
            Target(
                what="connecting and subscribing with a cookie, server on one core",
                wanted=f"≥ {WANTED:g}/s",
                measured=f"{rate:,.0f}/s",
                met=rate >= WANTED,
            )
        ],
    )


def measure(members: dict[str, list[int]]) -> dict[str, float]:
    with serving() as site:
        them = settle(site, members, private=True, cookies=True)
        # What is loaded at the first connection is not what a connection costs.
        first, *_ = members
        rooms = {slug: [them[number] for number in numbers] for slug, numbers in members.items()}
        serves = [site.web.pid, site.redis.pid]
        with talkers(site.port) as load:
            load.ask("settle", rooms={first: rooms[first][:20]})
            load.ask("vanish")
            before = layout.cpu_seconds(serves)
            found = load.ask("settle", rooms=rooms, at_once=AT_ONCE)
            spent = layout.cpu_seconds(serves) - before
    count = sum(map(len, rooms.values()))
    return {
        "rate": count / found["seconds"],
        "p50_ms": found["p50_ms"],
        "p99_ms": found["p99_ms"],
        "cpu_ms": spent / count * 1e3,
    }

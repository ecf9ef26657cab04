"""Ten thousand people who listen and say nothing: what one of them costs."""

from typing import Any

from tests.bench.options import Options
from tests.bench.report import Section, Table, Target

from .people import settle
from .server import memory, serving, talkers

ROOMS, TABS = 100, 20
WANTED = 30_000


def run(options: Options) -> Section:
    connections = 1_000 if options.quick else 10_000
    users = connections // TABS
    rooms = min(ROOMS, users)
    members = {f"room-{each}": list(range(each, users, rooms)) for each in range(rooms)}
    with serving({"PARLEY_CONNECTIONS_PER_USER": str(TABS)}) as site:
        people = settle(site, members)
        listeners = {
            slug: [people[number] for number in numbers for _ in range(TABS)]
            for slug, numbers in members.items()
        }
        with talkers(site.port) as load:
            # What is loaded at the first connections is not what a connection costs.
            load.ask("settle", rooms={slug: them[:1] for slug, them in listeners.items()})
            load.ask("vanish")
            load.ask("rest", seconds=3)
            before = memory(site)
            came = load.ask("settle", rooms=listeners, seconds=240)
            load.ask("rest", seconds=5)
            after = memory(site)
    each = {name: (after[name] - before[name]) / connections for name in before}
    names = {"rss": "resident", "pss": "proportional", "uss": "its own"}
    rows: list[list[Any]] = [
        [names[name], before[name] / 1e6, after[name] / 1e6, each[name] / 1e3] for name in names
    ]
    return Section(
        title="Idle connections",
        text=(
            f"{connections:,} connections of {users:,} people, {TABS} each, subscribed to "
            f"{rooms} rooms; they came within {came['seconds']:.0f} s. Memory of the web process "
            "by the system's three ways of counting; what the kernel keeps for a socket is in "
            "none of them."
        ),
        tables=[Table(["memory", "before MB", "with them MB", "KB a connection"], rows)],
        targets=[
            Target(
                what=f"memory of an idle connection, at {connections:,}",
                wanted=f"≤ {WANTED / 1e3:g} KB",
                measured=f"{max(each.values()) / 1e3:.1f} KB",
                met=max(each.values()) <= WANTED,
            )
        ],
    )

"""Sums over processes, the worst of all connections, and where a connection says it comes from."""

from typing import Any

import msgpack

from rooms.live.commands.connection_report import ConnectionReport, Count, Seen
from rooms.live.delivery.origin import AGENT_CHARACTERS, Origin, headers_of


def seen(connection: str, **facts: Any) -> Seen:
    blank: dict[str, Any] = dict.fromkeys(Seen.__dataclass_fields__, "")
    numbers = {"user": 1, "behind": 0, "waiting": 0, "held": 0, "since": 0.0, "subscriptions": 0}
    return Seen(
        **{**blank, **numbers, "stalled": None, "rooms": [], "connection": connection, **facts}
    )


def count(process: str, *connections: Seen, **facts: Any) -> Count:
    numbers = {name: 0 for name in Count.__dataclass_fields__}
    rest = {"people": [], "rooms": [], "since": 0.0, "seen": list(connections), **facts}
    return Count(**{**numbers, "process": process, "label": process, **rest})


def test_numbers_are_added_and_people_on_two_processes_are_counted_once() -> None:
    report = ConnectionReport(
        [
            count("a", connections=3, held=10, people=[1, 2], rooms=[7]),
            count("b", connections=2, held=5, people=[2, 3], rooms=[7]),
        ]
    )
    assert report.total("connections") == 5
    assert report.total("held") == 15
    assert report.different("people") == 3
    assert report.different("rooms") == 1


def test_the_worst_of_all_processes_come_first() -> None:
    report = ConnectionReport(
        [
            count(
                "a", seen("fine", since=1.0), seen("behind", behind=900), seen("late", since=2.0)
            ),
            count("b", seen("full", held=70_000), seen("stalled", stalled=12.0)),
        ]
    )
    order = ["stalled", "behind", "full", "fine", "late"]
    assert [each.connection for each in report.worst(10)] == order
    assert [each.connection for each in report.worst(2)] == order[:2]


def test_a_count_survives_the_way_over_the_layer() -> None:
    sent = count("a", seen("one", behind=3, rooms=[("lobby", 3)]), people=[1], rooms=[7])
    got = Count.of(msgpack.unpackb(msgpack.packb(sent.told())))
    assert [list(room) for room in got.seen[0].rooms] == [["lobby", 3]]
    assert got.people == [1] and got.seen[0].behind == 3


def test_an_origin_is_read_from_the_scope_and_bounded(settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    scope = {
        "client": ["127.0.0.1", 5],
        "headers": [
            (b"x-forwarded-for", b"10.0.0.1, 203.0.113.9"),
            (b"user-agent", b"\xff" * 999),
        ],
    }

    def of(scope: dict[str, Any]) -> Origin:
        return Origin.of(scope, headers_of(scope))

    origin = of(scope)
    assert (origin.address, origin.forwarded) == ("127.0.0.1", "203.0.113.9")
    assert len(origin.agent) == AGENT_CHARACTERS
    long = of({"client": None, "headers": [(b"x-forwarded-for", b"9" * 999)]})
    assert (long.address, long.forwarded) == ("", "")
    settings.TRUSTED_PROXIES = 0
    assert of(scope).forwarded == "", "anybody can write this header"

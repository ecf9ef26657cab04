"""Who is connected, counted: what one process tells of its connections, and all of them together.

Values and arithmetic only; `process_query` asks and answers with them, `admin.connections` shows
them. They travel over the channel layer as plain dicts.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rooms.live.delivery.connection import Connection

# What a process lists: with these bounds an answer stays under some 300 KB. The sums are of all.
MOST_CONNECTIONS = 500
ROOMS_PER_CONNECTION = 8
# People and rooms are listed by id, so that one on two processes counts once. More than a process
# has connections.
MOST_COUNTED_IDS = 50_000


@dataclass(frozen=True)
class Question:
    """`user`: a part of a name, in any case. `room`: the whole of a slug. Empty: all."""

    user: str = ""
    room: str = ""
    most: int = MOST_CONNECTIONS

    def matches(self, connection: Connection) -> bool:
        if self.room and self.room not in connection.subscriptions:
            return False
        wanted = self.user.casefold()
        user = connection.user
        return wanted in user.name.casefold() or wanted in user.get_username().casefold()


@dataclass(frozen=True)
class Seen:
    """One connection. `rooms` are [slug, events behind], those furthest behind first; `waiting`
    is what its send buffer holds in bytes, `held` what the transport does; `stalled` is for how
    many seconds its client has taken nothing although something is held."""

    process: str
    label: str
    connection: str
    user: int
    name: str
    username: str
    token: int | None
    rooms: list[tuple[str, int]]
    subscriptions: int
    behind: int
    waiting: int
    held: int
    stalled: float | None
    since: float
    address: str
    forwarded: str
    agent: str


@dataclass(frozen=True)
class Count:
    """What one process answers: sums over all its connections, and the worst of those asked for."""

    process: str
    label: str
    since: float
    connections: int
    matching: int
    subscriptions: int
    lagging: int
    waiting: int
    held: int
    people: list[int]
    rooms: list[int]
    seen: list[Seen]

    def told(self) -> dict[str, Any]:
        """For the layer. `asdict` would copy every number, and hold up the loop for it."""
        return {**vars(self), "seen": [vars(each) for each in self.seen]}

    @classmethod
    def of(cls, told: dict[str, Any]) -> Count:
        fields = {name: told[name] for name in cls.__dataclass_fields__}
        return cls(**{**fields, "seen": [Seen(**each) for each in told["seen"]]})


@dataclass(frozen=True)
class Missing:
    """A process that was there and did not answer this time."""

    label: str
    seconds: float


@dataclass(frozen=True)
class ConnectionReport:
    counts: list[Count]
    missing: list[Missing] = field(default_factory=list)

    def total(self, name: str) -> int:
        """A sum over the processes: "connections", "held", …"""
        return sum(getattr(count, name) for count in self.counts)

    def different(self, name: str) -> int:
        """How many "people" or "rooms" there are in all of them together."""
        return len({number for count in self.counts for number in getattr(count, name)})

    def worst(self, most: int) -> list[Seen]:
        """Those furthest behind first, then those with most bytes before them."""
        everybody: Iterable[Seen] = (seen for count in self.counts for seen in count.seen)
        return heapq.nsmallest(most, everybody, key=lambda seen: (*rank(seen), seen.since))


def rank(seen: Seen) -> tuple[float, int, int]:
    return -(seen.stalled or 0.0), -seen.behind, -(seen.held + seen.waiting)


class Headcount:
    """Counts one connection after the other, so that the loop may do other things in between."""

    def __init__(self, question: Question, process: str, label: str, now: float) -> None:
        self._question = question
        self._process = process
        self._label = label
        self._now = now
        self._most = min(question.most, MOST_CONNECTIONS)
        self._connections = self._matching = self._subscriptions = 0
        self._lagging = self._waiting = self._held = 0
        self._people: set[int] = set()
        self._rooms: set[int] = set()
        self._worst: list[tuple[tuple[float, ...], int, Connection]] = []

    def add(self, connection: Connection) -> None:
        behind = 0
        for subscription in connection.subscriptions.values():
            behind = max(behind, subscription.feed.head - subscription.seq)
            if len(self._rooms) < MOST_COUNTED_IDS:
                self._rooms.add(subscription.feed.room_id)
        held = connection.sink.held()
        waiting = waiting_bytes(connection)
        self._connections += 1
        self._subscriptions += len(connection.subscriptions)
        self._lagging += held > 0
        self._held += held
        self._waiting += waiting
        if len(self._people) < MOST_COUNTED_IDS:
            self._people.add(connection.user.pk)
        if self._question.matches(connection):
            self._matching += 1
            order = (self._stalled(connection) or 0.0, behind, held + waiting)
            item = ((*order, -connection.origin.since), self._matching, connection)
            if len(self._worst) < self._most:
                heapq.heappush(self._worst, item)
            else:
                heapq.heappushpop(self._worst, item)

    def _stalled(self, connection: Connection) -> float | None:
        since = connection.stalled_since
        return None if since is None else round(self._now - since, 1)

    def count(self, since: float) -> Count:
        return Count(
            process=self._process,
            label=self._label,
            since=since,
            connections=self._connections,
            matching=self._matching,
            subscriptions=self._subscriptions,
            lagging=self._lagging,
            waiting=self._waiting,
            held=self._held,
            people=sorted(self._people),
            rooms=sorted(self._rooms),
            seen=[self._see(each) for _, _, each in sorted(self._worst, reverse=True)],
        )

    def _see(self, connection: Connection) -> Seen:
        rooms = [
            (slug, max(0, each.feed.head - each.seq))
            for slug, each in connection.subscriptions.items()
        ]
        # The room that was asked for is always among them.
        rooms.sort(key=lambda room: (room[0] != self._question.room, -room[1], room[0]))
        return Seen(
            process=self._process,
            label=self._label,
            connection=connection.id,
            user=connection.user.pk,
            name=connection.user.name,
            username=connection.user.get_username(),
            token=connection.caller.token_id,
            rooms=rooms[:ROOMS_PER_CONNECTION],
            subscriptions=len(rooms),
            behind=max((behind for _, behind in rooms), default=0),
            waiting=waiting_bytes(connection),
            held=connection.sink.held(),
            stalled=self._stalled(connection),
            since=connection.origin.since,
            address=connection.origin.address,
            forwarded=connection.origin.forwarded,
            agent=connection.origin.agent,
        )


def waiting_bytes(connection: Connection) -> int:
    return connection.buffer.control_bytes + connection.buffer.ephemeral_bytes

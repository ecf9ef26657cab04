"""What goes round a large room: with whom a frame waits, and that nobody waits for long."""

import asyncio
import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from rooms.core.credentials import Caller
from rooms.live.delivery import fanout
from rooms.live.delivery.connection import Connection
from rooms.live.delivery.feed import Feed
from rooms.live.delivery.sendbuffer import EPHEMERAL_KEYS
from rooms.live.node import Node
from tests.support.ends import ROOM, event
from tests.support.virtual import VirtualLoop

# Of the clock, each time that somebody looks at it.
STEP = 0.003


class Socket:
    """Takes everything, and keeps what it was given."""

    writable = True

    def __init__(self) -> None:
        self.frames: list[list[dict[str, Any]]] = []

    def write(self, frame: Any) -> None:
        self.frames.append(json.loads(frame.payload))

    def held(self) -> int:
        return 0

    def taken(self) -> int:
        return 0

    def close(self, code: int, reason: str) -> None:
        raise AssertionError(reason)

    @property
    def seqs(self) -> list[list[int]]:
        return [[item["seq"] for item in frame] for frame in self.frames]


class Clock(VirtualLoop):
    """A loop on which going through a room takes time."""

    step = 0.0

    def time(self) -> float:
        self.now += self.step
        return self.now


class Room:
    def __init__(self, members: int) -> None:
        self.loop = Clock()
        asyncio.set_event_loop(self.loop)
        self.node = Node(self.loop)
        self.hub = self.node.hub
        self.feed = Feed(ROOM, "lobby", 0, 100, 100_000)
        self.hub.feeds[ROOM] = self.feed
        self.sockets = [Socket() for _ in range(members)]
        for number, socket in enumerate(self.sockets):
            user: Any = SimpleNamespace(pk=number, name="Ana")
            connection = Connection(self.node, socket, Caller(user))
            self.hub.subscribe(connection, self.feed, 0)

    def hear(self, first: int, last: int) -> None:
        events = [event(seq, 10) for seq in range(first, last + 1)]
        self.hub._hear_events({"room": ROOM, "first": first, "last": last, "events": events})

    def close(self) -> None:
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.turn(3)
        asyncio.set_event_loop(None)
        self.loop.close()


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setattr(fanout, "MEMBERS_PER_CLOCK_CHECK", 1)
    room = Room(3)
    # People come and go by other ways than these.
    room.hub.presence.changed = lambda room_id: None  # type: ignore[method-assign]
    yield room
    room.close()


def round_under_way(room: Room) -> None:
    """The first event goes round, slowly enough to wait for others after it."""
    room.loop.step = STEP
    room.hear(1, 1)
    room.loop.turn(2)
    assert [len(each.frames) for each in room.sockets] != [1, 1, 1], "it is round already"


def turn_until(room: Room, condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        room.loop.turn()
    raise AssertionError("it does not happen")


def finish(room: Room) -> None:
    turn_until(room, lambda: room.feed not in room.hub.fanout._under_way)


def gather(room: Room) -> None:
    """The round ends, and the next waits. From here on time stands still."""
    turn_until(room, lambda: room.feed in room.hub.fanout._gathering)
    room.loop.step = 0.0


def test_what_arrives_during_a_round_goes_in_the_next_together(room: Room) -> None:
    round_under_way(room)
    room.hear(2, 2)
    room.hear(3, 4)
    finish(room)
    assert [each.seqs for each in room.sockets] == [[[1], [2, 3, 4]]] * 3


def test_a_post_on_its_way_is_waited_for(room: Room) -> None:
    round_under_way(room)
    room.hear(2, 2)
    room.feed.posted += 1
    gather(room)
    room.hub.fanout.answered(room.feed, 3)
    room.loop.turn(5)
    # Written it is; nobody has heard of it yet.
    assert [each.seqs for each in room.sockets] == [[[1]]] * 3
    room.hear(3, 3)
    finish(room)
    assert [each.seqs for each in room.sockets] == [[[1], [2, 3]]] * 3


def test_a_post_that_is_refused_is_not_waited_for_longer(room: Room) -> None:
    round_under_way(room)
    room.hear(2, 2)
    room.feed.posted += 1
    gather(room)
    before = room.loop.now
    room.hub.fanout.answered(room.feed, 0)
    finish(room)
    assert [each.seqs for each in room.sockets] == [[[1], [2]]] * 3
    assert room.loop.now == before


def test_posts_that_come_meanwhile_are_not_waited_for_too(room: Room) -> None:
    round_under_way(room)
    room.hear(2, 2)
    room.feed.posted += 1
    gather(room)
    room.feed.posted += 1
    room.hub.fanout.answered(room.feed, 2)
    room.loop.turn(5)
    assert [each.seqs for each in room.sockets][0] == [[1], [2]]


def test_nobody_is_waited_for_beyond_the_bound(room: Room) -> None:
    round_under_way(room)
    room.hear(2, 2)
    room.feed.posted += 1
    gather(room)
    room.loop.pass_time(fanout.GATHER_SECONDS)
    finish(room)
    assert [each.seqs for each in room.sockets] == [[[1], [2]]] * 3


def test_an_idle_room_is_told_at_once(room: Room) -> None:
    room.feed.posted += 1
    before = room.loop.now
    room.hear(1, 1)
    finish(room)
    assert [each.seqs for each in room.sockets] == [[[1]]] * 3
    assert room.loop.now == before


def test_of_whispers_during_a_whisper_the_last_of_each_key_goes_round(room: Room) -> None:
    room.loop.step = STEP
    whisper = room.hub.fanout.whisper
    whisper(room.feed, "a", b'{"seq":1}')
    room.loop.turn(2)
    for seq in (2, 3):
        whisper(room.feed, "a", b'{"seq":%d}' % seq)
    whisper(room.feed, "b", b'{"seq":4}')
    turn_until(room, lambda: not room.hub.fanout._whispers)
    assert [each.seqs for each in room.sockets] == [[[1], [3], [4]]] * 3


def test_whispers_that_wait_are_bounded(room: Room) -> None:
    room.loop.step = STEP
    for number in range(EPHEMERAL_KEYS * 2):
        room.hub.fanout.whisper(room.feed, f"key {number}", b'{"seq":%d}' % number)
    turn_until(room, lambda: not room.hub.fanout._whispers)
    kept = [[number] for number in range(EPHEMERAL_KEYS, EPHEMERAL_KEYS * 2)]
    assert room.sockets[0].seqs == kept


def test_a_small_room_hears_a_whisper_at_once(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "MEMBERS_PER_CLOCK_CHECK", 32)
    room.hub.fanout.whisper(room.feed, "a", b'{"seq":1}')
    assert [each.seqs for each in room.sockets] == [[[1]]] * 3

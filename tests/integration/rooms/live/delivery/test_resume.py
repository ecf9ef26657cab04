"""Coming back: from memory if possible, and else in queries counted in rooms, not in clients."""

import asyncio
from typing import Any

import pytest

from rooms.core import log_reading
from rooms.features.messages import actions as messages
from rooms.limits import Limits
from rooms.live.delivery.feed import Feed, Numbered
from rooms.live.delivery.repair import Repair
from rooms.models import Event, Room, User
from tests.support.sockets import Client, run

pytestmark = pytest.mark.django_db(transaction=True)


class Reads(list[int]):
    """Where each reading of events began. Readings wait while `gate` is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    began = Reads()
    real = Repair._read

    async def read(self: Repair, feed: Feed, after: int, *limit: Any) -> list[Numbered]:
        began.append(after)
        await began.gate.wait()
        return await real(self, feed, after, *limit)

    monkeypatch.setattr(Repair, "_read", read)
    return began


def say(user: User, room: Room, count: int, more: str = "") -> int:
    """Post so many messages while nobody listens; the room's head afterwards."""
    for start in range(0, count, 100):
        numbers = range(start, min(count, start + 100))
        bodies = [f"message {n}{more if n % 7 else ''}" for n in numbers]
        messages.post_messages([messages.Post(user, room.slug, body) for body in bodies])
    room.refresh_from_db()
    return room.last_seq


async def come_back(user: User, room: Room, reads: Reads, positions: list[int], head: int) -> None:
    """Somebody resumes at each position, all at once, and hears everything after it in order."""
    clients = [await Client.connect(user) for _ in positions]
    reads.gate.clear()
    for client, after in zip(clients, positions, strict=True):
        answer = await client.call("subscribe", room=room.slug, after=after)
        assert answer["recovered"] and answer["seq"] == head
    reads.gate.set()
    for client, after in zip(clients, positions, strict=True):
        assert await client.events(room.slug, head) == list(range(after + 1, head + 1))
        await client.leave()


def test_a_crowd_comes_back_after_a_restart_for_one_query(
    alice: User, lobby: Room, reads: Reads, settings: Any
) -> None:
    settings.PARLEY_LIMITS = Limits(connections_per_user=100)
    head = say(alice, lobby, 120)
    positions = [head - 1 - n for n in range(50)]
    run(lambda: come_back(alice, lobby, reads, positions, head))
    assert len(reads) == 1


def test_those_behind_the_tail_share_pages(
    alice: User, lobby: Room, reads: Reads, settings: Any
) -> None:
    settings.PARLEY_LIMITS = Limits(connections_per_user=100, tail_events=20)
    head = say(alice, lobby, 700)
    positions = [head - 30 - 13 * n for n in range(50)]

    async def test() -> None:
        feed_filled = [head - 5]
        await come_back(alice, lobby, reads, feed_filled, head)
        await come_back(alice, lobby, reads, positions, head)

    run(test)
    # The tail is filled once. Fifty cursors lie in four stretches of the log and pass through the
    # later ones: ten readings at most. Without sharing it is more than a hundred.
    assert len(reads) <= 11
    assert {after % 200 for after in reads[1:]} == {0}


LONG = " and so on" * 400
READ_BYTES = 40_000


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How much each reading gave. One gives about five long events."""
    given: list[int] = []
    real = log_reading.read

    def read(*args: Any) -> list[Numbered]:
        rows = real(*args)
        given.append(sum(len(data) for _, data in rows))
        return rows

    monkeypatch.setattr(log_reading, "READ_BYTES", READ_BYTES)
    monkeypatch.setattr(log_reading, "read", read)
    return given


def test_long_events_are_read_in_parts_and_come_once_in_order(
    alice: User, lobby: Room, reads: Reads, sizes: list[int], settings: Any
) -> None:
    """The last of them fill the tail; those behind it are in two stretches of the log."""
    settings.PARLEY_LIMITS = Limits(connections_per_user=100, tail_events=20)
    head = say(alice, lobby, 250, LONG)
    positions = [head - 2, head - 19, *(head - 30 - 17 * n for n in range(12))]
    run(lambda: come_back(alice, lobby, reads, positions, head))
    assert 0 < max(sizes) <= READ_BYTES + 2 * len(LONG) + 1_000
    # Some forty readings' worth lie behind the tail.
    assert len(sizes) <= 80


def test_who_reads_long_events_alone_has_few_read_in_vain(
    alice: User, lobby: Room, reads: Reads, sizes: list[int], settings: Any
) -> None:
    settings.PARLEY_LIMITS = Limits(tail_events=20)
    head = say(alice, lobby, 180, LONG)
    run(lambda: come_back(alice, lobby, reads, [head - 120], head))
    wanted = Event.objects.filter(room=lobby, seq__gt=head - 120)
    assert sum(sizes) <= 1.2 * sum(len(event.encoded) for event in wanted)


def test_coming_back_within_the_tail_reads_no_events(
    alice: User, bob: User, lobby: Room, reads: Reads
) -> None:
    async def test() -> None:
        ben = await Client.connect(bob)
        head = (await ben.call("subscribe", room="lobby"))["seq"]
        ana = await Client.connect(alice)
        await ana.call("subscribe", room="lobby")
        await ben.leave()
        for number in range(5):
            await ana.say("lobby", f"message {number}")
        await ana.events("lobby", head + 5)
        await come_back(bob, lobby, reads, [head, head + 1, head + 4], head + 5)

    run(test)
    assert reads == []

"""Who is here, over several nodes and one Redis: told together, and right again after any fault."""

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from django.conf import settings
from redis.asyncio import Redis

from rooms.core import bell, ringer
from rooms.core.credentials import Caller
from rooms.core.presence_leases import PEOPLE_PER_SCRIPT, ROOMS_PER_SCRIPT, Leases, prefix
from rooms.limits import Limits
from rooms.live.commands import session as handlers
from rooms.live.delivery import presence
from rooms.live.delivery.connection import Connection
from rooms.live.delivery.sendbuffer import Frame
from rooms.live.metrics import names as metrics
from rooms.live.node import Node
from rooms.models import Room, User
from rooms.protocol import Typing
from tests.support.sockets import Client, run
from tests.support.waiting import until_async as until

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]


class Ear:
    """A socket that takes everything."""

    writable = True

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.connection: Connection

    def write(self, frame: Frame) -> None:
        self.heard += json.loads(frame.payload)

    def held(self) -> int:
        return 0

    def taken(self) -> int:
        return len(self.heard)

    def close(self, code: int, reason: str) -> None:
        pass

    @property
    def told(self) -> list[Any]:
        """Each list, as ids, or number, of the people present, in the order it came."""
        return [
            told if isinstance(told, int) else [each["id"] for each in told]
            for told in (each["present"] for each in self.heard if each["type"] == "presence")
        ]

    async def hears(self, *users: User) -> None:
        wanted = sorted(user.pk for user in users)
        await until(lambda: self.told[-1:] == [wanted], what=f"{wanted} are present")

    def leave(self) -> None:
        self.connection.gone()


async def enter(node: Node, user: User, room: Room) -> Ear:
    ear = Ear()
    ear.connection = Connection(node, ear, Caller(user))
    node.hub.connections.add(ear.connection)
    feed = await node.hub.feed(room.pk, room.slug)
    node.hub.subscribe(ear.connection, feed, feed.head)
    return ear


def with_nodes(count: int, test: Callable[..., Coroutine[Any, Any, None]]) -> None:
    """Run `test(nodes…)`: nodes know nothing of each other but over Redis."""

    async def whole() -> None:
        first = await Node.current()
        others = [Node(first.loop) for _ in range(count - 1)]
        for node in others:
            await node.start()
        try:
            await test(first, *others)
        finally:
            # The ringer of the last one is the process's.
            for node in (first, *others):
                if not node.hub.presence._stopped:
                    await node.stop()

    run(whole)


async def crash(node: Node) -> None:
    """From here on the node says nothing more to Redis, and hears nothing."""
    await node.hub.stop()


@pytest.fixture
def short_lease(settings: Any) -> None:
    settings.PARLEY_LIMITS = Limits(presence_lease_seconds=1)


def test_nodes_show_one_list_and_a_person_at_two_is_one(
    alice: User, bob: User, lobby: Room, layer: str
) -> None:
    async def test(one: Node, two: Node) -> None:
        ana = await enter(one, alice, lobby)
        await ana.hears(alice)
        ben = await enter(two, bob, lobby)
        await ana.hears(alice, bob)
        await ben.hears(alice, bob)
        tab = await enter(one, bob, lobby)
        await until(lambda: not one.hub.feeds[lobby.pk].presence.unwritten)
        ben.leave()
        await until(lambda: not two.hub.feeds[lobby.pk].presence.unwritten)
        # Both are still here, which is no news; that Bob leaves is.
        tab.leave()
        await ana.hears(alice)
        assert ana.told == [[alice.pk], [alice.pk, bob.pk], [alice.pk]]

    with_nodes(2, test)


def test_the_first_answer_shows_who_is_in_other_processes(
    alice: User, bob: User, lobby: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "FIRST_LOOK_SECONDS", 30.0)

    async def test(one: Node, two: Node) -> None:
        ben = await enter(two, bob, lobby)
        await ben.hears(bob)
        ana = await Client.connect(alice)
        answer = await ana.call("subscribe", room="lobby")
        assert [each["id"] for each in answer["present"]] == [alice.pk, bob.pk]

    with_nodes(2, test)


@pytest.mark.usefixtures("short_lease")
def test_whoever_was_in_a_crashed_process_is_gone_after_the_lease(
    alice: User, bob: User, lobby: Room
) -> None:
    async def test(one: Node, two: Node) -> None:
        ana = await enter(one, alice, lobby)
        await enter(two, bob, lobby)
        await ana.hears(alice, bob)
        await crash(two)
        await ana.hears(alice)

    with_nodes(2, test)


def test_a_node_that_stops_gives_back_at_once(alice: User, bob: User, lobby: Room) -> None:
    async def test(one: Node, two: Node) -> None:
        ana = await enter(one, alice, lobby)
        await enter(two, bob, lobby)
        await ana.hears(alice, bob)
        await two.stop()
        ringer.attach(one._ringer)
        await ana.hears(alice)

    with_nodes(2, test)


@pytest.mark.usefixtures("short_lease")
def test_a_redis_that_forgets_is_told_again(alice: User, bob: User, lobby: Room) -> None:
    async def test(one: Node, two: Node) -> None:
        ana, ben = await enter(one, alice, lobby), await enter(two, bob, lobby)
        await ana.hears(alice, bob)
        client = Redis.from_url(settings.REDIS_URL)
        await client.flushall()

        async def both_are_in_the_list() -> bool:
            return bool(await client.hlen(f"{prefix()}room:{lobby.pk}") == 2 + 1)

        await until(both_are_in_the_list)
        await client.aclose()
        await ana.hears(alice, bob)
        await ben.hears(alice, bob)

    with_nodes(2, test)


@pytest.mark.usefixtures("short_lease")
def test_a_bell_that_was_lost_is_found_by_the_beat(
    alice: User, bob: User, lobby: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bell, "presence", lambda rooms: None)

    async def test(one: Node, two: Node) -> None:
        ana, ben = await enter(one, alice, lobby), await enter(two, bob, lobby)
        await ana.hears(alice, bob)
        await ben.hears(alice, bob)

    with_nodes(2, test)


def test_without_redis_a_process_shows_what_it_sees(
    alice: User,
    bob: User,
    lobby: Room,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    monkeypatch.setattr(presence, "REDIS_RETRY_SECONDS", 0.1)
    monkeypatch.setattr(presence, "SPACING_SECONDS", 0.1)

    async def test(one: Node) -> None:
        ana = await enter(one, alice, lobby)
        await ana.hears(alice)
        ben = await enter(one, bob, lobby)
        await ana.hears(alice, bob)
        ben.leave()
        await ana.hears(alice)

    with caplog.at_level(logging.WARNING, "rooms.live.delivery.presence"):
        with_nodes(1, test)
    assert [each.message[:16] for each in caplog.records if "resence" in each.message] == [
        "Presence is this"
    ]


@pytest.mark.usefixtures("short_lease")
def test_without_redis_what_others_said_holds_for_a_lease_and_comes_back_with_it(
    alice: User, bob: User, lobby: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "REDIS_RETRY_SECONDS", 0.1)

    async def test(one: Node, two: Node) -> None:
        ana = await enter(one, alice, lobby)
        await enter(two, bob, lobby)
        await ana.hears(alice, bob)
        real = one.hub.presence._leases.exchange

        async def away(changes: Any) -> Any:
            raise ConnectionError("no Redis")

        monkeypatch.setattr(one.hub.presence._leases, "exchange", away)
        await ana.hears(alice)
        monkeypatch.setattr(one.hub.presence._leases, "exchange", real)
        await ana.hears(alice, bob)

    with_nodes(2, test)


def test_a_crowd_that_comes_at_once_is_one_telling_and_few_scripts(
    alice: User, lobby: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchanges = count_exchanges(monkeypatch)
    crowd = 2_000

    async def test(one: Node) -> None:
        ana = await enter(one, alice, lobby)
        await ana.hears(alice)
        before = len(exchanges)
        feed = one.hub.feeds[lobby.pk]
        people = [User(pk=10_000 + number, username=f"u{number}") for number in range(crowd)]
        for each in people:
            one.hub.subscribe(Connection(one, Ear(), Caller(each)), feed, feed.head)
        await until(lambda: ana.told[-1:] == [crowd + 1])
        assert ana.told == [[alice.pk], crowd + 1]
        assert len(exchanges) - before <= crowd // PEOPLE_PER_SCRIPT + 2

    with_nodes(1, test)


def test_many_rooms_that_open_at_once_are_looked_up_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exchanges = count_exchanges(monkeypatch)

    async def test(one: Node) -> None:
        count = 3 * ROOMS_PER_SCRIPT
        await asyncio.gather(*(one.hub.presence.look(room_id) for room_id in range(count)))
        await until(lambda: sum(exchanges) >= count)
        assert len(exchanges) <= 20
        for room_id in range(count):
            one.hub.presence.forget(room_id)
        assert not one.hub.presence._rooms

    with_nodes(1, test)


def test_rounds_keep_their_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    exchanges = count_exchanges(monkeypatch)

    async def test(one: Node) -> None:
        here = one.hub.presence
        await here.look(1)
        await until(lambda: len(exchanges) == 1 and not here._talking.locked())
        monkeypatch.setattr(presence, "SPACING_SECONDS", 3600.0)
        here._hear({"rooms": [[1, "5"]]})
        await until(lambda: len(exchanges) == 2)
        for _ in range(10):
            here._hear({"rooms": [[1, "6"]]})
        assert isinstance(here._timer, asyncio.TimerHandle)
        assert here._timer.when() > one.loop.time() + 1800
        here.forget(1)

    with_nodes(1, test)


def count_exchanges(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rooms each exchange is about."""
    counts: list[int] = []
    real = Leases.exchange

    async def exchange(self: Leases, changes: Any) -> Any:
        counts.append(len(changes))
        return await real(self, changes)

    monkeypatch.setattr(Leases, "exchange", exchange)
    return counts


def test_a_room_that_closes_before_redis_knows_is_kept_until_it_does(
    alice: User, lobby: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(one: Node) -> None:
        ana = await enter(one, alice, lobby)
        await ana.hears(alice)
        ana.leave()
        del one.hub.feeds[lobby.pk]
        one.hub.presence.forget(lobby.pk)
        assert lobby.pk in one.hub.presence._rooms
        await until(lambda: lobby.pk not in one.hub.presence._rooms)
        client = Redis.from_url(settings.REDIS_URL)
        left = await client.exists(f"{prefix()}room:{lobby.pk}")
        await client.aclose()
        assert not left

    with_nodes(1, test)


def test_where_many_type_the_room_is_told_of_some(
    alice: User, lobby: Room, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PARLEY_LIMITS = Limits(typing_per_second=1)
    told: list[str] = []
    monkeypatch.setattr(bell, "whisper", lambda room, key, event: told.append(key))

    async def test(one: Node) -> None:
        await enter(one, alice, lobby)
        feed = one.hub.feeds[lobby.pk]
        before = metrics.TYPING_DROPPED._value.get()
        for number in range(50):
            typist = Connection(one, Ear(), Caller(User(pk=20_000 + number, username=f"u{number}")))
            one.hub.subscribe(typist, feed, feed.head)
            await handlers.typing(typist, Typing(type="typing", room="lobby"))
        assert 1 <= len(told) < 50
        assert metrics.TYPING_DROPPED._value.get() - before == 50 - len(told)

    with_nodes(1, test)

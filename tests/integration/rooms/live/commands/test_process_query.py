"""Two nodes, as of two processes, over the real channel layer: each tells of its
connections, and each can have one of the other's ended."""

import asyncio
from typing import Any

import pytest

from rooms.core import ringer
from rooms.core.credentials import Caller
from rooms.live.commands import process_query
from rooms.live.commands.connection_report import ROOMS_PER_CONNECTION, Question
from rooms.live.commands.process_query import ProcessQuery
from rooms.live.delivery.connection import Connection
from rooms.live.delivery.sendbuffer import Frame
from rooms.live.node import Node, _nodes
from rooms.models import Room, User
from rooms.protocol import DISCONNECTED
from tests.conftest import room
from tests.support.sockets import Client, run
from tests.support.waiting import SCALE
from tests.support.waiting import until_async as until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second is long for a process, and short for a machine that does other things as well."""
    monkeypatch.setattr(process_query, "ANSWER_SECONDS", 15.0 * SCALE)
    # Nobody but the known is waited for.
    monkeypatch.setattr(process_query, "FULL_WAIT_EVERY_SECONDS", 3600.0)


def wait_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    """For an answer that will not come."""
    monkeypatch.setattr(process_query, "ANSWER_SECONDS", 0.2)


async def own() -> ProcessQuery:
    """Of the loop's node; it waits for nobody it does not know."""
    roll = (await Node.current()).process_query
    roll._acquainted_until = float("inf")
    return roll


class Neighbour:
    """A second node on the loop, with a channel of its own. `vanish` ends it as a crash would:
    without a word."""

    def __init__(self, known: int = 1) -> None:
        self.known = known

    async def __aenter__(self) -> "Neighbour":
        self.here = await Node.current()
        self.node = Node(self.here.loop)
        await self.node.start()
        await until(lambda: self.node.hub.channel and self.here.hub.channel, what="both listen")
        await until(self._meet, what="the two know each other")
        return self

    async def _meet(self) -> bool:
        """From here on nothing that is rung gets lost."""
        both = self.here.process_query, self.node.process_query
        for roll in both:
            roll._acquainted_until = float("inf")
            roll.start()
        return len(both[0]._known) == self.known and both[0].process in both[1]._known

    async def connect(self, user: User) -> Client:
        """A client of this node."""
        _nodes[self.here.loop] = self.node
        try:
            return await Client.connect(user)
        finally:
            _nodes[self.here.loop] = self.here

    async def vanish(self) -> None:
        await self.node.hub.stop()

    async def __aexit__(self, *error: object) -> None:
        await self.node.stop()
        _nodes[self.here.loop] = self.here
        ringer.attach(self.here._ringer)


class Asleep:
    """A socket that takes nothing."""

    writable = False

    def write(self, frame: Frame) -> None:
        raise AssertionError("it is not writable")

    def held(self) -> int:
        return 5_000

    def taken(self) -> int:
        return 0

    def close(self, code: int, reason: str) -> None:
        self.code = code


def sleeper(node: Node, user: User) -> Connection:
    connection = Connection(node, Asleep(), Caller(user, session_key="s"))
    connection.clear = False
    node.hub.connections.add(connection)
    return connection


def test_both_tell_of_their_connections_and_the_sums_are_right(
    layer: str, alice: User, bob: User, lobby: Room
) -> None:
    async def look() -> None:
        async with Neighbour() as other:
            hers = await Client.connect(alice, **{"user-agent": "a browser"})
            await hers.call("subscribe", room="lobby")
            his = await other.connect(bob)
            await his.call("subscribe", room="lobby")
            again = await other.connect(alice)
            here = await Node.current()

            for node in (here, other.node):
                found = await node.process_query.report(Question())
                assert len(found.counts) == 2 and not found.missing
                assert found.total("connections") == found.total("matching") == 3
                assert found.total("subscriptions") == 2
                assert (found.different("people"), found.different("rooms")) == (2, 1)
                by_process = {count.process: count.connections for count in found.counts}
                assert by_process == {
                    here.process_query.process: 1,
                    other.node.process_query.process: 2,
                }

            found = await here.process_query.report(Question())
            (mine,) = [
                each for each in found.worst(9) if each.process == here.process_query.process
            ]
            assert (mine.name, mine.username, mine.user) == ("Alice", "alice", alice.pk)
            assert mine.agent == "a browser" and mine.token and mine.stalled is None
            assert [tuple(each) for each in mine.rooms] == [("lobby", 0)]
            assert mine.subscriptions == 1 and mine.behind == mine.held == mine.waiting == 0
            await hers.leave()
            await his.leave()
            await again.leave()

    run(look)


def test_who_is_behind_comes_first_with_the_numbers(
    layer: str, alice: User, bob: User, lobby: Room
) -> None:
    async def look() -> None:
        async with Neighbour() as other:
            talker = await Client.connect(alice)
            await talker.call("subscribe", room="lobby")

            async def fall_asleep() -> Connection:
                connection = sleeper(other.node, bob)
                feed = await other.node.hub.feed(lobby.pk, "lobby")
                other.node.hub.subscribe(connection, feed, feed.head)
                connection.answer({"type": "pong"})
                connection.stalled_since = other.node.loop.time() - 30
                return connection

            connection = await fall_asleep()
            start = connection.subscriptions["lobby"].feed.head
            for number in range(3):
                await talker.say("lobby", f"{number}")
            feed = connection.subscriptions["lobby"].feed
            await until(lambda: feed.head == start + 3, what="the other node has heard")
            awake = (await Node.current()).hub.connections
            await until(lambda: not any(each.sink.held() for each in awake), what="all is taken")

            found = await (await own()).report(Question())
            first = found.worst(1)[0]
            assert (first.name, first.behind, first.held) == ("Bob", 3, 5_000)
            assert first.waiting == len('{"type":"pong"}')
            assert first.stalled and first.stalled >= 30
            assert first.token is None
            assert found.total("lagging") == 1
            assert found.total("held") == 5_000
            await talker.leave()

    run(look)


def test_people_and_rooms_can_be_asked_for(
    layer: str, alice: User, bob: User, lobby: Room, den: Room
) -> None:
    async def look() -> None:
        async with Neighbour() as other:
            hers = await Client.connect(alice)
            for slug in ("lobby", "den"):
                await hers.call("subscribe", room=slug)
            his = await other.connect(bob)
            await his.call("subscribe", room="lobby")
            roll = await own()

            async def names(**fields: Any) -> list[str]:
                found = await roll.report(Question(**fields))
                assert found.total("connections") == 2
                assert found.total("matching") == len(found.worst(9))
                return sorted(each.name for each in found.worst(9))

            assert await names() == ["Alice", "Bob"]
            assert await names(user="LIC") == ["Alice"]
            assert await names(room="lobby") == ["Alice", "Bob"]
            assert await names(room="den") == ["Alice"]
            assert await names(room="den", user="bob") == []
            assert await names(room="lob") == []
            await hers.leave()
            await his.leave()

    run(look)


def test_an_answer_is_bounded_and_its_sums_are_not(layer: str, alice: User, bob: User) -> None:
    async def look() -> None:
        async with Neighbour() as other:
            for _ in range(process_query.COUNT_CONNECTIONS * 3):
                sleeper(other.node, bob)
            found = await (await own()).report(Question(most=7))
            assert len(found.worst(999)) == 7
            assert found.total("matching") == process_query.COUNT_CONNECTIONS * 3
            assert found.different("people") == 1

    run(look)


def test_of_many_rooms_the_one_asked_for_is_shown(alice: User) -> None:
    slugs = [f"room-{number:02}" for number in range(ROOMS_PER_CONNECTION + 3)]
    for slug in slugs:
        room(slug, alice)

    async def look() -> None:
        client = await Client.connect(alice)
        for slug in slugs:
            await client.call("subscribe", room=slug)
        roll = await own()
        (seen,) = (await roll.report(Question(room=slugs[-1]))).worst(9)
        assert seen.rooms[0][0] == slugs[-1]
        assert (len(seen.rooms), seen.subscriptions) == (ROOMS_PER_CONNECTION, len(slugs))
        await client.leave()

    run(look)


def test_counting_gives_the_loop_its_turns(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_query, "COUNT_SECONDS", 0.0)
    turns = 0

    async def tick() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def look() -> None:
        node = await Node.current()
        for _ in range(process_query.COUNT_CONNECTIONS * 50):
            sleeper(node, alice)
        ticking = asyncio.create_task(tick())
        await asyncio.sleep(0)
        before = turns
        await node.process_query._count(Question())
        assert turns - before >= 49
        ticking.cancel()

    run(look)


@pytest.mark.parametrize("where", ["here", "there"])
def test_one_connection_is_ended_and_may_come_back(
    layer: str, alice: User, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look() -> None:
        async with Neighbour() as other:
            hers = await Client.connect(alice)
            again = await Client.connect(alice)
            node = await Node.current()
            hello = await hers.find(lambda each: each["type"] == "hello")
            asking = other.node.process_query if where == "there" else node.process_query

            ended = await asking.end(node.process_query.process, hello["connection"])
            assert (ended.outcome, ended.user) == ("ended", alice.pk)
            assert await hers.closed() == DISCONNECTED.code
            (bye,) = [each for each in hers.seen if each["type"] == "bye"]
            assert bye["reconnect"] and bye["reason"] == DISCONNECTED.reason
            await hers.leave()
            await until(lambda: len(node.hub.connections) == 1, what="the other one stays")

            ended = await asking.end(node.process_query.process, hello["connection"])
            assert ended.outcome == "gone"
            wait_briefly(monkeypatch)
            nobody = await asking.end("nobody", hello["connection"])
            assert nobody.outcome == "unanswered"
            await again.leave()

    run(look)


def test_who_does_not_answer_is_named_and_who_left_is_not(
    layer: str, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look() -> None:
        roll = await own()
        async with Neighbour() as crashed:
            await crashed.vanish()
            wait_briefly(monkeypatch)
            found = await roll.report(Question())
            assert [each.label for each in found.missing] == [crashed.node.process_query.label]
            assert len(found.counts) == 1
            async with Neighbour(known=2) as other:
                name = other.node.process_query.process
                assert name in roll._known
                other.node.process_query.stop()
                await until(lambda: name not in roll._known, what="the leave was heard")

    run(look)


def test_without_redis_a_process_still_tells_of_itself(settings: Any, alice: User) -> None:
    from channels.layers import channel_layers

    async def look() -> None:
        client = await Client.connect(alice)
        roll = await own()
        found = await roll.report(Question())
        assert found.total("connections") == 1
        assert found.worst(1)[0].name == "Alice"
        await client.leave()

    config = {**settings.CHANNEL_LAYERS["default"]["CONFIG"], "hosts": ["unix:///nowhere.sock"]}
    settings.CHANNEL_LAYERS = {"default": {**settings.CHANNEL_LAYERS["default"], "CONFIG": config}}
    channel_layers.backends = {}
    run(look)


def test_one_whose_announcement_was_lost_is_found_by_waiting_for_anybody(
    layer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look() -> None:
        async with Neighbour() as other:
            roll = await own()
            monkeypatch.setattr(process_query, "ANSWER_SECONDS", 0.5)

            async def found() -> bool:
                roll._known.clear()
                assert len((await roll.report(Question())).counts) == 1
                roll._acquainted_until = 0.0
                report = await roll.report(Question())
                assert roll._acquainted_until > roll._hub.node.loop.time()
                return len(report.counts) == 2 and other.node.process_query.process in roll._known

            await until(found, what="the other answers")

    run(look)

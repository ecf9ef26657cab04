"""Bells that are lost, doubled, late or out of order, and sockets that take nothing: nothing is
lost, nothing is told twice, the order stays, the memory is bounded."""

import asyncio
import random
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer

from rooms.core import bell, event_bells, ringer
from rooms.core.credentials import Caller
from rooms.core.event_bells import EVERYONE, EventRun, bells, room_group
from rooms.features.messages import actions as messages
from rooms.features.rooms import actions as room_actions
from rooms.live.delivery.connection import Connection
from rooms.live.delivery.sendbuffer import Frame
from rooms.live.node import Node
from rooms.models import Room, User
from tests.support.sockets import Client, run
from tests.support.waiting import until_async as until

pytestmark = pytest.mark.django_db(transaction=True)


class Mischief:
    """Between the ringer and the channel layer: loses, doubles, holds back and swaps bells."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
        self.random = random.Random(seed)
        self.held: list[tuple[str, dict[str, Any]]] = []
        self.lost = 0

        class Layer:
            async def group_send(_, group: str, message: dict[str, Any]) -> None:
                for each in self.mangle(group, message):
                    await get_channel_layer().group_send(*each)

        monkeypatch.setattr(ringer, "get_channel_layer", lambda: Layer())

    def mangle(self, group: str, message: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        if message["type"] != "events":
            return [(group, message)]
        bells = [*self.held, (group, message)]
        self.held = []
        # On a slow machine many posts share a bell, and there are few to be mangled.
        choices = ["pass", "lose", "double", "hold", "empty"] if self.lost else ["lose"]
        match self.random.choice(choices):
            case "lose":
                self.lost += 1
                return bells[:-1]
            case "double":
                return [*bells, bells[-1]]
            case "hold":
                self.held = bells
                return []
            case "empty":
                return [
                    (name, {k: v for k, v in each.items() if k != "events"}) for name, each in bells
                ]
        self.random.shuffle(bells)
        return bells


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("seed", range(3))
def test_mangled_bells_lose_and_double_nothing(
    alice: User, bob: User, lobby: Room, layer: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        mischief = Mischief(monkeypatch, seed)
        ben = await Client.connect(bob)
        head = (await ben.call("subscribe", room="lobby"))["seq"]
        ana = await Client.connect(alice)
        for number in range(40):
            await ana.say("lobby", f"message {number}")
        assert await ben.events("lobby", head + 40) == list(range(head + 1, head + 41))
        assert mischief.lost

    run(test)


@pytest.mark.usefixtures("quick")
def test_a_lost_bell_is_found_without_traffic(
    alice: User, lobby: Room, layer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        ana = await Client.connect(alice)
        await ana.call("subscribe", room="lobby")
        monkeypatch.setattr(ringer.Ringer, "put_events", lambda *_: None)
        sent = await ana.say("lobby", "did you hear")
        assert await ana.events("lobby", sent["seq"]) == [sent["seq"]]

    run(test)


@pytest.mark.usefixtures("quick")
def test_a_layer_that_fails_does_not_stop_the_room(
    alice: User, lobby: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dead:
        async def group_send(self, group: str, message: dict[str, Any]) -> None:
            raise ConnectionError("no Redis")

    async def test() -> None:
        ana = await Client.connect(alice)
        head = (await ana.call("subscribe", room="lobby"))["seq"]
        monkeypatch.setattr(ringer, "get_channel_layer", lambda: Dead())
        for number in range(3):
            await ana.say("lobby", f"message {number}")
        assert await ana.events("lobby", head + 3) == [head + 1, head + 2, head + 3]

    run(test)


class Socket:
    """A sink whose reader can fall asleep: then the next frame is taken and no more."""

    def __init__(self) -> None:
        self.writable = True
        self.asleep = False
        self.frames: list[bytes] = []
        self.closed: int | None = None

    def write(self, frame: Frame) -> None:
        assert self.writable, "written to a socket that takes nothing"
        self.frames.append(frame.payload)
        self.writable = not self.asleep

    def held(self) -> int:
        return 1 if self.asleep else 0

    def taken(self) -> int:
        return len(self.frames)

    def close(self, code: int, reason: str) -> None:
        self.closed = code


async def sleeper(
    node: Node, user: User, lobby: Room, socket: Socket | None = None
) -> tuple[Connection, Socket]:
    socket = socket or Socket()
    connection = Connection(node, socket, Caller(user))
    node.hub.connections.add(connection)
    feed = await node.hub.feed(lobby.pk, lobby.slug)
    node.hub.subscribe(connection, feed, feed.head)
    return connection, socket


def seqs(frames: list[bytes]) -> list[int]:
    import json

    return [each["seq"] for frame in frames for each in json.loads(frame) if "at" in each]


def test_a_reader_that_sleeps_costs_a_number_and_gets_everything_when_it_wakes(
    alice: User, lobby: Room
) -> None:
    async def test() -> None:
        node = await Node.current()
        connection, socket = await sleeper(node, alice, lobby)
        feed = connection.subscriptions["lobby"].feed
        head = feed.head
        socket.asleep = True
        post = sync_to_async(messages.post_messages)
        for start in range(0, 900, 100):
            await post([messages.Post(alice, "lobby", f"{start + n}") for n in range(100)])
            bell.whisper(lobby.pk, "typing:1", {"type": "typing", "n": start})
        await until(lambda: feed.flushed == head + 900)
        assert len(socket.frames) == 1
        assert connection.buffer.control_bytes == 0
        assert connection.buffer.ephemeral_bytes < 200
        socket.asleep, socket.writable = False, True
        connection.on_writable()
        await until(lambda: not connection.buffer)
        assert seqs(socket.frames) == list(range(head + 1, head + 901))

    run(test)


def test_a_burst_of_large_messages_goes_out_in_frames_of_a_bounded_size(
    alice: User, lobby: Room
) -> None:
    """What a socket is given at a time is what it may hold when its reader falls asleep."""

    async def test() -> None:
        node = await Node.current()
        connection, socket = await sleeper(node, alice, lobby)
        head = connection.subscriptions["lobby"].feed.head
        post = sync_to_async(messages.post_messages)
        await post([messages.Post(alice, "lobby", "x" * 9_000) for _ in range(40)])
        await until(lambda: seqs(socket.frames)[-1:] == [head + 40])
        assert seqs(socket.frames) == list(range(head + 1, head + 41))
        assert max(map(len, socket.frames)) <= node.hub.shares.frame + 20_000

    run(test)


def test_a_socket_that_breaks_does_not_stop_the_room(alice: User, bob: User, lobby: Room) -> None:
    class Broken(Socket):
        def write(self, frame: Frame) -> None:
            raise OSError("torn")

    async def test() -> None:
        node = await Node.current()
        broken, socket = await sleeper(node, alice, lobby, Broken())
        healthy, other = await sleeper(node, bob, lobby, Socket())
        post = sync_to_async(messages.post_message)
        for text in ("one", "two"):
            await post(messages.Post(alice, "lobby", text))
        head = (await Room.objects.aget(pk=lobby.pk)).last_seq
        await until(lambda: seqs(other.frames)[-1:] == [head])
        assert broken.closed and socket.closed == 4000

    run(test)


def test_who_leaves_while_a_frame_goes_round_is_not_told_it(
    alice: User, bob: User, lobby: Room
) -> None:
    class Leaving(Socket):
        leave: Callable[[], object]

        def write(self, frame: Frame) -> None:
            super().write(frame)
            if b"for whom?" in frame.payload:
                self.leave()

    async def test() -> None:
        node = await Node.current()
        first, _ = await sleeper(node, alice, lobby, one := Leaving())
        second, _ = await sleeper(node, bob, lobby, two := Leaving())
        one.leave = lambda: node.hub.unsubscribe(second, "lobby")
        two.leave = lambda: node.hub.unsubscribe(first, "lobby")
        feed = second.subscriptions["lobby"].feed
        before = feed.head
        await sync_to_async(messages.post_message)(messages.Post(alice, "lobby", "for whom?"))
        await until(lambda: feed.flushed == before + 1)
        await until(lambda: not first.buffer and not second.buffer)
        assert sorted([len(seqs(one.frames)), len(seqs(two.frames))]) == [0, 1]

    run(test)


def test_a_reader_that_sleeps_too_long_is_sent_away(
    alice: User, lobby: Room, settings: Any
) -> None:
    from rooms.limits import Limits

    settings.PARLEY_LIMITS = Limits(stalled_seconds=0.2)

    async def test() -> None:
        node = await Node.current()
        connection, socket = await sleeper(node, alice, lobby)
        socket.asleep = True
        await sync_to_async(messages.post_message)(messages.Post(alice, "lobby", "anybody there"))
        await until(lambda: socket.closed is not None)
        assert socket.closed == 4008 and connection.closed

    run(test)


def test_heartbeats_come_when_nothing_else_does(alice: User, settings: Any) -> None:
    from rooms.limits import Limits

    settings.PARLEY_LIMITS = Limits(heartbeat_seconds=0.2)

    async def test() -> None:
        ana = await Client.connect(alice)
        await ana.find(lambda each: each["type"] == "heartbeat")

    run(test)


def test_commands_wait_while_their_answers_do_not_fit(
    alice: User, lobby: Room, settings: Any
) -> None:
    from rooms.limits import Limits
    from rooms.live.commands.dispatch import carry_out, room_for_more

    settings.PARLEY_LIMITS = Limits(send_buffer_bytes=2000)

    async def test() -> None:
        node = await Node.current()
        connection, socket = await sleeper(node, alice, lobby)
        socket.asleep = True
        done = 0

        async def ask() -> None:
            nonlocal done
            for number in range(200):
                await carry_out(connection, {"text": f'{{"id": {number}, "type": "ping"}}'})
                await room_for_more(connection)
                done += 1

        task = asyncio.ensure_future(ask())
        await until(lambda: len(socket.frames) == 1)
        for _ in range(20):
            await asyncio.sleep(0)
        assert done < 100 and connection.buffer.control_bytes < 2000
        socket.asleep, socket.writable = False, True
        connection.on_writable()
        await asyncio.wait_for(task, 10)
        await until(lambda: not connection.buffer)
        assert done == 200 and sum(frame.count(b"pong") for frame in socket.frames) == 200

    run(test)


def test_a_full_journal_says_when_to_come_back(alice: User, lobby: Room, settings: Any) -> None:
    from rooms.limits import Limits

    settings.PARLEY_LIMITS = Limits(journal_posts=5)

    async def test() -> None:
        ana = await Client.connect(alice)
        numbers = [
            await ana.post("send", room="lobby", body=f"{n}", client_id=str(UUID(int=n)))
            for n in range(200)
        ]
        answers = [await ana.find(lambda each, n=n: each.get("id") == n) for n in numbers]  # type: ignore[misc]
        busy = [each for each in answers if each["type"] == "error"]
        assert busy and len(busy) < 200
        assert all(each["code"] == "busy" and each["temporary"] for each in busy)
        assert all(each["retry_after"] > 0 for each in busy)

    run(test)


def test_what_arrives_as_a_fan_out_or_a_reading_ends_is_told(alice: User, lobby: Room) -> None:
    """An arrival between the end of a task and the word of it must not wait for the next bell."""

    async def test() -> None:
        node = await Node.current()
        connection, socket = await sleeper(node, alice, lobby)
        feed = connection.subscriptions["lobby"].feed

        def arrive(count: int) -> None:
            for _ in range(count):
                seq = feed.head + 1
                feed.apply(seq, seq, [b'{"at": 1, "seq": %d}' % seq])
                node.hub.advance(feed)

        first = feed.head + 1
        for turn in range(1, 6):
            arrive(1)
            # After `turn` more steps of the loop: at one of them the task has just ended.
            for _ in range(turn):
                await asyncio.sleep(0)
            node.loop.call_soon(arrive, 1)
            await until(lambda: feed.flushed == feed.head)
            await until(lambda: seqs(socket.frames)[-1:] == [feed.head])
        assert seqs(socket.frames) == list(range(first, feed.head + 1))

    run(test)


def test_many_rooms_that_move_at_once_share_their_bells(alice: User, bob: User, layer: str) -> None:
    slugs = [f"room-{number}" for number in range(90)]
    for slug in slugs:
        room_actions.create_room(alice, slug, slug)

    async def test() -> None:
        ben = await Client.connect(bob)
        heads = {slug: (await ben.call("subscribe", room=slug))["seq"] for slug in slugs}
        posts = [messages.Post(alice, slug, "Hello") for slug in slugs]
        await sync_to_async(messages.post_messages)(posts)
        for slug in slugs:
            assert await ben.events(slug, heads[slug] + 1) == [heads[slug] + 1]

    run(test)


def test_bells_of_many_rooms_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_bells, "LARGEST_BELL_BYTES", 1000)
    events = [EventRun(number, 1, [b"x" * 400]) for number in range(10)]
    sent = list(bells(events))
    assert {group for group, _ in sent} == {EVERYONE}
    assert [len(message["bells"]) for _, message in sent] == [2] * 5
    assert [each["room"] for _, message in sent for each in message["bells"]] == list(range(10))
    assert [group for group, _ in bells([EventRun(1, 1, [b"x"])])] == [room_group(1)]


def test_a_bell_too_large_for_the_layer_is_read_from_the_log(
    alice: User, bob: User, lobby: Room, layer: str
) -> None:
    async def test() -> None:
        ben = await Client.connect(bob)
        head = (await ben.call("subscribe", room="lobby"))["seq"]
        posts = [messages.Post(alice, "lobby", f"{number} " + "x" * 9_000) for number in range(60)]
        told = list(bells([EventRun(lobby.pk, 1, [post.body.encode() for post in posts])]))
        assert "events" not in told[0][1]
        await sync_to_async(messages.post_messages)(posts)
        assert await ben.events("lobby", head + 60) == list(range(head + 1, head + 61))

    run(test)

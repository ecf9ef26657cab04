"""Every bound on what waits to be heard, written or taken is reached, counted, and costs nobody an
event."""

import asyncio
import uuid
from typing import Any

import pytest

from rooms.limits import Limits
from rooms.live.node import Node
from rooms.models import Room, User
from tests.support.sockets import Client, counted, run
from tests.support.waiting import until_async as until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("bound", [{"inbox_bytes": 300}, {"inbox_bells": 1}])
def test_bells_that_come_too_fast_are_made_up_for(
    alice: User, bob: User, lobby: Room, den: Room, layer: str, settings: Any, bound: dict[str, Any]
) -> None:
    """Bells are thrown away, which ones is chance: events and unread counts come all the same."""
    settings.PARLEY_LIMITS = Limits(**bound)

    async def test() -> None:
        node = await Node.current()
        before = counted("parley_inbox_overflows_total")
        ana, ben = await Client.connect(alice), await Client.connect(bob)
        head = (await ben.call("subscribe", room="lobby"))["seq"]
        for number in range(20):
            await ana.say("lobby", f"message {number}")
        # Nothing but the bells themselves is to say so: hold them until two are there.
        for _ in range(3):
            node.hub._inbox.put(
                {"type": "events", "room": 0, "first": 1, "last": 1, "events": [b"x" * 50]}
            )
        assert await ben.events("lobby", head + 20) == list(range(head + 1, head + 21))
        sent = await ana.say("den", "one")
        node.hub._bells_lost()
        told = await ben.find(lambda each: each.get("type") == "unread" and each["room"] == "den")
        assert (told["unread"], told["seq"]) == (1, sent["seq"])
        assert counted("parley_inbox_overflows_total") > before
        assert len(node.hub._inbox) <= 1 and node.hub._inbox.bytes <= 600

    run(test)


def test_unread_counts_are_read_again_when_their_bells_are_lost(
    alice: User, bob: User, lobby: Room, den: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rooms.core import ringer

    async def test() -> None:
        node = await Node.current()
        ana, ben = await Client.connect(alice), await Client.connect(bob)
        await until(lambda: len(node.hub.unread_counts.people()) == 2)
        monkeypatch.setattr(ringer.Ringer, "put_activity", lambda *_: None)
        await ana.say("lobby", "did you hear")
        node.hub._bells_lost()
        told = await ben.find(lambda each: each.get("type") == "unread")
        assert (told["room"], told["unread"]) == ("lobby", 1)
        seen = len(ben.seen)
        node.hub._bells_lost()
        await until(lambda: not node.hub.repair._making_up)
        assert [each for each in ben.seen[seen:] if each["type"] == "unread"] == []

    run(test)


def test_a_full_journal_is_counted_and_takes_posts_again(
    alice: User, lobby: Room, settings: Any
) -> None:
    settings.PARLEY_LIMITS = Limits(journal_posts=3)

    async def test() -> None:
        ana = await Client.connect(alice)
        busy = counted("parley_journal_busy_total")
        written = counted("parley_journal_batch_sum")
        numbers = [
            await ana.post("send", room="lobby", body=f"{n}", client_id=str(uuid.UUID(int=n)))
            for n in range(100)
        ]
        answers = [await ana.find(lambda each, n=n: each.get("id") == n) for n in numbers]  # type: ignore[misc]
        refused = [each for each in answers if each["type"] == "error"]
        assert refused and all(each["code"] == "busy" for each in refused)
        assert counted("parley_journal_busy_total") == busy + len(refused)
        assert (await ana.say("lobby", "again"))["type"] == "sent"
        assert counted("parley_journal_batch_sum") == written + 101 - len(refused)
        assert counted("parley_journal_depth") == 0

    run(test)


class Waiting:
    """What ASGI's `send` is where the server waits for a slow socket."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.awake = asyncio.Event()

    async def __call__(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send":
            await self.awake.wait()
        self.taken.append(message)


def test_a_reader_that_sleeps_too_long_is_sent_away_behind_asgi_as_well(
    alice: User, lobby: Room, settings: Any
) -> None:
    from rooms.core.credentials import Caller
    from rooms.live.commands.asgi_sink import AsgiSink
    from rooms.live.delivery.connection import Connection

    settings.PARLEY_LIMITS = Limits(stalled_seconds=0.2)

    async def test() -> None:
        node = await Node.current()
        send = Waiting()
        sink = AsgiSink(send)
        connection = Connection(node, sink, Caller(alice))
        sink.on_writable = connection.on_writable
        node.hub.connections.add(connection)
        connection.hello()
        await until(lambda: connection.closed)
        send.awake.set()
        await until(lambda: send.taken[-1:] and send.taken[-1]["type"] == "websocket.close")
        assert send.taken[-1]["code"] == 4008

    run(test)


def test_one_page_is_read_for_many_and_none_holds_more_than_its_share(
    alice: User, lobby: Room, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers who come back at places of their own, before the tail."""
    from asgiref.sync import sync_to_async

    from rooms.core import log_reading
    from rooms.features.messages import actions as messages

    settings.PARLEY_LIMITS = Limits(tail_events=5, send_buffer_bytes=16_384)
    reads = 0
    read = log_reading.read

    def counting(*args: Any) -> Any:
        nonlocal reads
        reads += 1
        return read(*args)

    async def test() -> None:
        post = sync_to_async(messages.post_messages)
        monkeypatch.setattr(log_reading, "read", counting)
        tabs = [await Client.connect(alice) for _ in range(10)]
        await tabs[0].call("subscribe", room="lobby")
        await post([messages.Post(alice, "lobby", f"{n} " + "x" * 400) for n in range(150)])
        head = (await Room.objects.aget(pk=lobby.pk)).last_seq
        await tabs[0].events("lobby", head)
        for number, tab in enumerate(tabs):
            await tab.call("subscribe", room="lobby", after=head - 145 + number)
        for number, tab in enumerate(tabs[1:], 1):
            first = head - 144 + number
            assert await tab.events("lobby", head) == list(range(first, head + 1))
        assert 0 < reads <= 4

    run(test)

"""What is deleted is told nobody again, from no memory and from no log."""

import orjson
import pytest
from asgiref.sync import sync_to_async

from rooms.core import log_reading
from rooms.live.node import Node
from rooms.models import Event, Room, User
from tests.support.sockets import Client, run

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "s3cret-words"


def test_no_reconnecting_client_and_no_page_hears_it(
    alice: User, bob: User, lobby: Room, layer: str
) -> None:
    """From the tail in memory, and from the log when the tail begins later."""

    async def test() -> None:
        ana, ben = await Client.connect(alice), await Client.connect(bob)
        head = (await ana.call("subscribe", room="lobby"))["seq"]
        sent = await ben.say("lobby", SECRET)
        number = sent["message"]["id"]
        answer = await ben.call("edit", room="lobby", message=number, body=f"more {SECRET}")
        assert (answer["type"], answer["seq"]) == ("ok", sent["seq"] + 1)
        await ana.events("lobby", answer["seq"])
        answer = await ben.call("delete", room="lobby", message=number)
        assert (answer["type"], answer["seq"]) == ("ok", sent["seq"] + 2)
        assert await ana.events("lobby", answer["seq"]) == [*range(head + 1, answer["seq"] + 1)]
        again = await ben.call("delete", room="lobby", message=number)
        assert again["code"] == "not_found"

        async def resumed() -> None:
            late = await Client.connect(alice)
            await late.call("subscribe", room="lobby", after=head)
            await late.events("lobby", answer["seq"])
            assert SECRET not in orjson.dumps(late.seen).decode()
            told = [each for each in late.seen if "at" in each]
            assert [each["type"] for each in told] == [
                "message.created",
                "message.edited",
                "message.deleted",
            ]
            assert all(each["message"]["deleted"] for each in told)
            await late.leave()

        await resumed()
        hub = (await Node.current()).hub
        feed = hub.feeds[lobby.pk]
        told = feed.after(head, 1 << 20)
        stored = await sync_to_async(log_reading.read)(lobby.pk, "lobby", head, 100)
        assert told == [data for _, data in stored], "memory and database say the same"
        feed.filled, feed._events, feed._first = True, [], feed.head + 1
        await resumed()
        await ben.leave()
        await ana.leave()

    run(test)
    assert not Event.objects.filter(encoded__contains=SECRET).exists()

"""Commands and events over the consumer, on the real database and Redis."""

import asyncio
import uuid
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from rooms.features.members import actions as members
from rooms.features.messages import actions as messages
from rooms.live.commands import session as handlers
from rooms.live.node import Node
from rooms.models import ApiToken, Membership, Message, Room, User
from tests.support.sockets import Client, run
from tests.support.waiting import until_async as until

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_message_reaches_everybody_and_its_author_is_answered(
    alice: User, bob: User, lobby: Room, layer: str
) -> None:
    async def test() -> None:
        ana, ben = await Client.connect(alice), await Client.connect(bob)
        for client in (ana, ben):
            answer = await client.call("subscribe", room="lobby")
            assert answer["type"] == "subscribed" and answer["recovered"] is True
        sent = await ana.say("lobby", "hello **you**")
        assert (
            sent["type"] == "sent"
            and sent["message"]["html"] == "<p>hello <strong>you</strong></p>"
        )
        for client in (ana, ben):
            event = await client.find(lambda each: each.get("type") == "message.created")
            assert event["seq"] == sent["seq"] and "id" not in event
            assert event["message"] == sent["message"]

    run(test)


def test_the_same_client_id_gives_the_same_answer_and_one_message(alice: User, lobby: Room) -> None:
    async def test() -> None:
        ana = await Client.connect(alice)
        fields = {"room": "lobby", "body": "once", "client_id": str(uuid.uuid4())}
        first = await ana.call("send", **fields)
        again = await asyncio.gather(*[ana.call("send", **fields) for _ in range(3)])
        assert all(each["message"] == first["message"] for each in again)

    run(test)
    assert Message.objects.count() == 1


def test_many_writers_at_once_leave_no_hole_and_one_order(
    alice: User, bob: User, lobby: Room, layer: str
) -> None:
    async def test() -> None:
        listeners = [await Client.connect(user) for user in (alice, bob)]
        heads = [(await each.call("subscribe", room="lobby"))["seq"] for each in listeners]
        writers = [await Client.connect(user) for user in (alice, bob, alice)]
        for number in range(40):
            for writer in writers:
                await writer.post(
                    "send", room="lobby", body=f"{number}", client_id=str(uuid.uuid4())
                )
        last = heads[0] + 120
        for listener in listeners:
            assert await listener.events("lobby", last) == list(range(heads[0] + 1, last + 1))

    run(test)


def test_after_gives_what_was_missed_then_what_is_live(alice: User, lobby: Room) -> None:
    async def test() -> None:
        ana = await Client.connect(alice)
        head = (await ana.call("subscribe", room="lobby"))["seq"]
        for number in range(5):
            await ana.say("lobby", f"message {number}")
        await ana.leave()
        back = await Client.connect(alice)
        answer = await back.call("subscribe", room="lobby", after=head + 2)
        assert answer["recovered"] is True and answer["seq"] == head + 5
        await back.say("lobby", "live again")
        assert await back.events("lobby", head + 6) == [head + 3, head + 4, head + 5, head + 6]

    run(test)


@pytest.mark.usefixtures("quick")
def test_too_far_behind_says_so_and_goes_on_live(alice: User, lobby: Room) -> None:
    for number in range(60):
        messages.post_message(messages.Post(alice, "lobby", f"message {number}"))

    async def test() -> None:
        ana = await Client.connect(alice)
        answer = await ana.call("subscribe", room="lobby", after=1)
        assert answer["recovered"] is False
        sent = await ana.say("lobby", "live")
        assert await ana.events("lobby", sent["seq"]) == [sent["seq"]]

    run(test)


def test_what_was_trimmed_cannot_be_recovered(alice: User, lobby: Room) -> None:
    for number in range(5):
        messages.post_message(messages.Post(alice, "lobby", f"message {number}"))
    Room.objects.filter(pk=lobby.pk).update(trimmed_seq=4)

    async def test() -> None:
        ana = await Client.connect(alice)
        assert (await ana.call("subscribe", room="lobby", after=3))["recovered"] is False
        assert (await ana.call("subscribe", room="lobby", after=4))["recovered"] is True

    run(test)


def test_a_position_from_the_future_is_not_believed(alice: User, lobby: Room) -> None:
    async def test() -> None:
        ana = await Client.connect(alice)
        assert (await ana.call("subscribe", room="lobby", after=10_000))["recovered"] is False

    run(test)


def test_a_closed_room_does_not_exist_for_a_stranger(charlie: User, den: Room) -> None:
    async def test() -> None:
        cyd = await Client.connect(charlie)
        commands: list[dict[str, Any]] = [
            {"type": "subscribe", "room": "den"},
            {"type": "read", "room": "den", "seq": 1},
            {"type": "send", "room": "den", "body": "x", "client_id": str(uuid.uuid4())},
        ]
        for command in commands:
            answer = await cyd.call(**command)
            nowhere = await cyd.call(**{**command, "room": "nowhere"})
            assert answer["code"] == nowhere["code"] == "not_found"
            assert answer["message"].replace("den", "nowhere") == nowhere["message"]

    run(test)
    assert not Message.objects.exists()


def test_who_leaves_a_closed_room_hears_no_more_of_it(
    alice: User, bob: User, den: Room, layer: str
) -> None:
    async def test() -> None:
        ana, ben = await Client.connect(alice), await Client.connect(bob)
        for client in (ana, ben):
            await client.call("subscribe", room="den")
        await sync_to_async(members.leave)(bob, "den")
        gone = await ana.find(lambda each: each.get("type") == "member.left")
        assert gone["member"]["user"]["id"] == bob.pk
        node = await Node.current()
        await until(lambda: len(node.hub.feeds[den.pk].subscriptions) == 1)
        sent = await ana.say("den", "between us")
        await ana.events("den", sent["seq"])
        assert (await ben.call("typing", room="den"))["code"] == "not_subscribed"
        assert not any(each.get("seq") == sent["seq"] for each in ben.seen)

    run(test)


def test_speaking_in_a_public_room_joins_it(charlie: User, lobby: Room) -> None:
    async def test() -> None:
        cyd = await Client.connect(charlie)
        head = (await cyd.call("subscribe", room="lobby"))["seq"]
        await cyd.say("lobby", "hello")
        await cyd.events("lobby", head + 2)
        kinds = [each["type"] for each in cyd.seen if "at" in each]
        assert kinds == ["member.joined", "message.created"]

    run(test)
    assert Membership.objects.filter(room=lobby, user=charlie).exists()


def test_an_archived_room_is_read_only(alice: User, lobby: Room) -> None:
    Room.objects.filter(pk=lobby.pk).update(archived_at=lobby.created_at)

    async def test() -> None:
        ana = await Client.connect(alice)
        assert (await ana.call("subscribe", room="lobby"))["type"] == "subscribed"
        assert (await ana.say("lobby", "hello"))["code"] == "archived"

    run(test)


def test_typing_and_reading_are_told_and_not_kept(
    alice: User, bob: User, lobby: Room, layer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "TYPING_SECONDS", 0)

    async def test() -> None:
        ana, ben = await Client.connect(alice), await Client.connect(bob)
        assert (await ana.call("typing", room="lobby"))["code"] == "not_subscribed"
        for client in (ana, ben):
            await client.call("subscribe", room="lobby")

        async def heard() -> bool:
            # What is whispered before Redis has put this process into the room's group is gone.
            await ana.post("typing", room="lobby")
            return any(each.get("type") == "typing" for each in ben.seen)

        await until(heard)
        typing = await ben.find(lambda each: each.get("type") == "typing")
        assert typing["user"] == {"id": alice.pk, "name": alice.name}
        assert "seq" not in typing and "id" not in typing
        sent = await ana.say("lobby", "read me")
        assert (await ben.call("read", room="lobby", seq=sent["seq"]))["type"] == "ok"
        told = await ana.find(lambda each: each.get("type") == "read")
        assert told["user"]["id"] == bob.pk and told["seq"] == sent["seq"]

    run(test)
    assert Membership.objects.get(room=lobby, user=bob).read_count == 1


def test_unread_counts_reach_members_who_are_elsewhere(
    alice: User, bob: User, lobby: Room, layer: str
) -> None:
    async def test() -> None:
        ana, ben = await Client.connect(alice), await Client.connect(bob)
        await ana.call("subscribe", room="lobby")
        await ana.say("lobby", "one")
        unread = await ben.find(lambda each: each.get("type") == "unread")
        assert (unread["room"], unread["unread"]) == ("lobby", 1)
        await ben.call("read", room="lobby", seq=unread["seq"])
        await ben.find(lambda each: each.get("type") == "unread" and each["unread"] == 0)

    run(test)


def test_what_one_says_oneself_is_not_unread(alice: User, bob: User, lobby: Room) -> None:
    async def test() -> None:
        ana, elsewhere = await Client.connect(alice), await Client.connect(alice)
        await ana.call("subscribe", room="lobby")
        await ana.say("lobby", "mine")
        told = await elsewhere.find(lambda each: each.get("type") == "unread")
        assert told["unread"] == 0

    run(test)
    room = Room.objects.get(pk=lobby.pk)
    mine, his = (Membership.objects.get(room=lobby, user=user) for user in (alice, bob))
    assert (mine.read_seq, mine.read_count) == (room.last_seq, room.message_count)
    assert his.read_count == 0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "invalid"),
        ("[]", "invalid"),
        ("null", "invalid"),
        ('"send"', "invalid"),
        ("{}", "invalid"),
        ('{"id": true, "type": "ping"}', "invalid"),
        ('{"id": {}, "type": "ping"}', "invalid"),
        ('{"type": 5}', "invalid"),
        ('{"type": "fly"}', "unknown_type"),
        ('{"type": "subscribe"}', "invalid"),
        ('{"type": "subscribe", "room": 7}', "invalid"),
        ('{"type": "subscribe", "room": "lobby", "after": "1"}', "invalid"),
        ('{"type": "subscribe", "room": "lobby", "after": -1}', "invalid"),
        ('{"type": "subscribe", "room": "../etc"}', "not_found"),
        ('{"type": "subscribe", "room": "a\\u0000b"}', "not_found"),
        ('{"type": "send", "room": "lobby", "body": "x"}', "invalid"),
        ('{"type": "send", "room": "lobby", "body": "x", "client_id": "x"}', "invalid"),
        ('{"type": "send", "room": "lobby", "body": "\\ud800", "client_id": "%s"}', "invalid"),
        ('{"type": "send", "room": "lobby", "body": "a\\u0000", "client_id": "%s"}', "invalid"),
        ('{"type": "send", "room": "lobby", "body": "  ", "client_id": "%s"}', "invalid"),
        (
            '{"type": "send", "room": "lobby", "body": "x", "client_id": "%s", "reply_to": 999}',
            "not_found",
        ),
        ('{"type": "send", "room": "lobby", "body": "/fly", "client_id": "%s"}', "invalid"),
        ("x" * 70_000, "too_long"),
        ("[" * 60_000, "invalid"),
        ('{"type": "unsubscribe", "room": "lobby"}', "not_subscribed"),
    ],
)
def test_bad_input_is_answered_and_the_connection_stays(
    alice: User, lobby: Room, text: str, code: str
) -> None:
    async def test() -> None:
        ana = await Client.connect(alice)
        await ana.raw(text.replace("%s", str(uuid.uuid4())))
        error = await ana.find(lambda each: each.get("type") == "error")
        assert error["code"] == code and error["message"] and error["temporary"] is False
        assert (await ana.call("ping"))["type"] == "pong"

    run(test)
    assert not Message.objects.exists()


def test_a_long_message_is_refused_and_the_others_are_not(alice: User, lobby: Room) -> None:
    async def test() -> None:
        ana = await Client.connect(alice)
        answers = await asyncio.gather(
            ana.say("lobby", "one"), ana.say("lobby", "x" * 10_001), ana.say("lobby", "two")
        )
        assert [each.get("code", each["type"]) for each in answers] == ["sent", "too_long", "sent"]

    run(test)


def test_binary_frames_are_refused(alice: User) -> None:
    async def test() -> None:
        ana = await Client.connect(alice)
        await ana.raw(bytes=b"\x00")
        assert (await ana.find(lambda each: each.get("type") == "error"))["code"] == "invalid"

    run(test)


def test_who_is_not_logged_in_hears_why(db: None) -> None:
    async def test() -> None:
        for headers in ({}, {"authorization": "Bearer wrong"}, {"cookie": "sessionid=wrong"}):
            client = await Client.connect(None, **headers)
            assert client.first["type"] == "websocket.accept"
            assert await client.closed() == 4501
            assert client.bye["reconnect"] is False

    run(test)


def test_a_revoked_token_opens_nothing(alice: User) -> None:
    async def test() -> None:
        ana = await Client.connect(alice)
        await ana.call("ping")
        await ApiToken.objects.all().adelete()
        header = next(value for _, value in ana.communicator.scope["headers"])
        again = await Client.connect(None, authorization=header.decode())
        assert await again.closed() == 4501

    run(test)


def test_a_cookie_from_another_site_is_refused(alice: User, client: Any) -> None:
    client.force_login(alice)
    cookie = f"sessionid={client.cookies['sessionid'].value}"

    async def test() -> None:
        for origin in ("http://evil.example", "null", "http://localhost:9"):
            refused = await Client.connect(alice, cookie=cookie, host="localhost", origin=origin)
            assert refused.first["type"] == "websocket.close"
        same = await Client.connect(
            alice, cookie=cookie, host="localhost", origin="http://localhost"
        )
        assert same.first["type"] == "websocket.accept"
        hello = await same.find(lambda each: each["type"] == "hello")
        assert hello["user"]["id"] == alice.pk and hello["protocol"] == 1

    run(test)


def test_connections_that_come_and_go_leave_nothing_behind(alice: User, lobby: Room) -> None:
    async def test() -> None:
        ana = await Client.connect(alice)
        await ana.call("subscribe", room="lobby")
        await ana.leave()
        node = await Node.current()
        before = len(asyncio.all_tasks())
        for _ in range(50):
            each = await Client.connect(alice)
            await each.call("subscribe", room="lobby")
            await each.leave()
        await until(lambda: len(asyncio.all_tasks()) <= before)
        assert not node.hub.connections and not node.hub.unread_counts.of(alice.pk)
        assert all(not feed.subscriptions for feed in node.hub.feeds.values())

    run(test)


def test_a_room_is_told_who_comes_and_goes(alice: User, bob: User, lobby: Room) -> None:
    async def test() -> None:
        ana = await Client.connect(alice)
        answer = await ana.call("subscribe", room="lobby")
        assert [each["id"] for each in answer["present"]] == [alice.pk]
        ben, tab = await Client.connect(bob), await Client.connect(bob)
        await ben.call("subscribe", room="lobby")
        await tab.call("subscribe", room="lobby")
        told = await ana.find(lambda each: each["type"] == "presence" and len(each["present"]) == 2)
        assert [each["id"] for each in told["present"]] == [alice.pk, bob.pk]
        seen = len(ana.seen)
        await tab.leave()
        await ben.leave()
        await ana.find(lambda each: each["type"] == "presence" and each in ana.seen[seen:])
        assert [each["id"] for each in ana.seen[-1]["present"]] == [alice.pk]

    run(test)

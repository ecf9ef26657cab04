"""Muting: who may, what somebody muted cannot do, how it ends, what everybody is told."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rooms.core import bell, housekeeping
from rooms.features.files.uploads import upload
from rooms.features.members import actions as members
from rooms.features.members import management
from rooms.features.messages import actions as messages
from rooms.features.messages.actions import Post
from rooms.features.messages.deletion import delete_message
from rooms.features.messages.editing import edit_message
from rooms.features.moderation import actions
from rooms.features.reactions.actions import react, unreact
from rooms.features.tokens.actions import create_token
from rooms.live.node import Node
from rooms.models import Membership, Mute, Room, User
from rooms.protocol import Forbidden, Refusal
from tests.support.caller import Callers
from tests.support.sockets import Client, run
from tests.support.store import Store
from tests.support.waiting import until_async as until
from tests.support.watch import Watch

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = r"^You are muted in this room until \d+ \w+ \d{4}, \d\d:\d\d UTC\.$"


def say(user: User, slug: str = "lobby", **more: Any) -> Any:
    return messages.post_message(Post(user, slug, "Hello", **more))


def over(room: Room) -> None:
    """As if its time had passed."""
    before = timezone.now() - timedelta(seconds=1)
    Mute.objects.filter(room=room).update(until=before)
    Membership.objects.filter(room=room).exclude(muted_until=None).update(muted_until=before)


def test_what_a_page_holds_is_what_a_fresh_one_has(
    store: Store, caller: Callers, alice: User, bob: User, lobby: Room
) -> None:
    watch = Watch(store, {each: caller(each) for each in (alice, bob)}, "lobby")
    watch.verify(lambda: actions.mute(lobby.pk, bob.pk, alice, 60), "member.changed")
    # For that long from now on, whatever was said before.
    watch.verify(lambda: actions.mute(lobby.pk, bob.pk, alice, 5), "member.changed")
    left = Membership.objects.get(room=lobby, user=bob).muted_until
    assert left is not None and left < timezone.now() + timedelta(minutes=6)
    watch.verify(
        lambda: management.change_role(lobby.pk, bob, "moderator", by=alice), "member.changed"
    )
    watch.verify(lambda: actions.unmute(lobby.pk, bob.pk, alice), "member.changed")
    watch.verify(lambda: actions.unmute(lobby.pk, bob.pk, alice))
    actions.mute(lobby.pk, bob.pk, alice, 5)
    watch.verify(lambda: members.leave(bob, "lobby"), "member.left")
    watch.verify(lambda: members.join(bob, "lobby"), "member.joined")


def test_who_is_muted_reads_on_and_does_nothing_that_others_read(
    caller: Callers, alice: User, bob: User, lobby: Room
) -> None:
    said = say(bob)["id"]
    react(bob, "lobby", said, "👍")
    actions.mute(lobby.pk, bob.pk, alice, 60, " too\nloud ")
    assert Mute.objects.get().reason == "too loud"
    tried: list[Callable[[], Any]] = [
        lambda: say(bob),
        lambda: edit_message(Post(bob, "lobby", "Other"), said),
        lambda: react(bob, "lobby", said, "🎉"),
        lambda: unreact(bob, "lobby", said, "👍"),
        lambda: upload(bob, "lobby", "a.txt", ContentFile(b"a")),
    ]
    for each in tried:
        with pytest.raises(Forbidden, match=WORDS) as refused:
            each()
        assert refused.value.code == "forbidden"
    his = caller(bob)
    answer = his.post("rooms/lobby/messages", {"body": "Hello"})
    assert (answer.status_code, answer.data["code"]) == (403, "forbidden")
    work = {"kind": "test.outcome", "params": {}, "room": "lobby"}
    assert his.post("jobs", work).status_code == 403
    assert his.post("schedules", {**work, "every": 3600}).status_code == 403
    # Beside others in one transaction of the journal, and in another room.
    outcomes = messages.post_messages([Post(each, "lobby", "Hi") for each in (alice, bob)])
    assert [isinstance(each, Refusal) for each in outcomes] == [False, True]
    his.post("rooms", {"name": "Own"})
    say(bob, "own")
    assert his.get("rooms/lobby/messages").status_code == 200
    assert his.post("rooms/lobby/read", {"seq": 1}).status_code == 204
    shown = his.get("rooms/lobby").data
    assert shown["muted_until"] and shown["role"] == "member"
    delete_message(bob, "lobby", said)
    # It ends by itself.
    over(lobby)
    said = say(bob)["id"]
    react(bob, "lobby", said, "👍")
    assert his.get("rooms/lobby").data["muted_until"] is None
    assert housekeeping.run()["ended mutes"] == 1
    assert not Mute.objects.exists()


def test_leaving_is_no_way_around_it(caller: Callers, alice: User, bob: User, lobby: Room) -> None:
    actions.mute(lobby.pk, bob.pk, alice, 60)
    members.leave(bob, "lobby")
    with pytest.raises(Forbidden, match=WORDS):
        say(bob)
    work = {"kind": "test.outcome", "params": {}, "room": "lobby"}
    assert caller(bob).post("jobs", work).status_code == 403
    assert not Membership.objects.filter(room=lobby, user=bob).exists(), "nobody joined by it"
    members.join(bob, "lobby")
    with pytest.raises(Forbidden, match=WORDS):
        say(bob)
    members.leave(bob, "lobby")
    # Also who has left can be let in peace.
    actions.unmute(lobby.pk, bob.pk, alice)
    say(bob)


def test_who_mutes_whom(
    caller: Callers, alice: User, bob: User, charlie: User, lobby: Room
) -> None:
    management.add_member(lobby.pk, charlie, "moderator")
    dora = User.objects.create_user("dora")
    management.add_member(lobby.pk, dora, "moderator")

    def answers(who: User, whom: int, minutes: Any = 5) -> int:
        path = f"rooms/lobby/members/{whom}/mute"
        return caller(who).send("put", path, {"minutes": minutes}).status_code

    assert answers(charlie, bob.pk) == 200
    # Nobody acts on moderators but owners, nobody on owners or themselves.
    assert [answers(charlie, each.pk) for each in (charlie, dora, alice)] == [403] * 3
    assert [answers(bob, each.pk) for each in (bob, charlie, alice)] == [403] * 3
    assert [answers(alice, each.pk) for each in (alice, dora)] == [403, 200]
    assert caller(dora).delete(f"rooms/lobby/members/{dora.pk}/mute").status_code == 403
    assert caller(charlie).delete(f"rooms/lobby/members/{dora.pk}/mute").status_code == 403
    stranger = User.objects.create_user("zoe")
    assert answers(alice, stranger.pk) == 404 == answers(alice, 10**9)
    assert answers(stranger, bob.pk) == 403
    assert [answers(alice, bob.pk, each) for each in (4, 43_201, "5", None, True)] == [422] * 5
    assert answers(alice, bob.pk, 43_200) == 200
    long = {"minutes": 5, "reason": "x" * 251}
    path = f"rooms/lobby/members/{bob.pk}/mute"
    assert caller(alice).send("put", path, long).status_code == 422
    # Who becomes an owner is muted no more: nobody could lift it.
    management.change_role(lobby.pk, bob, "owner", by=alice)
    say(bob)
    assert not Mute.objects.filter(user=bob).exists()


def test_two_people_who_talk_do_not_mute_each_other(
    caller: Callers, alice: User, bob: User, den: Room
) -> None:
    Membership.objects.get_or_create(room=den, user=bob)
    Room.objects.filter(pk=den.pk).update(visibility="direct")
    answer = caller(alice).send("put", f"rooms/den/members/{bob.pk}/mute", {"minutes": 5})
    assert answer.status_code == 403


def test_a_post_costs_no_query_more(alice: User, bob: User, lobby: Room) -> None:
    counts = []
    say(bob)
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            try:
                say(alice)
                say(bob)
            except Forbidden:
                pass
        counts.append(len(queries))
        actions.mute(lobby.pk, bob.pk, alice, 5)
    assert counts[1] <= counts[0]
    assert not any("rooms_mute" in each["sql"] for each in queries)


def test_a_token_for_writing_mutes_nobody(alice: User, bob: User, lobby: Room) -> None:
    async def test() -> None:
        token = await sync_to_async(create_token)(alice, "test", ("read", "write"))
        client = await Client.connect(None, authorization=f"Bearer {token}")
        for command in ({"type": "mute", "minutes": 5}, {"type": "unmute"}):
            answer = await client.call(**command, room="lobby", user=bob.pk)
            assert answer["code"] == "forbidden"

    run(test)
    assert not Mute.objects.exists()


def test_over_the_socket(
    alice: User, bob: User, lobby: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    monkeypatch.setattr(bell, "whisper", lambda room, key, event: told.append(event["user"]["id"]))

    async def test() -> None:
        ana, ben = await Client.connect(alice), await Client.connect(bob)
        for each in (ana, ben):
            await each.call("subscribe", room="lobby")
        refused = await ben.call("mute", room="lobby", user=alice.pk, minutes=5)
        assert refused["code"] == "forbidden"
        assert (await ana.call("mute", room="lobby", user=bob.pk, minutes=4))["code"] == "invalid"
        done = await ana.call("mute", room="lobby", user=bob.pk, minutes=5, reason="Spam")
        changed = await ben.find(lambda event: event["type"] == "member.changed")
        assert changed["seq"] == done["seq"] and changed["member"]["muted_until"]
        assert (await ben.say("lobby", "Hello"))["code"] == "forbidden"

        async def types() -> bool:
            """Whether it is told that he does."""
            before = len(told)
            await ben.post("typing", room="lobby")
            await ben.call("ping")
            return len(told) > before

        def known() -> list[bool]:
            """Of each socket, whether it knows that its person is muted."""
            feed = node.hub.feeds[lobby.pk]
            return sorted(each.muted_until is not None for each in feed.subscriptions)

        node = await Node.current()
        monkeypatch.setattr("rooms.live.commands.session.TYPING_SECONDS", 0.0)
        # That is told a moment after the commit.
        await until(lambda: known() == [False, True])
        assert not await types()
        # Also after coming back.
        await ben.call("unsubscribe", room="lobby")
        await ben.call("subscribe", room="lobby")
        assert not await types()
        await ana.call("unmute", room="lobby", user=bob.pk)
        await ben.find(lambda event: event.get("member", {"muted_until": 1})["muted_until"] is None)
        await until(lambda: known() == [False, False])
        assert await types()
        assert (await ben.say("lobby", "Hello"))["type"] == "sent"
        assert (await ana.call("unmute", room="lobby", user=bob.pk))["type"] == "ok"

    run(test)

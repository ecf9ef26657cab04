"""Mentions: who is meant, how they come and go, what is counted and what it costs."""

from typing import Any, cast

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings

from rooms.core import representations
from rooms.features.members.actions import join, leave
from rooms.features.messages import actions as messages
from rooms.features.messages.deletion import delete_message
from rooms.features.messages.editing import edit_message
from rooms.features.reading.actions import mark_read
from rooms.limits import Limits
from rooms.models import Ban, Membership, Mention, Message, Room, User
from tests.support import sockets
from tests.support.caller import Callers
from tests.support.store import Store
from tests.support.watch import Watch

pytestmark = pytest.mark.django_db(transaction=True)


def say(user: User, body: str, slug: str = "lobby", **more: Any) -> int:
    said = messages.post_message(messages.Post(user, slug, body, **more))
    return cast(int, said["id"])


def edit(user: User, pk: int, body: str, slug: str = "lobby") -> None:
    edit_message(messages.Post(user, slug, body), pk)


def shown(pk: int) -> list[tuple[str, str | None]]:
    row = Message.objects.get(pk=pk)
    mentions = representations.message(row, row.room.slug)["mentions"]
    return [(each["name"], each["user"] and each["user"]["name"]) for each in mentions]


def count(user: User, slug: str = "lobby") -> int:
    return Membership.objects.get(room__slug=slug, user=user).mentions


def crowd(room: Room, number: int) -> list[User]:
    people = User.objects.bulk_create(User(username=f"person-{each}") for each in range(number))
    Membership.objects.bulk_create(Membership(room=room, user=each) for each in people)
    return people


def test_who_is_meant(alice: User, bob: User, charlie: User, lobby: Room, den: Room) -> None:
    assert shown(say(alice, "Hello @bob, and @nobody")) == [("bob", bob.name)]
    assert shown(say(alice, "@BOB @Bob @bob")) == [("BOB", bob.name)]
    assert shown(say(alice, "`@bob` bob@example.org")) == []
    # A stranger could find out who has an account.
    assert shown(say(alice, "Hello @charlie")) == []
    Membership.objects.create(room=den, user=charlie)
    assert shown(say(alice, "Hello @charlie")) == [("charlie", charlie.name)], "they share a room"
    # Who does not see the room is not in it.
    Ban.objects.create(room=lobby, user=charlie)
    assert shown(say(alice, "Hello @charlie")) == []
    assert shown(say(alice, "Hello @alice", "den")) == [("alice", alice.name)]
    Membership.objects.filter(room=den, user=bob).delete()
    assert shown(say(alice, "Hello @bob", "den")) == []
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert shown(say(alice, "Hello @bob")) == []


def test_two_whose_names_differ_in_the_size_of_a_letter(
    alice: User, bob: User, lobby: Room
) -> None:
    other = User.objects.create(username="Bob", first_name="Other")
    Membership.objects.create(room=lobby, user=other)
    assert shown(say(alice, "@Bob")) == [("Bob", "Other")]
    assert shown(say(alice, "@bob")) == [("bob", bob.name)]
    assert shown(say(alice, "@BOB")) == []


def test_what_a_page_holds_is_what_a_fresh_one_has(
    store: Store, caller: Callers, alice: User, bob: User, lobby: Room
) -> None:
    watch = Watch(store, {each: caller(each) for each in (alice, bob)}, "lobby")
    first = watch.verify(lambda: say(alice, "Hello @bob"), "message.created")
    assert (count(alice), count(bob)) == (0, 1)
    watch.verify(lambda: edit(alice, first, "Hello @alice"), "message.edited")
    assert count(bob) == 0
    watch.verify(lambda: edit(alice, first, "Hello @room"), "message.edited")
    assert count(bob) == 1
    watch.verify(lambda: edit(alice, first, "Hello @room and @bob"), "message.edited")
    assert (count(bob), shown(first)) == (1, [("bob", bob.name), ("room", None)])
    watch.verify(lambda: say(alice, "@bob again"), "message.created")
    assert count(bob) == 2
    watch.verify(lambda: delete_message(alice, "lobby", first), "message.deleted")
    assert (count(bob), Mention.objects.filter(user=bob).count()) == (1, 1)
    watch.verify(lambda: say(bob, "Here I am, @alice"), "message.created")
    assert (count(alice), count(bob)) == (1, 0)


def test_a_mark_of_what_was_deleted_mentions_nobody(alice: User, bob: User, lobby: Room) -> None:
    pk = say(alice, "@bob")
    say(bob, "Yes", reply_to=pk)
    say(alice, "@bob")
    delete_message(alice, "lobby", pk)
    assert Message.objects.get(pk=pk).deleted_at is not None
    assert (shown(pk), count(bob)) == ([], 1)


def test_what_is_read_is_taken_away(alice: User, bob: User, lobby: Room) -> None:
    keys = [say(alice, text) for text in ("@bob", "x", "@bob", "x", "@room")]
    seqs = [Message.objects.get(pk=pk).seq for pk in keys]
    assert count(bob) == 3
    for index, left in ((0, 2), (1, 2), (2, 1), (3, 1), (4, 0)):
        mark_read(bob, "lobby", seqs[index])
        assert count(bob) == left
    # What was read before somebody was mentioned in it is not unread.
    edit(alice, keys[1], "x @bob")
    assert (count(bob), shown(keys[1])) == (0, [("bob", bob.name)])
    edit(alice, keys[1], "x")
    assert count(bob) == 0


def test_messages_of_one_transaction(alice: User, bob: User, lobby: Room) -> None:
    said = [(alice, "@bob one"), (bob, "Two, @alice"), (alice, "@bob three"), (alice, "@bob four")]
    messages.post_messages([messages.Post(user, "lobby", text) for user, text in said])
    assert (count(alice), count(bob)) == (0, 2)


def test_everybody(alice: User, bob: User, charlie: User, lobby: Room) -> None:
    crowd(lobby, 3)
    pk = say(alice, "Hello @room")
    assert shown(pk) == [("room", None)]
    assert count(bob) == 1 and count(alice) == 0
    assert Mention.objects.filter(message=pk).count() == 5
    # Members are no managers.
    assert shown(say(bob, "Hello @room")) == []
    assert count(alice) == 0
    with override_settings(PARLEY_LIMITS=Limits(mentioned_at_once=3)):
        assert shown(say(alice, "Hello @room")) == []


def test_bounds(alice: User, lobby: Room) -> None:
    people = crowd(lobby, 60)
    pk = say(alice, " ".join(f"@{each.username}" for each in people))
    assert len(shown(pk)) == Mention.objects.count() == 50


def test_what_it_costs(alice: User, bob: User, lobby: Room) -> None:
    people = crowd(lobby, 30)

    def asked(*texts: str) -> list[str]:
        posts = [messages.Post(alice, "lobby", text) for text in texts]
        with CaptureQueriesContext(connection) as captured:
            messages.post_messages(posts)
        return [each["sql"] for each in captured.captured_queries]

    plain = asked("Hello")
    assert not any("rooms_mention" in sql or "rooms_user" in sql for sql in plain)
    assert len(asked("me@example.org `@bob`")) == len(plain), "nobody could be meant"
    one = len(asked("@bob"))
    assert len(asked(" ".join(f"@{each.username}" for each in people))) == one
    # Of several messages each has its own update of what is unread, and nothing else.
    assert len(asked("@bob", "x", "@alice @bob", "y")) == one + 1


def test_lists_ask_once_or_not_at_all(alice: User, bob: User, lobby: Room) -> None:
    def asked(texts: list[str]) -> int:
        keys = [say(alice, text) for text in texts]
        rows = list(Message.objects.filter(pk__in=keys).select_related("author"))
        with CaptureQueriesContext(connection) as captured:
            representations.messages(rows, "lobby")
        return sum("rooms_mention" in each["sql"] for each in captured.captured_queries)

    assert asked(["Hello", "there"]) == 0
    assert asked(["@bob"]) == asked(["@bob @alice", "@bob", "x"]) == 1


def test_who_comes_back_has_nothing_unread(alice: User, bob: User, lobby: Room) -> None:
    say(alice, "@bob")
    leave(bob, "lobby")
    say(alice, "@bob")
    join(bob, "lobby")
    assert count(bob) == 0


def test_by_rest(
    caller: Callers, alice: User, bob: User, charlie: User, lobby: Room, den: Room
) -> None:
    hers, his, stranger = caller(alice), caller(bob), caller(charlie)
    User.objects.filter(pk=bob.pk).update(first_name="Robert", last_name="van Berg")
    path = "rooms/lobby/mentionable"
    bobs = {"id": bob.pk, "name": "Robert van Berg", "username": "bob", "member": True}
    for words in ("", "b", "BO", "rob", "van", "ber", "robert v"):
        assert hers.get(path, q=words).data == {"people": [bobs], "everybody": 1}, words
    assert hers.get(path, q="x").data["people"] == []
    assert hers.get(path, q="%").data["people"] == []
    assert his.get(path, q="").data["everybody"] is None
    # Whom one shares a room with comes after those who are here; a stranger does not come.
    assert hers.get(path, q="char").data["people"] == []
    Membership.objects.create(room=den, user=charlie)
    Membership.objects.filter(room=den, user=bob).delete()
    (found,) = hers.get(path, q="char").data["people"]
    assert (found["username"], found["member"]) == ("charlie", False)
    assert his.get(path, q="char").data["people"] == []
    assert stranger.get("rooms/den/mentionable", q="b").data["people"] == [], "a closed room"
    assert his.get("rooms/den/mentionable").status_code == 404
    assert hers.get(path, q="x" * 101).status_code == 422
    assert hers.get("rooms/lobby/mentionable/everybody").data == {"people": 1}
    say(alice, "@bob")
    rows = his.get("rooms").data["rooms"]
    assert [each["mentions"] for each in rows if each["slug"] == "lobby"] == [1]
    (message,) = his.get("rooms/lobby/messages").data["messages"]
    him = {"id": bob.pk, "name": "Robert van Berg"}
    assert message["mentions"] == [{"name": "bob", "user": him}]


def test_devices_are_told(alice: User, bob: User, lobby: Room, den: Room) -> None:
    async def session() -> None:
        hers = await sockets.Client.connect(alice)
        his, elsewhere = await sockets.Client.connect(bob), await sockets.Client.connect(bob)
        await hers.call("subscribe", room="lobby")
        await his.call("subscribe", room="lobby")

        async def told(client: Any, mentions: int) -> Any:
            return await client.find(
                lambda each: each.get("type") == "mentions" and each["mentions"] == mentions
            )

        said = await hers.say("lobby", "Hello @bob")
        seq = said["seq"]
        for client in (his, elsewhere):
            assert await told(client, 1) == {
                "type": "mentions",
                "room": "lobby",
                "mentions": 1,
                "seq": seq,
            }
        pk = said["message"]["id"]
        await hers.call("edit", room="lobby", message=pk, body="Hello")
        await told(elsewhere, 0)
        await hers.call("edit", room="lobby", message=pk, body="Hello @room")
        await told(elsewhere, 1)
        elsewhere.seen.clear()
        await his.call("read", room="lobby", seq=seq)
        await told(elsewhere, 0)
        for client in (hers, his, elsewhere):
            await client.leave()

    sockets.run(session)


def test_many_are_told_together(alice: User, lobby: Room) -> None:
    people = crowd(lobby, 30)

    async def session() -> None:
        last = await sockets.Client.connect(people[-1])
        hers = await sockets.Client.connect(alice)
        await hers.call("subscribe", room="lobby")
        await hers.say("lobby", "@room")
        await last.find(lambda each: each.get("type") == "mentions" and each["mentions"] == 1)
        for client in (hers, last):
            await client.leave()

    sockets.run(session)

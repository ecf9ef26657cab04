"""Reacting: what a room is told, what is refused, what is bounded; on every database."""

import threading
from typing import Any, cast
from urllib.parse import quote

import pytest
from django.db import close_old_connections, connection
from django.test.utils import CaptureQueriesContext, override_settings

from rooms.core import representations
from rooms.core.log_reading import read
from rooms.features.messages import actions as messages
from rooms.features.messages.deletion import delete_message
from rooms.features.messages.editing import edit_message
from rooms.features.reactions import actions
from rooms.features.reactions.representations import LISTED_PEOPLE, of_message
from rooms.features.rooms import changes
from rooms.limits import Limits
from rooms.models import Ban, Membership, Message, Reaction, Room, User
from rooms.protocol import Conflict, Forbidden, Invalid, NotFound
from tests.support import sockets
from tests.support.caller import Callers
from tests.support.store import Store
from tests.support.watch import Watch

pytestmark = pytest.mark.django_db(transaction=True)


def say(user: User, slug: str = "lobby", body: str = "Hello") -> int:
    said = messages.post_message(messages.Post(user, slug, body))
    return cast(int, said["id"])


def crowd(room: Room, count: int) -> list[User]:
    people = User.objects.bulk_create(User(username=f"person-{each}") for each in range(count))
    Membership.objects.bulk_create(Membership(room=room, user=each) for each in people)
    return people


def shown(pk: int) -> list[tuple[str, int]]:
    return [(each["emoji"], each["count"]) for each in of_message(pk)]


def test_an_edit_keeps_reactions_and_a_deletion_takes_them(
    store: Store, caller: Callers, alice: User, bob: User, lobby: Room
) -> None:
    watch = Watch(store, {each: caller(each) for each in (alice, bob)}, "lobby")
    said = say(alice)
    messages.post_message(messages.Post(bob, "lobby", "Yes", reply_to=said))
    actions.react(bob, "lobby", said, "👍")
    watch.verify(
        lambda: edit_message(messages.Post(alice, "lobby", "Better"), said), "message.edited"
    )
    watch.verify(lambda: actions.react(alice, "lobby", said, "👍"), "reaction.added")
    assert shown(said) == [("👍", 2)]
    watch.verify(lambda: delete_message(alice, "lobby", said), "message.deleted")
    assert Message.objects.get(pk=said).deleted_at is not None, "it was answered"
    assert not Reaction.objects.exists()
    with pytest.raises(NotFound):
        actions.react(bob, "lobby", said, "👍")


def test_what_a_page_holds_is_what_a_fresh_one_has(
    store: Store, caller: Callers, alice: User, bob: User, charlie: User, lobby: Room
) -> None:
    watch = Watch(store, {each: caller(each) for each in (alice, bob, charlie)}, "lobby")
    first, second = say(alice), say(bob)

    watch.verify(lambda: actions.react(bob, "lobby", first, "👍"), "reaction.added")
    watch.verify(lambda: actions.react(bob, "lobby", first, "👍"))
    watch.verify(lambda: actions.react(alice, "lobby", first, "❤"), "reaction.added")
    watch.verify(lambda: actions.react(alice, "lobby", first, "👍"), "reaction.added")
    # The emoji keeps its place, although who chose it first takes it back.
    watch.verify(lambda: actions.unreact(bob, "lobby", first, "👍"), "reaction.removed")
    watch.verify(lambda: actions.unreact(bob, "lobby", first, "👍"))
    watch.verify(
        lambda: actions.react(charlie, "lobby", second, "🎉"), "member.joined", "reaction.added"
    )
    watch.verify(lambda: actions.unreact(alice, "lobby", first, "👍"), "reaction.removed")
    watch.verify(lambda: actions.react(alice, "lobby", first, "👍"), "reaction.added")
    assert shown(first) == [("❤️", 1), ("👍", 1)]


def test_a_crowd_is_counted_and_its_first_are_listed(
    store: Store, caller: Callers, alice: User, lobby: Room
) -> None:
    pk = say(alice)
    people = crowd(lobby, LISTED_PEOPLE + 2)
    watch = Watch(store, {alice: caller(alice), people[-1]: caller(people[-1])}, "lobby")

    def everybody() -> None:
        for each in people:
            actions.react(each, "lobby", pk, "👍")

    watch.verify(everybody, *["reaction.added"] * len(people))
    watch.verify(lambda: actions.unreact(people[0], "lobby", pk, "👍"), "reaction.removed")
    (reaction,) = of_message(pk)
    assert reaction["count"] == LISTED_PEOPLE + 1
    assert [each["id"] for each in reaction["users"]] == [
        each.pk for each in people[1 : LISTED_PEOPLE + 1]
    ]
    last = caller(people[-1])
    own = last.get("rooms/lobby/own-reactions", message=[pk, 10**9])
    assert own.data == {"reactions": [{"message": pk, "emoji": ["👍"]}]}


def test_a_page_of_messages_asks_once(alice: User, bob: User, lobby: Room) -> None:
    keys = [say(alice, body=f"line {each}") for each in range(10)]

    def asked() -> int:
        rows = list(Message.objects.filter(pk__in=keys).select_related("author"))
        with CaptureQueriesContext(connection) as captured:
            representations.messages(rows, "lobby")
        return sum("rooms_reaction" in each["sql"] for each in captured.captured_queries)

    assert asked() == 1
    for pk in keys:
        for user in (alice, bob):
            for emoji in ("👍", "🎉"):
                actions.react(user, "lobby", pk, emoji)
    assert asked() == 1


def test_a_post_asks_nothing_of_reactions(alice: User, lobby: Room) -> None:
    with CaptureQueriesContext(connection) as captured:
        said = messages.post_message(messages.Post(alice, "lobby", "Hello"))
    assert said["reactions"] == []
    assert not any("rooms_reaction" in each["sql"] for each in captured.captured_queries)


def test_where_there_is_nothing_to_react_to(
    alice: User, bob: User, charlie: User, lobby: Room, den: Room
) -> None:
    here, there = say(alice), say(alice, "den")
    for user, slug, message in (
        (bob, "lobby", there),
        (bob, "lobby", 10**15),
        (charlie, "den", there),
        (charlie, "nowhere", here),
    ):
        for change in (actions.react, actions.unreact):
            with pytest.raises(NotFound):
                change(user, slug, message, "👍")
    for emoji in ("", "x", "👍👍", ":+1:"):
        with pytest.raises(Invalid):
            actions.react(bob, "lobby", here, emoji)
    changes.change_room(lobby.pk, {"archived": True})
    with pytest.raises(Forbidden):
        actions.react(bob, "lobby", here, "👍")
    assert not Reaction.objects.exists()


def test_who_is_banned_finds_no_room(alice: User, bob: User, charlie: User, lobby: Room) -> None:
    pk = say(alice)
    Ban.objects.create(room=lobby, user=charlie)
    with pytest.raises(NotFound):
        actions.react(charlie, "lobby", pk, "👍")


def test_bounds(alice: User, bob: User, lobby: Room) -> None:
    pk = say(alice)
    with override_settings(PARLEY_LIMITS=Limits(reaction_emoji=3, reactions_per_person=2)):
        for emoji in ("👍", "🎉"):
            actions.react(alice, "lobby", pk, emoji)
        with pytest.raises(Conflict):
            actions.react(alice, "lobby", pk, "😀")
        actions.react(bob, "lobby", pk, "😀")
        with pytest.raises(Conflict):
            actions.react(bob, "lobby", pk, "😃")
        actions.react(bob, "lobby", pk, "👍")
    assert shown(pk) == [("👍", 2), ("🎉", 1), ("😀", 1)]


def test_a_message_takes_its_reactions_along(alice: User, bob: User, lobby: Room) -> None:
    pk = say(alice)
    actions.react(bob, "lobby", pk, "👍")
    Message.objects.filter(pk=pk).delete()
    assert not Reaction.objects.exists()


def test_the_same_at_the_same_moment_is_one(alice: User, bob: User, lobby: Room) -> None:
    pk = say(alice)
    failed: list[Exception] = []

    def work() -> None:
        try:
            for _ in range(5):
                actions.react(bob, "lobby", pk, "👍")
        except Exception as error:
            failed.append(error)
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not failed
    assert shown(pk) == [("👍", 1)]
    lobby.refresh_from_db()
    told = [raw for _, raw in read(lobby.pk, "lobby", 0, 100) if b"reaction.added" in raw]
    assert len(told) == 1


def test_by_rest(caller: Callers, alice: User, bob: User, charlie: User, lobby: Room) -> None:
    pk = say(alice)
    hers, his = caller(alice), caller(bob)
    base = f"rooms/lobby/messages/{pk}/reactions"
    for who, emoji in ((his, "#️⃣"), (hers, "👍"), (his, "👍"), (his, "👍")):
        assert who.send("put", f"{base}/{quote(emoji)}").status_code == 204
    listed = hers.get(base).data["reactions"]
    assert [(each["emoji"], each["count"]) for each in listed] == [("#️⃣", 1), ("👍", 2)]
    assert listed[1]["users"] == [{"id": each.pk, "name": each.name} for each in (alice, bob)]
    page = hers.get(f"{base}/{quote('👍')}", limit=1).data
    assert [each["user"]["id"] for each in page["people"]] == [alice.pk] and page["next"]
    assert hers.get("rooms/lobby/messages").data["messages"][0]["reactions"] == listed
    assert his.delete(f"{base}/{quote('👍')}").status_code == 204
    assert his.delete(f"{base}/{quote('👍')}").status_code == 204
    assert his.send("put", f"{base}/no").status_code == 422
    assert (
        his.send("put", f"rooms/lobby/messages/{pk + 1}/reactions/{quote('👍')}").status_code == 404
    )
    own: Any = his.get("rooms/lobby/own-reactions", message=pk).data
    assert own == {"reactions": [{"message": pk, "emoji": ["#️⃣"]}]}


def test_by_socket(alice: User, bob: User, lobby: Room) -> None:
    pk = say(alice)

    async def session() -> None:
        hers = await sockets.Client.connect(alice)
        his = await sockets.Client.connect(bob)
        head = (await hers.call("subscribe", room="lobby"))["seq"]
        about = {"room": "lobby", "message": pk, "emoji": "❤"}
        answer = await his.call("react", **about)
        assert answer == {"id": answer["id"], "type": "ok", "seq": head + 1}
        told = await hers.find(lambda each: each.get("type") == "reaction.added")
        him = {"id": bob.pk, "name": bob.name}
        assert (told["seq"], told["message"]["id"], told["user"]) == (head + 1, pk, him)
        assert (told["emoji"], told["count"], told["users"]) == ("❤️", 1, [him])
        assert (await his.call("react", **about))["seq"] == head + 1
        assert (await his.call("unreact", **about))["seq"] == head + 2
        assert (await his.call("unreact", **about))["seq"] == head + 2
        told = await hers.find(lambda each: each.get("type") == "reaction.removed")
        assert (told["count"], told["users"]) == (0, [])
        for wrong, code in (
            ({**about, "message": pk + 1}, "not_found"),
            ({**about, "room": "nowhere"}, "not_found"),
            ({**about, "emoji": "no"}, "invalid"),
            ({**about, "emoji": "👍" * 33}, "invalid"),
            ({**about, "message": "x"}, "invalid"),
        ):
            assert (await his.call("react", **wrong))["code"] == code
        for client in (hers, his):
            await client.leave()

    sockets.run(session)

"""Pinning: what a room is told, who may, what is bounded, what a deletion leaves."""

import threading
from typing import Any, cast

import pytest
from django.db import close_old_connections, connection
from django.test.utils import CaptureQueriesContext, override_settings

from rooms.core.log_reading import read
from rooms.features.messages import actions as messages
from rooms.features.messages.deletion import delete_message
from rooms.features.messages.editing import edit_message
from rooms.features.pins import actions
from rooms.features.rooms import changes
from rooms.limits import Limits
from rooms.models import Membership, Message, Pin, Room, User
from rooms.protocol import Conflict, Forbidden, NotFound
from tests.integration.rooms.pages.test_pages import client_of
from tests.support.caller import Callers
from tests.support.store import Store
from tests.support.watch import Watch

pytestmark = pytest.mark.django_db(transaction=True)


def say(user: User, slug: str = "lobby", body: str = "Hello", reply_to: int | None = None) -> int:
    said = messages.post_message(messages.Post(user, slug, body, reply_to=reply_to))
    return cast(int, said["id"])


def listed(caller: Any, slug: str = "lobby") -> list[tuple[str, str]]:
    answer = caller.get(f"rooms/{slug}/pins")
    assert answer.status_code == 200
    return [(each["text"], each["user"]["name"]) for each in answer.data["pins"]]


def test_what_a_page_holds_is_what_a_fresh_one_has(
    store: Store, caller: Callers, alice: User, bob: User, lobby: Room
) -> None:
    watch = Watch(store, {each: caller(each) for each in (alice, bob)}, "lobby")
    first, second = say(alice, body="first"), say(bob, body="second")
    watch.verify(lambda: actions.pin(alice, "lobby", first), "message.pinned")
    watch.verify(lambda: actions.pin(alice, "lobby", first))
    watch.verify(lambda: actions.pin(alice, "lobby", second), "message.pinned")
    assert listed(caller(bob)) == [("second", "Alice"), ("first", "Alice")]
    watch.verify(
        lambda: edit_message(messages.Post(alice, "lobby", "better"), first), "message.edited"
    )
    assert listed(caller(bob))[1] == ("better", "Alice")
    watch.verify(lambda: actions.unpin(alice, "lobby", first), "message.unpinned")
    watch.verify(lambda: actions.unpin(alice, "lobby", first))
    assert listed(caller(bob)) == [("second", "Alice")]


def test_what_is_deleted_is_pinned_no_more(
    store: Store, caller: Callers, alice: User, bob: User, lobby: Room
) -> None:
    watch = Watch(store, {each: caller(each) for each in (alice, bob)}, "lobby")
    answered, alone = say(bob, body="a secret"), say(bob, body="another secret")
    say(alice, reply_to=answered)
    for each in (answered, alone):
        actions.pin(alice, "lobby", each)
        watch.verify(lambda each=each: delete_message(bob, "lobby", each), "message.deleted")  # type: ignore[misc]
    assert Message.objects.filter(pk=answered).exists(), "it was answered"
    assert not Pin.objects.exists()
    assert listed(caller(alice)) == []
    assert b"secret" not in b"".join(raw for _, raw in read(lobby.pk, "lobby", 0, 1000))
    with pytest.raises(NotFound):
        actions.pin(alice, "lobby", answered)


def test_who_looks_after_the_room_pins(
    caller: Callers, alice: User, bob: User, charlie: User, lobby: Room, den: Room
) -> None:
    said, hidden = say(bob), say(alice, "den")
    for stranger in (bob, charlie):
        with pytest.raises(Forbidden):
            actions.pin(stranger, "lobby", said)
    with pytest.raises(NotFound):
        actions.pin(alice, "lobby", hidden)
    answer = caller(charlie).send("put", f"rooms/den/messages/{hidden}/pin")
    assert answer.status_code == 404 == caller(charlie).get("rooms/den/pins").status_code
    Membership.objects.filter(user=bob, room=lobby).update(role="moderator")
    assert caller(bob).send("put", f"rooms/lobby/messages/{said}/pin").status_code == 204
    assert caller(alice).delete(f"rooms/lobby/messages/{said}/pin").status_code == 204
    changes.change_room(lobby.pk, {"archived": True})
    with pytest.raises(Forbidden):
        actions.pin(alice, "lobby", said)


def test_two_people_who_talk_both_pin(alice: User, bob: User, den: Room) -> None:
    Room.objects.filter(pk=den.pk).update(visibility="direct")
    Membership.objects.filter(room=den).update(role="member")
    Membership.objects.get_or_create(room=den, user=bob)
    said = say(alice, "den")
    actions.pin(bob, "den", said)
    actions.unpin(alice, "den", said)


def test_a_room_has_so_many(caller: Callers, alice: User, lobby: Room) -> None:
    said = [say(alice, body=f"line {each}") for each in range(5)]
    with override_settings(PARLEY_LIMITS=Limits(pins_per_room=3)):
        for each in said[:3]:
            actions.pin(alice, "lobby", each)
        actions.pin(alice, "lobby", said[0])
        with pytest.raises(Conflict, match="Unpin one"):
            actions.pin(alice, "lobby", said[3])
        delete_message(alice, "lobby", said[0])
        actions.pin(alice, "lobby", said[3])
        assert caller(alice).send("put", f"rooms/lobby/messages/{said[4]}/pin").status_code == 409

        unpinned, pinned = said[1], [said[0], said[4]]
        actions.unpin(alice, "lobby", unpinned)
        outcomes: list[object] = []

        def together(message: int) -> None:
            try:
                outcomes.append(actions.pin(alice, "lobby", message))
            except (Conflict, NotFound) as refusal:
                outcomes.append(refusal)
            finally:
                close_old_connections()
                connection.close()

        threads = [threading.Thread(target=together, args=(each,)) for each in pinned * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert Pin.objects.count() == 3


def test_the_beginning_of_a_long_text_is_listed(caller: Callers, alice: User, lobby: Room) -> None:
    actions.pin(alice, "lobby", say(alice, body="<b>" + "word " * 1000))
    [(text, _)] = listed(caller(alice))
    assert text.startswith("<b>word word") and text.endswith("…") and len(text) <= 200


def test_queries_do_not_grow_with_pins(caller: Callers, alice: User, lobby: Room) -> None:
    client, counts = client_of(alice), []
    for _ in range(2):
        actions.pin(alice, "lobby", say(alice))
        actions.pin(alice, "lobby", say(alice))
        with CaptureQueriesContext(connection) as queries:
            client.get("/rooms/lobby/state/")
            caller(alice).get("rooms/lobby/pins")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_room_goes_with_its_pins(alice: User, lobby: Room) -> None:
    actions.pin(alice, "lobby", say(alice))
    changes.delete_room(lobby.pk)
    assert not Pin.objects.exists()


def test_who_has_pinned_may_be_called_something_else(
    store: Store, caller: Callers, alice: User, bob: User, lobby: Room
) -> None:
    watch = Watch(store, {each: caller(each) for each in (alice, bob)}, "lobby")
    actions.pin(alice, "lobby", say(bob))

    def renamed() -> None:
        person = User.objects.get(pk=alice.pk)
        person.first_name, person.last_name = "Alix", ""
        person.save()

    watch.verify(renamed, "member.changed")
    assert listed(caller(bob)) == [("Hello", "Alix")]

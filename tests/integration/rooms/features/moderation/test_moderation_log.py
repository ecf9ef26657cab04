"""What was done by who looks after a room is written down with it; who reads it."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from rooms.core import housekeeping
from rooms.core.moderation import difference
from rooms.features.bans import actions as bans
from rooms.features.members import actions as members
from rooms.features.members import management
from rooms.features.messages import actions as messages
from rooms.features.messages.deletion import delete_message
from rooms.features.moderation import actions
from rooms.features.rooms import changes
from rooms.models import ModerationEntry, Room, User
from rooms.protocol import Forbidden
from tests.support.caller import Callers
from tests.support.store import Store
from tests.support.watch import Watch

pytestmark = pytest.mark.django_db(transaction=True)


def say(user: User) -> int:
    said: Any = messages.post_message(messages.Post(user, "lobby", "a secret"))["id"]
    return int(said)


def read(caller: Any, **query: Any) -> Any:
    answer = caller.get("rooms/lobby/moderation-log", **query)
    assert answer.status_code == 200, answer.data
    return answer.data


def told(entry: dict[str, Any]) -> tuple[Any, ...]:
    names = [each and each["name"] for each in (entry["actor"], entry["target"])]
    return (entry["action"], *names, entry["name"], entry["reason"], entry["details"])


def test_every_deed_is_written_down(
    caller: Callers, alice: User, bob: User, charlie: User, lobby: Room
) -> None:
    members.join(charlie, "lobby")
    said, own = say(bob), say(alice)
    deeds = [
        lambda: management.change_role(lobby.pk, bob, "moderator", by=alice),
        lambda: actions.mute(lobby.pk, charlie.pk, bob, 60, "Spam"),
        lambda: actions.unmute(lobby.pk, charlie.pk, alice),
        lambda: delete_message(alice, "lobby", said),
        lambda: management.remove_member(lobby.pk, charlie, by=bob),
        lambda: bans.ban(lobby.pk, charlie, bob, "Again"),
        lambda: bans.unban(lobby.pk, charlie, bob),
        lambda: bans.ban_stranger(lobby.pk, "nobody", bob),
        lambda: bans.unban_stranger(lobby.pk, "nobody", bob),
        lambda: changes.change_room(lobby.pk, {"topic": "News", "slow_mode": 30}, by=alice),
        lambda: changes.change_room(lobby.pk, {"archived": True}),
    ]
    for deed in deeds:
        deed()
    changes.change_room(lobby.pk, {"archived": False})
    # What changes nothing, or is one's own affair, is none.
    management.change_role(lobby.pk, bob, "moderator", by=alice)
    changes.change_room(lobby.pk, {"topic": "News"}, by=alice)
    actions.unmute(lobby.pk, charlie.pk, alice)
    delete_message(alice, "lobby", own)
    members.leave(bob, "lobby")
    with pytest.raises(Forbidden):
        management.remove_member(lobby.pk, alice, by=charlie)
    log = [told(each) for each in reversed(read(caller(alice))["entries"])]
    assert log == [
        ("role", "Alice", "Bob", "", "", "member → moderator"),
        ("mute", "Bob", "Charlie", "", "Spam", "for 1 hour"),
        ("unmute", "Alice", "Charlie", "", "", ""),
        ("delete", "Alice", "Bob", "", "", f"message {said}"),
        ("remove", "Bob", "Charlie", "", "", ""),
        ("ban", "Bob", "Charlie", "", "Again", ""),
        ("unban", "Bob", "Charlie", "", "", ""),
        ("ban", "Bob", None, "nobody", "", ""),
        ("unban", "Bob", None, "nobody", "", ""),
        ("settings", "Alice", None, "", "", "topic: – → News; slow mode: 0 → 30"),
        ("settings", None, None, "", "", "archived: no → yes"),
        ("settings", None, None, "", "", "archived: yes → no"),
    ]


def test_whether_a_banned_name_is_somebodys_is_not_told(
    caller: Callers, alice: User, lobby: Room
) -> None:
    User.objects.create_user("zoe", first_name="Zoe")
    for name in ("zoe", "nobody"):
        bans.ban_stranger(lobby.pk, name, alice)
        bans.unban_stranger(lobby.pk, name, alice)
    log = [told(each) for each in read(caller(alice))["entries"]]
    assert [each[2] for each in log] == [None] * 4
    assert [each[3] for each in log] == ["nobody", "nobody", "zoe", "zoe"]


def test_who_reads_it(
    store: Store, caller: Callers, alice: User, bob: User, charlie: User, lobby: Room
) -> None:
    watch = Watch(store, {each: caller(each) for each in (alice, bob)}, "lobby")
    actions.mute(lobby.pk, bob.pk, alice, 5, "Spam")
    for other in (bob, charlie):
        assert caller(other).get("rooms/lobby/moderation-log").status_code == 403
    watch.verify(
        lambda: caller(alice).send("patch", "rooms/lobby", {"open_log": True}), "room.changed"
    )
    # Why it was done is for who looks after the room.
    assert [each["reason"] for each in read(caller(bob))["entries"]] == ["", ""]
    assert [each["reason"] for each in read(caller(alice))["entries"]] == ["", "Spam"]
    # Of a public room everybody reads, and this is for members.
    assert caller(charlie).get("rooms/lobby/moderation-log").status_code == 403
    assert caller(bob).send("patch", "rooms/lobby", {"open_log": False}).status_code == 403
    assert caller(alice).send("patch", "rooms/lobby", {"open_log": False}).status_code == 200
    assert caller(bob).get("rooms/lobby/moderation-log").status_code == 403
    assert caller(bob).get("rooms/lobby").data["open_log"] is False


def test_it_is_read_page_by_page(caller: Callers, alice: User, lobby: Room) -> None:
    for number in range(5):
        changes.change_room(lobby.pk, {"topic": str(number)}, by=alice)
    mine, seen = caller(alice), []
    answer = read(mine, limit=2)
    while True:
        seen += [each["id"] for each in answer["entries"]]
        if answer["next"] is None:
            break
        answer = mine.get(answer["next"].removeprefix("/api/v1/")).data
    assert len(seen) == 5 and seen == sorted(seen, reverse=True)
    assert mine.get("rooms/lobby/moderation-log", cursor="?").status_code == 422


def test_it_is_bounded_in_size_and_age(alice: User, lobby: Room) -> None:
    changes.change_room(lobby.pk, {"description": "x" * 2000, "topic": "y" * 250}, by=alice)
    row = ModerationEntry.objects.get()
    assert "description" in row.details and len(row.details) <= 250
    changes.change_room(lobby.pk, {"topic": "z"}, by=alice)
    old = timezone.now() - timedelta(days=366)
    ModerationEntry.objects.filter(pk=row.pk).update(at=old)
    assert housekeeping.run()["moderation log"] == 1
    assert ModerationEntry.objects.count() == 1
    changes.delete_room(lobby.pk)
    assert not ModerationEntry.objects.exists()


def test_how_long_in_words() -> None:
    words = [actions.lasting(each) for each in (5, 60, 90, 1440, 43_200)]
    assert words == ["5 minutes", "1 hour", "90 minutes", "1 day", "30 days"]


def test_what_was_changed_in_words() -> None:
    before = {"name": "A", "topic": "", "archived": False, "description": "long", "slow_mode": 0}
    assert difference(before, before) == ""
    after = {**before, "topic": "T", "archived": True, "description": "other", "slow_mode": 10}
    told = "topic: – → T; archived: no → yes; description; slow mode: 0 → 10"
    assert difference(before, after) == told
    assert len(difference(before, {**before, "name": "x" * 1000})) < 100


def test_the_admin_shows_it(client: Any, alice: User, bob: User, lobby: Room) -> None:
    actions.mute(lobby.pk, bob.pk, alice, 5, "Spam")
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
    client.force_login(
        User.objects.get(pk=alice.pk),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    page = "/admin/rooms/moderationentry/"
    assert b"5 minutes" in client.get(page).content
    row = ModerationEntry.objects.get()
    assert b"Spam" in client.get(f"{page}{row.pk}/change/").content
    assert client.get(f"{page}add/").status_code == 403

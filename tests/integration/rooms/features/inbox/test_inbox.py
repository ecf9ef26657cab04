"""The inbox: what comes into it, what is shown of it, what is done, what goes by itself."""

from datetime import timedelta
from typing import Any, cast

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from rooms.core import housekeeping, inbox
from rooms.features.inbox import actions
from rooms.features.members.actions import join, leave
from rooms.features.messages import actions as messages
from rooms.features.messages.deletion import delete_message
from rooms.features.messages.editing import edit_message
from rooms.limits import Limits
from rooms.models import InboxEntry, Membership, Room, User
from rooms.protocol import Conflict
from tests.support import sockets
from tests.support.caller import Callers

pytestmark = pytest.mark.django_db(transaction=True)


def say(user: User, body: str, slug: str = "lobby", **more: Any) -> int:
    said = messages.post_message(messages.Post(user, slug, body, **more))
    return cast(int, said["id"])


def waiting(user: User, done: bool = False) -> list[tuple[str, str]]:
    rows = actions.entries(user, done).order_by("pk")
    return [(row.kind, row.message.body) for row in rows]


def test_what_comes_in(alice: User, bob: User, lobby: Room) -> None:
    first = say(bob, "Hello")
    say(alice, "Yes", reply_to=first)
    say(alice, "@bob, listen")
    say(alice, "@bob, no", reply_to=first)
    say(bob, "To myself, @bob", reply_to=first)
    say(alice, "@room")
    assert waiting(bob) in (
        [("reply", "Yes"), ("mention", "@bob, listen"), (kind, "@bob, no"), ("mention", "@room")]
        for kind in ("mention", "reply")
    )
    assert waiting(alice) == [("thread", "To myself, @bob")], "she has replied there"
    assert inbox.open_count(bob) == 4


def test_edits_and_deletions(alice: User, bob: User, lobby: Room) -> None:
    pk = say(alice, "Hello")
    edit_message(messages.Post(alice, "lobby", "Hello @bob"), pk)
    assert waiting(bob) == [("mention", "Hello @bob")]
    edit_message(messages.Post(alice, "lobby", "Hello you"), pk)
    assert waiting(bob) == []
    edit_message(messages.Post(alice, "lobby", "Hello @bob"), pk)
    say(bob, "Yes", reply_to=pk)
    assert waiting(alice) == [("reply", "Yes")]
    delete_message(alice, "lobby", pk)
    assert waiting(bob) == [] and not InboxEntry.objects.filter(user=bob).exists()


def test_a_room_that_is_not_theirs_is_not_shown(alice: User, bob: User, lobby: Room) -> None:
    say(alice, "@bob")
    leave(bob, "lobby")
    assert (waiting(bob), inbox.open_count(bob)) == ([], 0)
    join(bob, "lobby")
    assert (len(waiting(bob)), inbox.open_count(bob)) == (1, 1)


def test_by_rest(caller: Callers, alice: User, bob: User, charlie: User, lobby: Room) -> None:
    for text in ("@bob one", "@bob two", "@bob three"):
        say(alice, text)
    his, stranger = caller(bob), caller(charlie)
    page = his.get("inbox", limit=2).data
    assert [each["excerpt"] for each in page["entries"]] == ["@bob three", "@bob two"]
    assert page["open"] == 3
    first = page["entries"][0]
    assert first["author"] == {"id": alice.pk, "name": alice.name}
    assert (first["kind"], first["room"]["slug"], first["done"]) == ("mention", "lobby", False)
    rest = his.get(page["next"]).data
    assert [each["excerpt"] for each in rest["entries"]] == ["@bob one"] and rest["next"] is None
    pk = first["id"]
    assert his.post(f"inbox/{pk}/done").status_code == 204
    assert his.post(f"inbox/{pk}/done").status_code == 204
    assert [each["id"] for each in his.get("inbox", done="true").data["entries"]] == [pk]
    assert his.delete(f"inbox/{pk}/done").status_code == 204
    everything = his.post("inbox/done", {}).data["entries"]
    assert len(everything) == 3 and inbox.open_count(bob) == 0
    assert his.post("inbox/done", {}).data == {"entries": []}
    assert his.post("inbox/undo", {"entries": everything[:2]}).data["entries"] == everything[:2]
    assert inbox.open_count(bob) == 2
    assert his.post("inbox/undo", {"entries": list(range(1, 1_002))}).status_code == 422
    # Nobody else's.
    assert stranger.get("inbox").data["entries"] == []
    assert stranger.post(f"inbox/{pk}/done").status_code == 404
    assert stranger.post("inbox/done", {"entries": everything}).data == {"entries": []}
    assert caller(None).get("inbox").status_code == 401


def test_a_page_asks_the_same_for_any_number(
    caller: Callers, alice: User, bob: User, lobby: Room
) -> None:
    his = caller(bob)

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            his.get("inbox")
        return sum("rooms_inboxentry" in each["sql"] for each in captured.captured_queries)

    say(alice, "@bob")
    before = asked()
    for each in range(5):
        say(alice, f"@bob {each}")
    assert asked() == before


def test_a_plain_post_asks_nothing_of_it(alice: User, lobby: Room) -> None:
    with CaptureQueriesContext(connection) as captured:
        say(alice, "Hello")
    assert not any("inbox" in each["sql"] for each in captured.captured_queries)


def test_what_is_old_goes(alice: User, bob: User, lobby: Room) -> None:
    for text in ("@bob old", "@bob done", "@bob new"):
        say(alice, text)
    old, done, new = InboxEntry.objects.filter(user=bob).order_by("pk")
    now = timezone.now()
    InboxEntry.objects.filter(pk=old.pk).update(at=now - timedelta(days=91))
    InboxEntry.objects.filter(pk=done.pk).update(done_at=now - timedelta(days=31))
    assert housekeeping.run()["inbox entries"] == 2
    assert list(InboxEntry.objects.values_list("pk", flat=True)) == [new.pk]


def test_devices_are_told(alice: User, bob: User, lobby: Room) -> None:
    async def session() -> None:
        his = await sockets.Client.connect(bob)
        hers = await sockets.Client.connect(alice)

        async def told(number: int) -> None:
            event = await his.find(lambda each: each.get("type") == "inbox")
            assert event == {"type": "inbox", "open": number}
            his.seen.clear()

        await hers.say("lobby", "@bob")
        await told(1)
        await hers.call("subscribe", room="lobby")
        await sync_to_async(actions.set_done)(bob, None, True)
        await told(0)
        await hers.say("lobby", "@bob again")
        await told(1)
        await sync_to_async(leave)(bob, "lobby")
        await told(0)
        for client in (hers, his):
            await client.leave()

    sockets.run(session)
    assert not Membership.objects.filter(user=bob, room=lobby).exists()


def test_a_message_is_saved_for_later(
    caller: Callers, alice: User, bob: User, charlie: User, lobby: Room
) -> None:
    pk = say(alice, "The address is 12 Quay Street")
    path = f"rooms/lobby/messages/{pk}/saved"
    assert caller(charlie).send("put", path).status_code == 403
    for _ in range(2):
        assert caller(bob).send("put", path).status_code == 204
    assert waiting(bob) == [("saved", "The address is 12 Quay Street")]
    assert waiting(alice) == []
    # Done, and saved again: it waits again. What mentions one waits once.
    assert caller(bob).delete(path).status_code == 204
    assert (waiting(bob), len(waiting(bob, done=True))) == ([], 1)
    assert caller(bob).send("put", path).status_code == 204
    mention = say(alice, "@bob")
    assert caller(bob).send("put", f"rooms/lobby/messages/{mention}/saved").status_code == 204
    assert [kind for kind, _ in waiting(bob)] == ["saved", "mention"]
    # It stays however long it takes, unless the message goes.
    InboxEntry.objects.update(at=timezone.now() - timedelta(days=1000))
    actions.sweep()
    assert [kind for kind, _ in waiting(bob)] == ["saved"]
    delete_message(alice, "lobby", pk)
    assert waiting(bob) == []
    assert caller(bob).send("put", path).status_code == 404


def test_nobody_saves_without_end(alice: User, bob: User, lobby: Room) -> None:
    with override_settings(PARLEY_LIMITS=Limits(saved_messages=2)):
        first, second, third = (say(alice, str(number)) for number in range(3))
        actions.save(bob, "lobby", first)
        actions.save(bob, "lobby", second)
        actions.save(bob, "lobby", second)
        with pytest.raises(Conflict):
            actions.save(bob, "lobby", third)
        actions.set_message_done(bob, "lobby", first)
        actions.save(bob, "lobby", third)

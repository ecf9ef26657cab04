"""What a slice does with the messages that people write, in their transaction: here, mentions."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from rooms.core import changed_messages, message_parts, posted_messages
from rooms.core.log import Logs
from rooms.core.posted_messages import PostedMessage
from rooms.features.messages.actions import Post, post_message, post_messages
from rooms.features.messages.deletion import delete_message
from rooms.features.messages.editing import edit_message
from rooms.models import Event, Message, Room, User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many messages each call of the hook was given."""
    calls: list[int] = []

    def mention(logs: Logs, posted: Sequence[PostedMessage]) -> Mapping[int, Mapping[str, Any]]:
        calls.append(len(posted))
        if any("!" in each.body for each in posted):
            raise ZeroDivisionError
        found = {each.pk: {"mentions": ["bob"]} for each in posted if "@bob" in each.body}
        for each in posted:
            if each.pk in found:
                logs.append(each.room, "bob.mentioned", {"message_id": each.pk})
        return found

    monkeypatch.setattr(posted_messages, "_hooks", [("", mention)])
    monkeypatch.setattr(message_parts, "_empty", {"mentions": []})
    return calls


def test_one_call_takes_all_messages_of_a_transaction(
    alice: User, lobby: Room, calls: list[int]
) -> None:
    texts = ("Hello", "Hello @bob", "@bob and @bob")
    outcomes: list[Any] = post_messages([Post(alice, "lobby", text) for text in texts])
    assert calls == [3]
    assert [each["mentions"] for each in outcomes] == [[], ["bob"], ["bob"]]
    told = Event.objects.filter(room=lobby).order_by("seq")
    assert [each.seq for each in told] == list(range(1, len(told) + 1))
    created = [each.payload["message"] for each in told if each.type == "message.created"]
    assert created == outcomes
    mentioned = [each.payload["message_id"] for each in told if each.type == "bob.mentioned"]
    assert mentioned == [each["id"] for each in outcomes[1:]]


def test_a_hook_that_fails_leaves_nothing(alice: User, lobby: Room, calls: list[int]) -> None:
    before = lobby.last_seq
    with pytest.raises(ZeroDivisionError):
        post_message(Post(alice, "lobby", "@bob!"))
    lobby.refresh_from_db()
    assert (lobby.last_seq, Message.objects.count()) == (before, 0)


@pytest.fixture
def changes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the hooks saw; the one of edits appends an event, and refuses a text."""
    seen: list[str] = []

    def edited(logs: Logs, room: Room, message: Message) -> None:
        if "!" in message.body:
            raise ZeroDivisionError
        seen.append(f"edited {message.body}")
        logs.append(room, "edit.heard", {"message_id": message.pk})

    def deleted(logs: Logs, room: Room, message: Message) -> None:
        seen.append(f"deleted {message.body} {Message.objects.filter(pk=message.pk).exists()}")

    monkeypatch.setattr(changed_messages, "_edited", [edited])
    monkeypatch.setattr(changed_messages, "_deleted", [deleted])
    return seen


def test_what_follows_an_edit_and_a_deletion(changes: list[str], alice: User, lobby: Room) -> None:
    said: Any = post_message(Post(alice, "lobby", "one"))
    number = said["id"]
    edit_message(Post(alice, "lobby", "two"), number)
    with pytest.raises(ZeroDivisionError):
        edit_message(Post(alice, "lobby", "three!"), number)
    assert Message.objects.get(pk=number).body == "two"
    delete_message(alice, "lobby", number)
    assert changes == ["edited two", "deleted two True"]
    types = Event.objects.filter(room=lobby).order_by("seq").values_list("type", flat=True)
    assert list(types)[-4:] == [
        "message.created",
        "message.edited",
        "edit.heard",
        "message.deleted",
    ]

"""Threads: which messages belong to one, what a page and REST know of it, who is told."""

from importlib import import_module
from typing import Any, cast

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rooms.features.inbox import actions as inbox
from rooms.features.members.actions import leave
from rooms.features.messages import actions as messages
from rooms.features.messages.deletion import delete_message
from rooms.features.messages.editing import edit_message
from rooms.features.threads import actions
from rooms.models import Room, Thread, ThreadFollow, ThreadReply, User
from rooms.protocol import Forbidden, NotFound
from tests.support.caller import Callers
from tests.support.store import Store
from tests.support.watch import Watch

pytestmark = pytest.mark.django_db(transaction=True)


def say(user: User, body: str = "Hello", reply_to: int | None = None, slug: str = "lobby") -> int:
    said = messages.post_message(messages.Post(user, slug, body, reply_to=reply_to))
    return cast(int, said["id"])


def read(caller: Any, message: int, **query: Any) -> dict[str, Any]:
    answer = caller.get(f"rooms/lobby/messages/{message}/thread", **query)
    assert answer.status_code == 200, answer.data
    return cast(dict[str, Any], answer.data)


def bodies(page: dict[str, Any]) -> list[str]:
    return [each["body"] for each in page["messages"]]


def told(user: User) -> list[tuple[str, str]]:
    return [(row.kind, row.message.body) for row in inbox.entries(user).order_by("pk")]


def test_a_page_counts_replies_by_its_events(
    store: Store, caller: Callers, alice: User, bob: User, lobby: Room
) -> None:
    watch = Watch(store, {each: caller(each) for each in (alice, bob)}, "lobby")
    root = say(alice, "Where to?")
    first = watch.verify(lambda: say(bob, "South", root), "message.created")
    second = watch.verify(lambda: say(alice, "How far?", first), "message.created")
    page = read(caller(alice), second)
    assert (page["root"]["id"], bodies(page)) == (root, ["South", "How far?"])
    assert page["root"]["replies"]["count"] == 2
    assert [each["thread"]["id"] for each in page["messages"]] == [root, root]
    watch.verify(
        lambda: edit_message(messages.Post(bob, "lobby", "North"), first), "message.edited"
    )
    # What was answered leaves a mark, what was not leaves nothing, and neither counts.
    watch.verify(lambda: delete_message(bob, "lobby", first), "message.deleted")
    watch.verify(lambda: delete_message(alice, "lobby", second), "message.deleted")
    page = read(caller(bob), root)
    assert (page["root"]["replies"]["count"], bodies(page)) == (0, [""])
    watch.verify(lambda: say(bob, "East", root), "message.created")
    watch.verify(lambda: delete_message(alice, "lobby", root), "message.deleted")
    page = read(caller(bob), root)
    assert (page["root"]["deleted"] is not None, page["root"]["replies"]["count"]) == (True, 1)


def test_answers_of_one_transaction_join_one_thread(alice: User, bob: User, lobby: Room) -> None:
    root, other = say(alice), say(bob)
    first = say(bob, "first", root)
    outcomes = messages.post_messages(
        [
            messages.Post(alice, "lobby", "second", reply_to=first),
            messages.Post(bob, "lobby", "third", reply_to=root),
            messages.Post(bob, "lobby", "elsewhere", reply_to=other),
        ]
    )
    assert len(outcomes) == 3
    counts = dict(Thread.objects.values_list("root_id", "replies"))
    assert counts == {root: 3, other: 1}


def test_a_long_thread_comes_in_pages(caller: Callers, alice: User, bob: User, lobby: Room) -> None:
    root = say(alice)
    for number in range(5):
        say(bob, f"reply {number}", root)
        say(bob, "of something else")
    page = read(caller(alice), root, limit=2)
    assert bodies(page) == ["reply 3", "reply 4"]
    seen = bodies(page)
    while page["next"]:
        page = caller(alice).get(page["next"]).data
        seen = bodies(page) + seen
    assert seen == [f"reply {number}" for number in range(5)]


def test_followers_are_told_once_until_they_have_seen_to_it(
    caller: Callers, alice: User, bob: User, charlie: User, lobby: Room
) -> None:
    root = say(alice, "Where to?")
    answer = say(bob, "South", root)
    assert told(alice) == [("reply", "South")]
    say(charlie, "East", answer)
    assert told(bob) == [("reply", "East")]
    assert told(alice) == [("reply", "South"), ("thread", "East")]
    say(charlie, "or West", answer)
    assert told(alice) == [("reply", "South"), ("thread", "East")], "it waits still"
    inbox.set_done(alice, None, done=True)
    say(charlie, "No, East", answer)
    assert told(alice) == [("thread", "No, East")]
    # Who has stopped is told no more, until they reply again.
    say(alice, "As you like", root)
    assert caller(alice).delete(f"rooms/lobby/messages/{answer}/thread/follow").status_code == 204
    inbox.set_done(alice, None, done=True)
    say(bob, "Good", answer)
    assert told(alice) == []
    assert not read(caller(alice), root)["follows"]
    say(alice, "Or not", root)
    assert read(caller(alice), root)["follows"]
    assert (
        caller(alice).send("put", f"rooms/lobby/messages/{root}/thread/follow").status_code == 204
    )
    assert read(caller(alice), root)["follows"]
    leave(alice, "lobby")
    say(bob, "Off we go", answer)
    assert ("thread", "Off we go") not in told(alice)


def test_who_may(caller: Callers, alice: User, bob: User, charlie: User, den: Room) -> None:
    root = say(alice, slug="den")
    say(alice, "reply", root, "den")
    with pytest.raises(NotFound):
        actions.follow(charlie, "den", root, True)
    assert caller(charlie).get(f"rooms/den/messages/{root}/thread").status_code == 404


def test_strangers_read_and_do_not_follow(
    caller: Callers, alice: User, charlie: User, lobby: Room
) -> None:
    root, alone = say(alice), say(alice)
    say(alice, "reply", root)
    assert bodies(read(caller(charlie), root)) == ["reply"]
    with pytest.raises(Forbidden):
        actions.follow(charlie, "lobby", root, True)
    for path in (f"rooms/lobby/messages/{alone}/thread", "rooms/lobby/messages/999999/thread"):
        assert caller(alice).get(path).status_code == 404


def test_what_was_said_before_there_were_threads(alice: User, bob: User, lobby: Room) -> None:
    root = say(alice)
    first = say(bob, "first", root)
    say(alice, "second", first)
    third = say(bob, "third", first)
    delete_message(bob, "lobby", third)
    state = sorted(Thread.objects.values_list("root_id", "replies"))
    members = sorted(ThreadReply.objects.values_list("message_id", "thread_id"))
    for model in (ThreadFollow, ThreadReply, Thread):
        model.objects.all().delete()
    import_module("rooms.migrations.0023_threads").of_earlier_replies(apps, None)
    assert sorted(Thread.objects.values_list("root_id", "replies")) == state == [(root, 2)]
    assert sorted(ThreadReply.objects.values_list("message_id", "thread_id")) == members
    assert ThreadFollow.objects.filter(follows=True).count() == 2


def test_many_replies_take_the_queries_of_a_few(
    alice: User, bob: User, charlie: User, lobby: Room
) -> None:
    def queries(count: int) -> int:
        roots = [say(alice), say(bob)]
        for root in roots:
            say(charlie, "first", root)
        posts = [messages.Post(bob, "lobby", f"{n}", reply_to=roots[n % 2]) for n in range(count)]
        with CaptureQueriesContext(connection) as taken:
            messages.post_messages(posts)
        counts = Thread.objects.filter(root__in=roots).values_list("replies", flat=True)
        assert sum(counts) == count + 2
        return len(taken)

    queries(2)
    assert queries(40) <= queries(4)

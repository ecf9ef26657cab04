"""People as themselves: what may be said, who is told, who sees a card; on every database."""

import threading
from typing import Any, cast

import pytest
from asgiref.sync import sync_to_async
from django.db import close_old_connections, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from rooms.core.fields import checked_name
from rooms.core.log_reading import read
from rooms.features.bans.actions import ban
from rooms.features.messages import actions as messages
from rooms.features.profiles import actions
from rooms.features.reactions import actions as reactions
from rooms.limits import Limits
from rooms.models import Membership, Room, User
from rooms.protocol import Invalid, NotFound, RateLimited
from tests.support import sockets
from tests.support.caller import Callers
from tests.support.store import Store
from tests.support.watch import Watch

pytestmark = pytest.mark.django_db(transaction=True)

MARKUP = "<img src=x onerror=alert(1)>\"'&amp;"


def test_a_name_is_changed_over_rest(caller: Callers, alice: User, lobby: Room) -> None:
    me = caller(alice).get("me").data
    assert me == {
        "id": alice.pk,
        "username": "alice",
        "name": "Alice",
        "pronouns": "",
        "about": "",
    }
    answer = caller(alice).send("patch", "me", {"name": " Alice \n Berg ", "pronouns": "she/her"})
    assert answer.status_code == 200
    assert answer.data["name"] == "Alice Berg"
    assert answer.data["pronouns"] == "she/her"
    # What is missing stays as it is; without a name people read the user name.
    assert caller(alice).send("patch", "me", {"about": "Tides."}).data["pronouns"] == "she/her"
    assert caller(alice).send("patch", "me", {"name": ""}).data["name"] == "alice"
    alice.refresh_from_db()
    assert (alice.first_name, alice.last_name, alice.about) == ("", "", "Tides.")


@pytest.mark.parametrize(
    "change",
    [
        {"name": "x" * 81},
        {"pronouns": "x" * 41},
        {"about": "x" * 201},
        {"name": "Al\u202eice"},
        {"pronouns": "\u2066they"},
        {"about": "a\x1b[31m"},
        {"name": "\u2800"},
        {"about": "\u200b"},
        {"name": 5},
        {"first_name": "Al"},
    ],
)
def test_what_is_no_line_is_refused(caller: Callers, alice: User, change: dict[str, Any]) -> None:
    answer = caller(alice).send("patch", "me", change)
    assert answer.status_code in (400, 422)
    assert answer.data["errors"][0]["pointer"] == f"/{next(iter(change))}"
    alice.refresh_from_db()
    assert (alice.name, alice.pronouns, alice.about) == ("Alice", "", "")


def test_what_a_page_holds_is_what_a_fresh_one_has(
    store: Store, caller: Callers, alice: User, bob: User, charlie: User, lobby: Room
) -> None:
    watch = Watch(store, {each: caller(each) for each in (alice, bob, charlie)}, "lobby")
    said = cast(int, messages.post_message(messages.Post(bob, "lobby", "Hello"))["id"])
    messages.post_message(messages.Post(alice, "lobby", "Yes", reply_to=said))
    reactions.react(bob, "lobby", said, "👍")
    reactions.react(alice, "lobby", said, "👍")
    watch.verify(lambda: actions.change_profile(bob, {"name": MARKUP}), "member.changed")
    # The same name again, or another line about oneself, is nobody's news.
    watch.verify(lambda: actions.change_profile(bob, {"name": MARKUP}))
    watch.verify(lambda: actions.change_profile(bob, {"about": MARKUP}))
    rows = caller(charlie).get("rooms/lobby/messages").data["messages"]
    assert rows[0]["author"]["name"] == MARKUP, "what was said is theirs under the new name"


def test_all_rooms_are_told_whoever_changes_it(
    caller: Callers, alice: User, bob: User, lobby: Room, den: Room
) -> None:
    other = User.objects.get(pk=bob.pk)
    other.last_name = "Berg"
    with CaptureQueriesContext(connection) as counted:
        other.save()
    for room in (lobby, den):
        ((_, raw),) = read(room.pk, room.slug, room.last_seq, 100)
        assert b'"member.changed"' in raw and b"Bob Berg" in raw
    other.save(update_fields=["last_login"])
    assert Room.objects.get(pk=den.pk).last_seq == den.last_seq + 1
    # How many queries does not depend on how many rooms there are.
    for number in range(6):
        room = Room.objects.create(slug=f"more-{number}", name="More")
        Membership.objects.create(room=room, user=bob)
    other.last_name = "Tal"
    with CaptureQueriesContext(connection) as more:
        other.save()
    assert len(more) <= len(counted)


def test_a_name_is_not_changed_without_end(alice: User, lobby: Room) -> None:
    with override_settings(PARLEY_LIMITS=Limits(renames_per_day=2)):
        actions.change_profile(alice, {"name": "One"})
        actions.change_profile(alice, {"name": "Two"})
        with pytest.raises(RateLimited) as refused:
            actions.change_profile(alice, {"name": "Three"})
        assert 40_000 < (refused.value.retry_after or 0) <= 43_200
        # Nothing of what was refused is kept, and all else may be changed.
        actions.change_profile(alice, {"pronouns": "they/them"})
    alice.refresh_from_db()
    assert (alice.name, alice.pronouns) == ("Two", "they/them")


def test_two_at_once_do_not_lose_each_others_change(alice: User, lobby: Room) -> None:
    def change(**changes: str) -> None:
        try:
            actions.change_profile(alice, changes)
        finally:
            close_old_connections()

    threads = [
        threading.Thread(target=change, kwargs=changes)
        for changes in ({"name": "Ana"}, {"pronouns": "she/her"}, {"about": "Tides."})
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alice.refresh_from_db()
    assert (alice.name, alice.pronouns, alice.about) == ("Ana", "she/her", "Tides.")


def test_only_those_who_see_a_room_of_somebody_see_their_card(
    caller: Callers, alice: User, bob: User, charlie: User, den: Room
) -> None:
    actions.change_profile(bob, {"about": MARKUP, "pronouns": "he/him"})
    card = caller(alice).get("people/bob").data
    assert card == {
        "id": bob.pk,
        "username": "bob",
        "name": "Bob",
        "pronouns": "he/him",
        "about": MARKUP,
        "role": None,
    }
    assert caller(alice).get(f"rooms/den/people/{bob.pk}").data["role"] == "member"
    # To a stranger there is nobody, in the same words.
    nobody = caller(charlie).get("people/nobody")
    stranger = caller(charlie).get("people/bob")
    assert (stranger.status_code, nobody.status_code) == (404, 404)
    assert stranger.data["detail"].replace("bob", "nobody") == nobody.data["detail"]
    assert caller(charlie).get(f"rooms/den/people/{bob.pk}").status_code == 404
    assert caller(charlie).get("people/charlie").data["username"] == "charlie"
    assert caller(None).get("people/bob").status_code == 401


def test_a_public_room_shows_its_members_and_no_one_else(
    caller: Callers, alice: User, bob: User, charlie: User, lobby: Room
) -> None:
    assert caller(charlie).get("people/bob").status_code == 200
    assert caller(charlie).get(f"rooms/lobby/people/{bob.pk}").data["role"] == "member"
    assert caller(bob).get(f"rooms/lobby/people/{charlie.pk}").status_code == 404
    assert caller(bob).get("people/charlie").status_code == 404
    ban(lobby.pk, charlie, alice)
    assert caller(charlie).get("people/bob").status_code == 404
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert caller(alice).get("people/bob").status_code == 404
    assert caller(alice).get(f"rooms/lobby/people/{bob.pk}").status_code == 404


def test_strangers_and_nobody_cost_the_same(charlie: User, bob: User, den: Room) -> None:
    counts = []
    for name in ("bob", "nobody"):
        with CaptureQueriesContext(connection) as asked, pytest.raises(NotFound):
            actions.card(charlie, name)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_an_open_connection_goes_by_the_new_name(alice: User, bob: User, lobby: Room) -> None:
    async def renamed() -> None:
        hers = await sockets.Client.connect(alice)
        his = await sockets.Client.connect(bob)
        for each in (hers, his):
            await each.call("subscribe", room="lobby")
        await his.find(lambda each: each["type"] == "presence" and len(each["present"]) == 2)
        await sync_to_async(actions.change_profile)(alice, {"name": "Ana"})
        await his.find(lambda each: each["type"] == "member.changed")
        # In all her windows, whatever they show.
        told = await hers.find(lambda each: each["type"] == "person")
        assert told["user"] == {"id": alice.pk, "name": "Ana"}
        there = {"id": alice.pk, "name": "Ana"}
        await his.find(lambda each: each["type"] == "presence" and there in each["present"])
        answer = await hers.say("lobby", "Hello")
        assert answer["message"]["author"]["name"] == "Ana"
        await hers.leave()
        await his.leave()

    sockets.run(renamed)


def test_the_page_changes_it_and_says_what_is_wrong(alice: User, lobby: Room) -> None:
    browser = Client()
    browser.force_login(alice)
    assert "Alice" in browser.get("/profile/").content.decode()
    answer = browser.post("/profile/", {"name": MARKUP, "pronouns": MARKUP[:28], "about": MARKUP})
    assert answer.status_code == 302
    shown = browser.get("/profile/").content.decode()
    assert "<img src=x" not in shown and "&lt;img src=x" in shown
    alice.refresh_from_db()
    assert (alice.name, alice.about) == (MARKUP, MARKUP)
    for wrong in ({"name": "x" * 81}, {"name": "Al\u202eice"}, {"about": "a\x1bb"}):
        refused = browser.post("/profile/", {"pronouns": "", "about": "", "name": "A", **wrong})
        assert refused.status_code == 200 and "errorlist" in refused.content.decode()
    alice.refresh_from_db()
    assert alice.name == MARKUP
    assert Client().get("/profile/").status_code == 302


def test_who_signs_up_with_marks_in_their_name_is_told() -> None:
    with pytest.raises(Invalid):
        checked_name("a\u202eb", 80)

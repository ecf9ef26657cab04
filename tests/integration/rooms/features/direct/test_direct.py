"""Rooms between two: one for each pair, who may open it, who sees it; on every database."""

import threading
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import close_old_connections, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from rooms.features.bans.actions import ban
from rooms.features.direct.actions import open_direct
from rooms.features.members import actions as members
from rooms.features.members import management
from rooms.features.messages import actions as messages
from rooms.features.profiles import actions as profiles
from rooms.features.rooms import changes
from rooms.limits import Limits
from rooms.models import Membership, Room, User
from rooms.protocol import Conflict, Forbidden, NotFound, RateLimited
from tests.support import sockets
from tests.support.caller import Callers
from tests.support.store import Store
from tests.support.watch import Watch

pytestmark = pytest.mark.django_db(transaction=True)

MARKUP = "<img src=x onerror=alert(1)>"


def test_each_has_it_under_the_others_name(
    caller: Callers, alice: User, bob: User, lobby: Room
) -> None:
    made = caller(alice).post("direct", {"username": "bob"})
    assert made.status_code == 201
    slug = made.data["slug"]
    assert made["Location"].endswith(f"/rooms/{slug}")
    assert (made.data["visibility"], made.data["role"], made.data["members"]) == (
        "direct",
        "member",
        2,
    )
    assert (made.data["name"], made.data["other"]) == ("Bob", {"id": bob.pk, "name": "Bob"})
    again = caller(bob).post("direct", {"username": "alice"})
    assert (again.status_code, again.data["slug"], again.data["name"]) == (200, slug, "Alice")
    # In the list of rooms and in the page, too; and after either is called something else.
    profiles.change_profile(alice, {"name": MARKUP})
    assert caller(bob).get(f"rooms/{slug}").data["name"] == MARKUP
    listed = {room["slug"]: room for room in caller(bob).get("rooms").data["rooms"]}
    assert listed[slug]["name"] == MARKUP and listed["lobby"]["other"] is None
    page = Client()
    page.force_login(bob)
    shown = page.get(f"/rooms/{slug}/").content.decode()
    assert "<img src=x" not in shown
    state = page.get("/state/").json()
    assert {room["slug"]: room["name"] for room in state["rooms"]}[slug] == MARKUP


def test_two_at_once_get_the_same_room(alice: User, bob: User, lobby: Room) -> None:
    ready = threading.Barrier(4)
    found: list[str] = []
    faults: list[Exception] = []

    def open_(user: User, name: str) -> None:
        try:
            ready.wait(30)
            found.append(open_direct(user, name)[0])
        except Exception as fault:
            faults.append(fault)
        finally:
            close_old_connections()

    asked = [(alice, "bob"), (bob, "alice")] * 2
    threads = [threading.Thread(target=open_, args=each) for each in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults and len(found) == 4 and len(set(found)) == 1
    room = Room.objects.get(visibility="direct")
    assert Membership.objects.filter(room=room).count() == 2


def test_only_people_who_share_a_room_write_to_one_another(
    caller: Callers, alice: User, bob: User, charlie: User, lobby: Room
) -> None:
    # Who only looks at a public room shares none.
    stranger = caller(charlie).post("direct", {"username": "bob"})
    nobody = caller(charlie).post("direct", {"username": "nobody"})
    assert (stranger.status_code, nobody.status_code) == (404, 404)
    assert stranger.data == nobody.data
    members.join(charlie, "lobby")
    assert caller(charlie).post("direct", {"username": "bob"}).status_code == 201
    with pytest.raises(Forbidden):
        open_direct(alice, "alice")
    ban(lobby.pk, charlie, alice)
    with pytest.raises(NotFound):
        open_direct(charlie, "alice")
    with pytest.raises(NotFound):
        open_direct(alice, "charlie")
    # What they have between them stays.
    assert open_direct(bob, "charlie")[1] is False
    User.objects.filter(pk=bob.pk).update(is_active=False)
    with pytest.raises(NotFound):
        open_direct(alice, "bob")


def test_strangers_and_nobody_cost_the_same(charlie: User, bob: User, den: Room) -> None:
    counts = []
    for name in ("bob", "nobody"):
        with CaptureQueriesContext(connection) as asked, pytest.raises(NotFound):
            open_direct(charlie, name)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_nobody_else_sees_it_or_comes_into_it(
    caller: Callers, alice: User, bob: User, charlie: User, lobby: Room
) -> None:
    members.join(charlie, "lobby")
    slug, _ = open_direct(alice, "bob")
    for path in ("", "/messages", "/members"):
        assert caller(charlie).get(f"rooms/{slug}{path}").status_code == 404
    with pytest.raises(NotFound):
        members.join(charlie, slug)
    asked = caller(alice).post(f"rooms/{slug}/members", {"user": "charlie"})
    assert asked.status_code == 403
    for change in ({"name": "Ours"}, {"visibility": "public"}, {"archived": True}):
        assert caller(alice).send("patch", f"rooms/{slug}", change).status_code == 403
    assert caller(alice).send("delete", f"rooms/{slug}/members/{bob.pk}").status_code == 403
    room = Room.objects.get(slug=slug)
    with pytest.raises(Conflict):
        management.add_member(room.pk, charlie, "member")
    with pytest.raises(Conflict):
        management.change_role(room.pk, bob, "owner")
    with pytest.raises(Conflict):
        changes.change_room(room.pk, {"visibility": "public"})
    # Neither in the directory nor among what is found by words, not even by the two.
    page = Client()
    page.force_login(alice)
    assert f"/rooms/{slug}/" not in page.get("/rooms/").content.decode()
    assert caller(alice).get("rooms", q="alice").data["rooms"] == []


def test_who_leaves_is_not_brought_back(
    store: Store, caller: Callers, alice: User, bob: User, lobby: Room
) -> None:
    slug, _ = open_direct(alice, "bob")
    watch = Watch(store, {each: caller(each) for each in (alice, bob)}, slug)
    watch.verify(
        lambda: messages.post_message(messages.Post(alice, slug, "Hello")), "message.created"
    )
    watch.verify(lambda: members.leave(bob, slug), "member.left", "room.changed")
    with pytest.raises(Forbidden):
        messages.post_message(messages.Post(alice, slug, "Anybody?"))
    assert open_direct(alice, "bob") == (slug, False)
    assert caller(bob).get(f"rooms/{slug}").status_code == 404
    # Both have left, and one comes back: the other still decides for themselves.
    members.leave(alice, slug)
    watch.verify(lambda: open_direct(bob, "alice"), "member.joined")
    assert caller(bob).get(f"rooms/{slug}").data["archived"] is True
    watch.verify(lambda: open_direct(alice, "bob"), "member.joined", "room.changed")
    messages.post_message(messages.Post(bob, slug, "There you are"))
    assert caller(alice).get(f"rooms/{slug}/messages").data["messages"][0]["body"] == "Hello"


def test_who_is_written_to_sees_it_at_once(alice: User, bob: User, lobby: Room) -> None:
    async def written() -> None:
        his = await sockets.Client.connect(bob)
        slug, _ = await sync_to_async(open_direct)(alice, "bob")
        await his.find(lambda each: each["type"] == "unread" and each["room"] == slug)
        post = messages.Post(alice, slug, "Hello")
        await sync_to_async(messages.post_message)(post)
        await his.find(lambda each: each["type"] == "unread" and each["unread"] == 1)
        # The name under which he has it.
        await sync_to_async(profiles.change_profile)(alice, {"name": "Ana"})
        told = await his.find(lambda each: each["type"] == "person")
        assert told["user"] == {"id": alice.pk, "name": "Ana"}
        await his.leave()

    sockets.run(written)


def test_it_is_bounded(alice: User, bob: User, charlie: User, lobby: Room) -> None:
    members.join(charlie, "lobby")
    with override_settings(PARLEY_LIMITS=Limits(direct_rooms_per_day=1)):
        open_direct(alice, "bob")
        with pytest.raises(RateLimited):
            open_direct(alice, "charlie")
        # Those that are there open as often as one likes.
        assert open_direct(alice, "bob")[1] is False
    with override_settings(PARLEY_LIMITS=Limits(memberships_per_user=1)):
        with pytest.raises(Conflict):
            open_direct(alice, "charlie")
    assert Room.objects.filter(visibility="direct").count() == 1


def test_lists_cost_no_more_for_more_of_them(alice: User, lobby: Room) -> None:
    page = Client()
    page.force_login(alice)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert page.get("/state/").status_code == 200
        return len(queries)

    def meet(number: int) -> Any:
        other = User.objects.create(username=f"person-{number}")
        Membership.objects.create(room=lobby, user=other)
        return open_direct(alice, other.username)

    meet(0)
    few = asked()
    for number in range(1, 6):
        meet(number)
    assert asked() == few


def test_people_are_found_by_those_who_share_a_room(
    caller: Callers, alice: User, bob: User, charlie: User, lobby: Room
) -> None:
    found = caller(alice).get("people", q="bo").data["people"]
    assert found == [{"id": bob.pk, "username": "bob", "name": "Bob"}]
    assert caller(alice).get("people", q="charlie").data["people"] == []
    assert caller(charlie).get("people", q="bob").data["people"] == []
    assert caller(alice).get("people", q="alice").data["people"] == []
    assert caller(alice).get("people", q="").status_code == 422
    assert caller(alice).get("people", q=MARKUP).data["people"] == []

"""REST: listing, making, entering and leaving rooms."""

import pytest
from pytest_django import DjangoAssertNumQueries

from rooms.features.messages import actions as messages
from rooms.features.rooms import actions as room_actions
from rooms.features.rooms import changes
from rooms.models import Event, Membership, Room, User
from tests.support.caller import Answer, Callers

pytestmark = pytest.mark.django_db(transaction=True)


def slugs(answer: Answer) -> list[str]:
    return [room["slug"] for room in answer.data["rooms"]]


def test_lists_public_rooms_and_own_private_ones(
    caller: Callers, alice: User, charlie: User, lobby: Room, den: Room
) -> None:
    assert slugs(caller(alice).get("rooms")) == ["lobby", "den"]
    assert slugs(caller(charlie).get("rooms")) == ["lobby"]


def test_shows_what_the_caller_is_to_the_room(
    caller: Callers, alice: User, charlie: User, lobby: Room
) -> None:
    mine = caller(alice).get("rooms/lobby").data
    assert (mine["role"], mine["members"], mine["unread"]) == ("owner", 2, 0)
    listed = caller(alice).get("rooms").data["rooms"][0]
    assert mine == listed | {"description": "", "description_html": ""}
    theirs = caller(charlie).get("rooms/lobby").data
    assert (theirs["role"], theirs["read_seq"], theirs["unread"]) == (None, None, 0)


def test_pages_of_rooms_cover_all_of_them_once(caller: Callers, alice: User) -> None:
    made = [f"room-{number}" for number in range(5)]
    for slug in made:
        room_actions.create_room(alice, slug, slug)
    alices, seen, address = caller(alice), [], "rooms?limit=2"
    while address:
        page = alices.get(address)
        assert len(page.data["rooms"]) <= 2
        seen += slugs(page)
        address = page.data["next"]
    assert seen == made


def test_finds_rooms_by_words_of_their_names(
    caller: Callers, alice: User, charlie: User, den: Room
) -> None:
    for number in range(60):
        room_actions.create_room(alice, f"room-{number}", f"Plain {number}")
    room_actions.create_room(alice, "old-zebra", "An old zebra crossing")
    room_actions.create_room(alice, "zebra", "Zebra crossing 59")
    asks = caller(charlie)
    assert slugs(asks.get("rooms?q=zebra")) == ["zebra", "old-zebra"]
    assert slugs(asks.get("rooms?q=crossing%20ZEBRA")) == ["old-zebra", "zebra"]
    assert slugs(asks.get("rooms?q=room-59")) == ["room-59"]
    assert slugs(asks.get("rooms?q=den")) == []
    assert asks.get("rooms?q=%00nothing").status_code == 422
    assert asks.get(f"rooms?q={'x' * 101}").status_code == 422


def test_pages_of_what_was_found_cover_all_of_it_once(caller: Callers, alice: User) -> None:
    for number in range(5):
        room_actions.create_room(
            alice, f"a-{number}", f"New port {number}" if number % 2 else "Port"
        )
    seen, address = [], "rooms?q=port&limit=2"
    while address:
        page = caller(alice).get(address)
        seen += slugs(page)
        address = page.data["next"]
    assert seen == ["a-0", "a-2", "a-4", "a-1", "a-3"]


@pytest.mark.parametrize(
    "cursor", ["x", "!!", "WzFd" * 60, "WyJhIl0", "W3RydWVd", "WzEsMl0", "bnVsbA"]
)
def test_a_cursor_that_nobody_gave_is_refused(caller: Callers, alice: User, cursor: str) -> None:
    assert caller(alice).get("rooms", cursor=cursor).status_code == 422


def test_listing_takes_the_same_queries_for_any_number_of_rooms(
    caller: Callers,
    alice: User,
    lobby: Room,
    den: Room,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    alices = caller(alice)
    alices.get("rooms")  # writes down that the token was used
    with django_assert_num_queries(5):
        alices.get("rooms")
    for number in range(10):
        room_actions.create_room(alice, f"more-{number}", "More")
    with django_assert_num_queries(5):
        assert len(alices.get("rooms").data["rooms"]) == 12


def test_makes_a_room_with_its_maker_as_owner(caller: Callers, bob: User) -> None:
    new = {"slug": "plans", "name": "  Plans ", "topic": "Next year"}
    answer = caller(bob).post("rooms", new)
    assert answer.status_code == 201
    assert answer["Location"] == "/api/v1/rooms/plans"
    assert (answer.data["name"], answer.data["role"]) == ("Plans", "owner")
    assert caller(bob).get(answer["Location"]).data == answer.data
    assert [event.type for event in Event.objects.all()] == ["member.joined"]


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Über uns & Co.", "uber-uns-co"),
        ("snake_case", "snake-case"),
        ("---", "room"),
        ("話す", "room"),
        ("x" * 80, "x" * 56),
    ],
)
def test_makes_a_slug_from_the_name(caller: Callers, alice: User, name: str, slug: str) -> None:
    assert caller(alice).post("rooms", {"name": name}).data["slug"] == slug


def test_a_made_slug_steps_aside_and_a_chosen_one_conflicts(
    caller: Callers, alice: User, lobby: Room
) -> None:
    answer = caller(alice).post("rooms", {"name": "Lobby"})
    assert answer.status_code == 201
    assert answer.data["slug"].startswith("lobby-")
    answer = caller(alice).post("rooms", {"name": "Lobby", "slug": "lobby"})
    assert answer.status_code == 409
    assert Room.objects.count() == 2


def test_a_slug_does_not_tell_a_room_that_was_closed_from_one_that_is_gone(
    caller: Callers, alice: User, charlie: User, lobby: Room
) -> None:
    """A public room keeps its slug when it is made private: nobody learns that it is there."""
    gone = room_actions.create_room(alice, "gone", "Gone")
    changes.change_room(lobby.pk, {"visibility": "private"}, by=alice)
    changes.delete_room(gone.pk)
    refused = [
        caller(charlie).post("rooms", {"name": "New", "slug": slug}) for slug in ("lobby", "gone")
    ]
    assert [answer.status_code for answer in refused] == [409, 409]
    assert refused[0].data["detail"] == refused[1].data["detail"].replace("gone", "lobby")
    made = [caller(charlie).post("rooms", {"name": name}) for name in ("Lobby", "Gone")]
    for answer, slug in zip(made, ("lobby", "gone"), strict=True):
        assert answer.status_code == 201 and answer.data["slug"].startswith(f"{slug}-")


@pytest.mark.parametrize(
    ("new", "pointer"),
    [
        ({}, "/name"),
        ({"name": " "}, "/name"),
        ({"name": 5}, "/name"),
        ({"name": "n" * 81}, "/name"),
        ({"name": "n", "topic": "t" * 251}, "/topic"),
        ({"name": "n", "visibility": "direct"}, "/visibility"),
        ({"name": "n", "visibilty": "private"}, "/visibilty"),
        ({"name": "n", "slug": "Not A Slug"}, "/slug"),
        ({"name": "n", "slug": "-n"}, "/slug"),
        ({"name": "n", "slug": "n\n"}, None),
        ({"name": "n", "slug": "s" * 65}, "/slug"),
        ([], ""),
        ("name", ""),
    ],
)
def test_a_wrong_room_is_refused_field_by_field(
    caller: Callers, alice: User, new: dict[str, object], pointer: str
) -> None:
    answer = caller(alice).post("rooms", new)
    if pointer is None:  # white space around it is forgiven
        assert answer.status_code == 201
        return
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.data["errors"]] == [pointer]
    assert not Room.objects.exists()


def test_joining_twice_is_joining_once(caller: Callers, charlie: User, lobby: Room) -> None:
    first = caller(charlie).post("rooms/lobby/join")
    assert (first.status_code, first.data["role"], first.data["members"]) == (200, "member", 3)
    again = caller(charlie).post("rooms/lobby/join")
    assert again.data == first.data
    joined = Event.objects.filter(room=lobby, type="member.joined")
    people = [event.payload["member"]["user"]["id"] for event in joined]
    assert people.count(charlie.pk) == 1


def test_leaves(caller: Callers, bob: User, lobby: Room) -> None:
    assert caller(bob).post("rooms/lobby/leave").status_code == 204
    assert not Membership.objects.filter(room=lobby, user=bob).exists()
    answer = caller(bob).post("rooms/lobby/leave")
    assert (answer.status_code, answer.data["code"]) == (403, "forbidden")


def test_the_last_owner_of_a_private_room_leaves_it_to_somebody(
    caller: Callers, alice: User, bob: User, den: Room
) -> None:
    assert caller(alice).post("rooms/den/leave").status_code == 204
    assert [(row.user, row.role) for row in den.memberships.all()] == [(bob, "owner")]


def test_lists_members_in_pages(
    caller: Callers, charlie: User, alice: User, bob: User, lobby: Room
) -> None:
    page = caller(charlie).get("rooms/lobby/members", limit=1).data
    assert [member["user"]["name"] for member in page["members"]] == [alice.name]
    page = caller(charlie).get(page["next"]).data
    assert [member["user"]["name"] for member in page["members"]] == [bob.name]
    assert page["next"] is None


def test_reading_moves_the_cursor_forward_only(
    caller: Callers, alice: User, bob: User, lobby: Room
) -> None:
    said = [messages.post_message(messages.Post(alice, "lobby", text)) for text in "abc"]
    bobs = caller(bob)
    assert bobs.get("rooms/lobby").data["unread"] == 3
    assert bobs.post("rooms/lobby/read", {"seq": said[1]["seq"]}).status_code == 204
    assert bobs.get("rooms/lobby").data["unread"] == 1
    bobs.post("rooms/lobby/read", {"seq": said[0]["seq"]})
    assert bobs.get("rooms/lobby").data["unread"] == 1
    bobs.post("rooms/lobby/read", {"seq": 2**53 - 1})
    room = bobs.get("rooms/lobby").data
    assert (room["unread"], room["read_seq"]) == (0, said[2]["seq"])


ROOM_PATHS = [
    ("get", "rooms/{}"),
    ("get", "rooms/{}/members"),
    ("get", "rooms/{}/messages"),
    ("post", "rooms/{}/join"),
    ("post", "rooms/{}/leave"),
    ("post", "rooms/{}/read"),
    ("post", "rooms/{}/messages"),
]


@pytest.mark.parametrize(("method", "path"), ROOM_PATHS)
def test_a_private_room_of_others_is_like_none_at_all(
    caller: Callers, charlie: User, den: Room, method: str, path: str
) -> None:
    """Not a word may differ, else a stranger could ask which rooms there are."""
    bodies = {"rooms/{}/read": {"seq": 1}, "rooms/{}/messages": {"body": "Let me in"}}
    call = getattr(caller(charlie), method)
    arguments = [bodies[path]] if method == "post" and path in bodies else []
    theirs, nowhere = (call(path.format(slug), *arguments) for slug in ("den", "nowhere"))
    assert theirs.status_code == nowhere.status_code == 404
    assert theirs.content == nowhere.content.replace(b"nowhere", b"den")


@pytest.mark.parametrize("slug", ["%00", "%ED%A0%80", "%2F", "..", "L%C3%B6bby", "'", "lobby%0A"])
def test_a_slug_that_is_none_is_not_found(
    caller: Callers, alice: User, lobby: Room, slug: str
) -> None:
    answer = caller(alice).get(f"rooms/{slug}")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("suffix", ["join", "messages"])
def test_an_archived_room_can_be_read_not_written(
    caller: Callers, alice: User, charlie: User, lobby: Room, suffix: str
) -> None:
    lobby.refresh_from_db()
    lobby.archived_at = lobby.created_at
    lobby.save()
    answer = caller(charlie).post(f"rooms/lobby/{suffix}", {"body": "Hello?"})
    assert (answer.status_code, answer.data["code"]) == (403, "archived")
    assert caller(charlie).get("rooms/lobby/messages").status_code == 200

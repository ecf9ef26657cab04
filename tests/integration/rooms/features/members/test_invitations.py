"""Nobody is put into a room: they are invited, and nobody learns by inviting who has an account."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rooms.core import bell
from rooms.features.bans import actions as bans
from rooms.features.members import actions as members
from rooms.features.members import management
from rooms.features.messages import actions as messages
from rooms.models import Invitation, Membership, Room, User
from rooms.protocol import NotFound
from tests.support.caller import Answer, Caller, Callers

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, Any]]:
    """What single people are told, not kept: (user id, event)."""
    heard = []
    monkeypatch.setattr(bell, "tell", lambda user, key, event, *_: heard.append((user, event)))
    return heard


def invite(caller: Caller, slug: str, user: object, role: str = "member") -> Answer:
    return caller.post(f"rooms/{slug}/members", {"user": user, "role": role})


def role_of(user: User, room: Room) -> str | None:
    row = Membership.objects.filter(user=user, room=room).first()
    return row.role if row else None


def test_whoever_is_invited_decides(
    caller: Callers, alice: User, charlie: User, den: Room, told: list[tuple[int, Any]]
) -> None:
    answer = invite(caller(alice), "den", "charlie")
    assert (answer.status_code, answer.data["state"], answer.data["name"]) == (
        202,
        "invited",
        "charlie",
    )
    charlies = caller(charlie)
    assert role_of(charlie, den) is None
    assert charlies.get("rooms/den").status_code == 404, "nothing is seen before it is accepted"
    [mine] = charlies.get("invitations").data["invitations"]
    assert mine["room"] == {"slug": "den", "name": "Den", "visibility": "private", "members": 2}
    assert (mine["by"]["id"], mine["role"]) == (alice.pk, "member")
    assert told == [(charlie.pk, {"type": "invitation", "room": "den", "invitation": mine})]
    assert charlies.post("rooms/den/join").status_code == 200
    assert role_of(charlie, den) == "member"
    assert charlies.get("invitations").data["invitations"] == []
    assert told[-1] == (charlie.pk, {"type": "invitation", "room": "den", "invitation": None})
    assert invite(caller(alice), "den", charlie.pk).status_code == 200, "a member already"


def test_who_declines_is_not_asked_again(
    caller: Callers, alice: User, charlie: User, den: Room, told: list[tuple[int, Any]]
) -> None:
    first = invite(caller(alice), "den", "charlie").data
    charlies = caller(charlie)
    assert charlies.post("rooms/den/decline").status_code == 204
    assert charlies.post("rooms/den/decline").status_code == 404
    assert charlies.post("rooms/den/join").status_code == 404
    assert told[-1][1]["invitation"] is None
    told.clear()
    assert invite(caller(alice), "den", "charlie").data == first
    assert caller(alice).get("rooms/den/invitations").data["invitations"] == [first]
    assert charlies.get("invitations").data["invitations"] == []
    assert told == []


def test_an_invitation_is_taken_back_and_runs_out(
    caller: Callers, alice: User, bob: User, charlie: User, den: Room, told: list[tuple[int, Any]]
) -> None:
    number = invite(caller(alice), "den", "charlie").data["id"]
    path = f"rooms/den/invitations/{number}"
    assert caller(bob).delete(path).status_code == 403
    assert caller(charlie).delete(path).status_code == 404
    assert caller(alice).delete(path).status_code == 204
    assert caller(alice).delete(path).status_code == 404
    assert told[-1] == (charlie.pk, {"type": "invitation", "room": "den", "invitation": None})
    assert caller(charlie).post("rooms/den/join").status_code == 404
    invite(caller(alice), "den", "charlie")
    Invitation.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert caller(charlie).post("rooms/den/join").status_code == 404
    assert caller(charlie).get("invitations").data["invitations"] == []
    assert caller(alice).get("rooms/den/invitations").data["invitations"] == []
    assert invite(caller(alice), "den", "charlie").status_code == 202
    assert caller(charlie).post("rooms/den/join").status_code == 200


@pytest.mark.parametrize("room", ["lobby", "den"])
def test_a_name_that_is_nobodys_is_answered_like_one_that_is(
    caller: Callers, alice: User, charlie: User, lobby: Room, den: Room, room: str
) -> None:
    alices = caller(alice)
    answers = {name: invite(alices, room, name) for name in ("charlie", "nobody", "12345")}
    assert {answer.status_code for answer in answers.values()} == {202}
    shapes = {
        name: {**answer.data, "id": 0, "at": "", "until": "", "name": ""}
        for name, answer in answers.items()
    }
    assert shapes["charlie"] == shapes["nobody"] == shapes["12345"]
    listed = alices.get(f"rooms/{room}/invitations").data["invitations"]
    assert [each["name"] for each in listed] == ["charlie", "nobody", "12345"]
    for name, answer in answers.items():
        assert invite(alices, room, name).data == answer.data
    for answer in answers.values():
        path = f"rooms/{room}/invitations/{answer.data['id']}"
        assert alices.delete(path).status_code == 204


def test_it_costs_as_many_queries_for_nobody(
    caller: Callers, alice: User, charlie: User, den: Room
) -> None:
    alices, counts = caller(alice), []
    alices.get("rooms")
    for name in ("charlie", "nobody"):
        with CaptureQueriesContext(connection) as queries:
            invite(alices, "den", name)
        counts.append([re.sub(r"\d+", "N", each["sql"])[:60] for each in queries])
    assert counts[0] == counts[1]


@pytest.mark.parametrize("path", ["", "/join", "/members", "/messages"])
def test_a_hidden_room_costs_as_many_queries_as_none(
    caller: Callers, charlie: User, den: Room, path: str
) -> None:
    charlies, counts, answers = caller(charlie), [], []
    charlies.get("rooms")
    for slug in ("den", "nor"):
        with CaptureQueriesContext(connection) as queries:
            method = "post" if path == "/join" else "get"
            answer = charlies.send(method, f"rooms/{slug}{path}")
        counts.append(len(queries))
        answers.append((answer.status_code, answer.content.replace(slug.encode(), b"SLUG")))
    assert counts[0] == counts[1]
    assert answers[0] == answers[1]


def test_numbers_are_for_those_who_share_a_room(
    caller: Callers, alice: User, bob: User, charlie: User, lobby: Room, den: Room
) -> None:
    alices = caller(alice)
    unknown = [invite(alices, "den", number) for number in (charlie.pk, 999_999, 2**63 - 1)]
    assert {answer.status_code for answer in unknown} == {404}
    texts = [
        answer.data["detail"].replace(str(number), "N")
        for answer, number in zip(unknown, (charlie.pk, 999_999, 2**63 - 1), strict=True)
    ]
    assert len(set(texts)) == 1
    members.join(charlie, "lobby")
    known = invite(alices, "den", charlie.pk)
    assert (known.status_code, known.data["name"]) == (202, "Charlie")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("patch", "rooms/lobby/members/{}", {"role": "moderator"}),
        ("delete", "rooms/lobby/members/{}", None),
        ("post", "rooms/lobby/bans", {"user": "{}"}),
        ("delete", "rooms/lobby/bans/{}", None),
        ("post", "rooms/lobby/members", {"user": "{}"}),
    ],
)
def test_no_entry_tells_who_has_an_account(
    caller: Callers, alice: User, charlie: User, lobby: Room, method: str, path: str, body: Any
) -> None:
    def ask(number: int) -> tuple[int, str]:
        sent = None if body is None else dict(body)
        if sent and "user" in sent:
            sent["user"] = number
        answer = caller(alice).send(method, path.format(number), sent)
        return answer.status_code, answer.content.decode().replace(str(number), "N")

    assert ask(charlie.pk) == ask(10_000 + charlie.pk)
    assert ask(charlie.pk)[0] == 404


def test_a_ban_by_name_tells_nothing_of_strangers(
    caller: Callers, alice: User, charlie: User, lobby: Room
) -> None:
    def ask(name: str) -> tuple[int, str]:
        answer = caller(alice).post("rooms/lobby/bans", {"user": name})
        told = answer.json()
        assert told.pop("name", name) == name
        told.pop("at", None)
        return answer.status_code, told

    assert ask("charlie") == ask("nobody")
    with pytest.raises(NotFound):
        messages.post_message(messages.Post(charlie, "lobby", "Hello"))


def test_who_is_invited_too_often_hears_no_more(
    caller: Callers,
    alice: User,
    charlie: User,
    den: Room,
    lobby: Room,
    settings: Any,
    told: list[tuple[int, Any]],
) -> None:
    settings.PARLEY_LIMITS = settings.PARLEY_LIMITS.model_copy(update={"invitations_received": 1})
    assert invite(caller(alice), "lobby", "charlie").status_code == 202
    silent = invite(caller(alice), "den", "charlie")
    assert (silent.status_code, silent.data["name"]) == (202, "charlie")
    assert len(told) == 1
    assert caller(charlie).post("rooms/den/join").status_code == 404


def test_open_invitations_of_one_person_are_bounded(
    caller: Callers, alice: User, den: Room, settings: Any
) -> None:
    settings.PARLEY_LIMITS = settings.PARLEY_LIMITS.model_copy(update={"invitations_made": 2})
    assert [invite(caller(alice), "den", name).status_code for name in ("a", "b", "c", "a")] == [
        202,
        202,
        409,
        202,
    ]


def test_a_role_is_worth_what_its_giver_may_still_give(
    caller: Callers, alice: User, bob: User, charlie: User, den: Room
) -> None:
    management.change_role(den.pk, bob, "owner")
    assert invite(caller(bob), "den", "charlie", "owner").status_code == 202
    assert caller(bob).post("rooms/den/leave").status_code == 204
    assert caller(charlie).post("rooms/den/join").status_code == 200
    assert role_of(charlie, den) == "member"


def test_a_role_comes_with_the_invitation(
    caller: Callers, alice: User, bob: User, charlie: User, lobby: Room
) -> None:
    management.change_role(lobby.pk, bob, "moderator")
    assert invite(caller(bob), "lobby", "charlie", "owner").status_code == 403
    assert invite(caller(bob), "lobby", "charlie", "moderator").status_code == 202
    messages.post_message(messages.Post(charlie, "lobby", "speaking joins as well"))
    assert role_of(charlie, lobby) == "moderator"


@pytest.mark.parametrize("how", ["removed", "banned", "demoted"])
def test_invitations_of_who_was_put_out_are_void(
    caller: Callers, alice: User, bob: User, charlie: User, den: Room, how: str
) -> None:
    management.change_role(den.pk, bob, "moderator")
    invite(caller(bob), "den", "charlie")
    if how == "removed":
        management.remove_member(den.pk, bob, by=alice)
    elif how == "banned":
        bans.ban(den.pk, bob, alice)
    else:
        management.change_role(den.pk, bob, "member", by=alice)
    assert caller(charlie).post("rooms/den/join").status_code == 404


def test_a_ban_ends_an_invitation(caller: Callers, alice: User, charlie: User, den: Room) -> None:
    invite(caller(alice), "den", "charlie")
    bans.ban(den.pk, charlie, alice, staff=True)
    assert caller(charlie).get("invitations").data["invitations"] == []
    assert caller(charlie).post("rooms/den/join").status_code == 404
    assert invite(caller(alice), "den", "charlie").status_code == 409


def test_nobody_is_kept(caller: Callers, alice: User, bob: User, charlie: User, den: Room) -> None:
    """A stranger's room, with somebody as its owner who wants to have nothing to do with it."""
    dora = User.objects.create_user("dora")
    for user, role in ((dora, "member"), (charlie, "moderator")):
        management.add_member(den.pk, user, role)
    assert caller(alice).post("rooms/den/leave").status_code == 204
    assert role_of(charlie, den) == "owner", "the moderator, though bob came first"
    assert caller(charlie).send("delete", f"rooms/den/members/{charlie.pk}").status_code == 204
    assert role_of(bob, den) == "owner", "who has been there longest"
    assert role_of(dora, den) == "member"
    for user in (bob, dora):
        assert caller(user).post("rooms/den/leave").status_code == 204
    den.refresh_from_db()
    assert den.archived_at is not None
    types = list(den.events.order_by("seq").values_list("type", flat=True))
    assert (
        types[-6:]
        == [
            "member.left",
            "member.changed",
            "member.left",
            "member.changed",
            "member.left",
            "room.changed",
        ]
        or types[-1] == "room.changed"
    )


def test_a_deleted_account_leaves_its_rooms(
    alice: User, bob: User, charlie: User, lobby: Room, den: Room
) -> None:
    alice.delete()
    for room in (lobby, den):
        assert role_of(bob, room) == "owner"
        types = list(room.events.order_by("-seq").values_list("type", flat=True)[:2])
        assert types == ["member.changed", "member.left"]
    charlie.delete()


def test_a_public_room_stays_open_when_all_have_left(
    caller: Callers, alice: User, bob: User, lobby: Room
) -> None:
    for user in (alice, bob):
        assert caller(user).post("rooms/lobby/leave").status_code == 204
    lobby.refresh_from_db()
    assert lobby.archived_at is None
    assert caller(bob).post("rooms/lobby/join").data["role"] == "member"


def test_memberships_rooms_and_bans_are_bounded(
    caller: Callers, alice: User, bob: User, charlie: User, lobby: Room, settings: Any
) -> None:
    def bound(**bounds: int) -> None:
        settings.PARLEY_LIMITS = settings.PARLEY_LIMITS.model_copy(update=bounds)

    bound(memberships_per_user=1)
    assert caller(charlie).post("rooms/lobby/join").status_code == 200
    answer = caller(charlie).post("rooms", {"name": "More"})
    assert answer.status_code == 409
    bound(memberships_per_user=500, rooms_per_day=2)
    made = [caller(alice).post("rooms", {"name": f"Room {n}"}) for n in range(2)]
    assert [answer.status_code for answer in made] == [201, 429]
    assert 80_000 < int(made[1]["Retry-After"]) <= 86_400
    assert Room.objects.filter(name="Room 1").count() == 0
    bound(bans_per_room=1)
    bans = [
        caller(alice).post("rooms/lobby/bans", {"user": user.pk}) for user in (bob, charlie, bob)
    ]
    assert [answer.status_code for answer in bans] == [201, 409, 200]


def test_a_private_rooms_slug_tells_nothing(caller: Callers, alice: User, charlie: User) -> None:
    made = [
        caller(user).post("rooms", {"name": "x", "slug": "plans", "visibility": "private"})
        for user in (alice, charlie)
    ]
    slugs = {answer.data["slug"] for answer in made}
    assert len(slugs) == 2
    assert all(slug.startswith("plans-") and len(slug) == len("plans-") + 8 for slug in slugs)
    assert caller(charlie).post("rooms", {"name": "x", "slug": "plans"}).status_code == 201
    assert caller(alice).post("rooms", {"name": "x", "slug": "plans"}).status_code == 409
    named = caller(charlie).post("rooms", {"name": "Plans", "visibility": "private"})
    assert named.data["slug"].startswith("plans-")
    long = caller(charlie).post("rooms", {"name": "x", "slug": "a" * 64, "visibility": "private"})
    assert len(long.data["slug"]) == 64


@pytest.mark.parametrize("becomes", ["somebody", "nobody", "somebody who takes more"])
def test_a_name_gets_the_same_answer_whatever_becomes_of_it(
    becomes: str,
    caller: Callers,
    alice: User,
    charlie: User,
    den: Room,
    told: list[tuple[int, Any]],
    settings: Any,
) -> None:
    """Else who asks again would learn when somebody makes an account, or has none any more."""
    name = "charlie"
    if becomes == "somebody":
        User.objects.filter(pk=charlie.pk).update(username="later")
    elif becomes == "somebody who takes more":
        settings.PARLEY_LIMITS = settings.PARLEY_LIMITS.model_copy(
            update={"invitations_received": 0}
        )
    first = invite(caller(alice), "den", name).data
    assert invite(caller(alice), "den", name).data == first
    heard = len(told)
    if becomes == "nobody":
        User.objects.filter(pk=charlie.pk).update(is_active=False)
    elif becomes == "somebody":
        User.objects.filter(pk=charlie.pk).update(username=name)
    else:
        settings.PARLEY_LIMITS = settings.PARLEY_LIMITS.model_copy(
            update={"invitations_received": 1}
        )
    assert invite(caller(alice), "den", name).data == first
    assert caller(alice).get("rooms/den/invitations").data["invitations"] == [first]
    if becomes != "nobody":
        assert [user for user, _ in told[heard:]] == [charlie.pk], "now it has reached them"
        assert caller(charlie).post("rooms/den/join").status_code == 200

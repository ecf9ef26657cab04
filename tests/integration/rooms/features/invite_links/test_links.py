"""Links into a room: who makes them, whom they let in, and how often."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rooms.core import housekeeping
from rooms.features.bans import actions as bans
from rooms.features.invite_links import actions as links
from rooms.features.members import actions as members
from rooms.features.members import invitations, management
from rooms.features.rooms import changes
from rooms.limits import Limits
from rooms.models import InviteLink, Membership, Room, User
from rooms.protocol import Conflict, Forbidden, NotFound
from tests.support.caller import Answer, Caller, Callers
from tests.support.store import Store
from tests.support.watch import Watch

pytestmark = pytest.mark.django_db(transaction=True)


def make(caller: Caller, slug: str = "den", **wanted: Any) -> Answer:
    return caller.post(f"rooms/{slug}/invite-links", wanted)


def secret_of(answer: Answer) -> str:
    return str(answer.data["url"].rstrip("/").rpartition("/")[2])


def accept(caller: Caller, secret: str) -> Answer:
    return caller.post("invite-links/accept", {"secret": secret})


def is_member(user: User, room: Room) -> bool:
    return Membership.objects.filter(user=user, room=room).exists()


def test_a_link_is_made_shown_once_used_and_counted(
    caller: Callers, alice: User, bob: User, charlie: User, den: Room, store: Store
) -> None:
    alices, charlies = caller(alice), caller(charlie)
    made = make(alices, most_uses=10)
    assert made.status_code == 201, made.data
    assert made.data["url"].startswith("http://testserver")
    secret, row = secret_of(made), InviteLink.objects.get()
    assert secret not in row.digest and len(secret) >= 22
    assert row.until == row.at + timedelta(days=7)
    [listed] = alices.get("rooms/den/invite-links").data["links"]
    assert listed == {key: value for key, value in made.data.items() if key != "url"}
    assert (listed["uses"], listed["by"]["name"], listed["state"]) == (0, "Alice", "open")
    assert charlies.get("rooms/den").status_code == 404

    watch = Watch(store, {each: caller(each) for each in (alice, bob)}, "den")
    answer = watch.verify(lambda: accept(charlies, secret), "member.joined")
    assert (answer.status_code, answer.data["slug"], answer.data["role"]) == (200, "den", "member")
    # Once more is the same, and uses nothing up.
    assert accept(charlies, secret).status_code == 200
    assert accept(caller(bob), secret).status_code == 200
    [listed] = alices.get("rooms/den/invite-links").data["links"]
    assert listed["uses"] == 1 and listed["used_at"]


def test_whoever_is_invited_as_more_comes_as_more(alice: User, charlie: User, den: Room) -> None:
    invitations.invite(alice, "den", "charlie", "moderator")
    _, secret = links.make_link(alice, "den")
    _, membership = links.join_by_link(charlie, secret)
    assert membership.role == "moderator"


def test_links_that_let_nobody_in_look_the_same(
    caller: Callers, alice: User, bob: User, charlie: User, den: Room
) -> None:
    charlies = caller(charlie)
    secrets = {
        name: links.make_link(alice, "den", most_uses=1)[1] for name in ("time", "uses", "gone")
    }
    digests = {name: links._digest(secret) for name, secret in secrets.items()}
    before = timezone.now() - timedelta(seconds=1)
    InviteLink.objects.filter(digest=digests["time"]).update(until=before)
    InviteLink.objects.filter(digest=digests["uses"]).update(uses=1)
    links.revoke_link(alice, "den", InviteLink.objects.get(digest=digests["gone"]).pk)
    _, good = links.make_link(alice, "den")
    bans.ban(den.pk, charlie, alice)
    answers = [accept(charlies, each) for each in (*secrets.values(), "never-was", good, "é")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert not is_member(charlie, den)
    # Also to somebody who is a member: nothing says which room it was.
    assert accept(caller(bob), secrets["uses"]).content == answers[0].content


def test_an_archived_room_lets_nobody_in(alice: User, charlie: User, den: Room) -> None:
    _, secret = links.make_link(alice, "den")
    changes.change_room(den.pk, {"archived": True})
    with pytest.raises(Forbidden, match="archived"):
        links.join_by_link(charlie, secret)
    with pytest.raises(Forbidden, match="archived"):
        links.make_link(alice, "den")
    changes.change_room(den.pk, {"archived": False})
    links.join_by_link(charlie, secret)
    assert InviteLink.objects.get().uses == 1


@pytest.mark.parametrize("how", ["leaves", "is removed", "is banned", "is demoted", "is blocked"])
def test_a_link_ends_with_its_makers_say(
    alice: User, bob: User, charlie: User, den: Room, how: str
) -> None:
    management.change_role(den.pk, bob, "moderator")
    _, secret = links.make_link(bob, "den")
    _, hers = links.make_link(alice, "den")
    if how == "leaves":
        members.leave(bob, "den")
    elif how == "is removed":
        management.remove_member(den.pk, bob)
    elif how == "is banned":
        bans.ban(den.pk, bob, alice)
    elif how == "is demoted":
        management.change_role(den.pk, bob, "member")
    else:
        User.objects.filter(pk=bob.pk).update(is_active=False)
        assert InviteLink.objects.get(by=bob).state == "blocked"
    with pytest.raises(NotFound):
        links.join_by_link(charlie, secret)
    links.join_by_link(charlie, hers)


def test_who_stays_in_charge_keeps_their_links(alice: User, bob: User, den: Room) -> None:
    management.change_role(den.pk, bob, "moderator")
    links.make_link(bob, "den")
    management.change_role(den.pk, bob, "owner")
    assert InviteLink.objects.filter(by=bob).count() == 1


def at_once(people: list[User], secret: str) -> list[bool]:
    """Who came in, when all of them press the button together."""
    ready = Barrier(len(people))

    def one(user: User) -> bool:
        try:
            ready.wait()
            links.join_by_link(user, secret)
        except NotFound:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(len(people)) as pool:
        return list(pool.map(one, people))


@pytest.mark.parametrize("most", [1, 3])
def test_the_last_use_is_one_persons(alice: User, den: Room, most: int) -> None:
    people = [User.objects.create_user(f"guest-{number}") for number in range(6)]
    _, secret = links.make_link(alice, "den", most_uses=most)
    came = at_once(people, secret)
    assert sum(came) == most
    assert Membership.objects.filter(room=den, user__in=people).count() == most
    assert InviteLink.objects.get().uses == most


def test_one_person_at_two_windows_uses_it_once(alice: User, charlie: User, den: Room) -> None:
    _, secret = links.make_link(alice, "den")
    assert at_once([charlie, charlie, charlie], secret) == [True, True, True]
    assert InviteLink.objects.get().uses == 1


def test_what_fails_later_uses_nothing_up(
    alice: User, charlie: User, den: Room, settings: Any
) -> None:
    _, secret = links.make_link(alice, "den", most_uses=1)
    settings.PARLEY_LIMITS = Limits(memberships_per_user=1)
    Membership.objects.create(
        room=Room.objects.create(slug="other", name="Other"), user=charlie, role="member"
    )
    with pytest.raises(Conflict, match="more than 1"):
        links.join_by_link(charlie, secret)
    assert InviteLink.objects.get().uses == 0


def test_how_many_there_are_is_bounded(alice: User, den: Room, settings: Any) -> None:
    settings.PARLEY_LIMITS = Limits(invite_links_per_room=2)
    links.make_link(alice, "den", most_uses=1)
    links.make_link(alice, "den")
    with pytest.raises(Conflict, match="2 links"):
        links.make_link(alice, "den")
    InviteLink.objects.filter(most_uses=1).update(uses=1)
    links.make_link(alice, "den")
    assert InviteLink.objects.count() == 2, "what has run out makes room"


@pytest.mark.parametrize(
    "wanted",
    [
        {"seconds": 59},
        {"seconds": 10**9},
        {"seconds": "3600"},
        {"most_uses": 0},
        {"most_uses": 10**6},
        {"most_uses": True},
        {"role": "owner"},
    ],
)
def test_what_a_link_may_be_is_bounded(
    caller: Callers, alice: User, den: Room, wanted: Any
) -> None:
    assert make(caller(alice), **wanted).status_code == 422
    assert not InviteLink.objects.exists()


def test_a_link_may_never_run_out(caller: Callers, alice: User, den: Room) -> None:
    assert make(caller(alice), seconds=None, most_uses=None).data["until"] is None


def test_only_the_rooms_own_links_are_listed_and_taken_back(
    caller: Callers, alice: User, bob: User, charlie: User, lobby: Room, den: Room
) -> None:
    number = make(caller(alice)).data["id"]
    assert caller(alice).get("rooms/lobby/invite-links").data == {"links": [], "next": None}
    assert caller(alice).delete(f"rooms/lobby/invite-links/{number}").status_code == 404
    assert caller(bob).delete(f"rooms/den/invite-links/{number}").status_code == 403
    assert caller(charlie).delete(f"rooms/den/invite-links/{number}").status_code == 404
    assert caller(alice).delete(f"rooms/den/invite-links/{number}").status_code == 204
    assert caller(alice).delete(f"rooms/den/invite-links/{number}").status_code == 404


def test_a_list_costs_as_many_queries_however_long(
    caller: Callers, alice: User, bob: User, den: Room
) -> None:
    alices, counts = caller(alice), []
    management.change_role(den.pk, bob, "moderator")
    for _ in range(2):
        for each in (alice, bob):
            links.make_link(each, "den")
        with CaptureQueriesContext(connection) as queries:
            alices.get("rooms/den/invite-links")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_what_ran_out_a_while_ago_is_swept_away(alice: User, den: Room) -> None:
    long_ago = timezone.now() - timedelta(days=8)
    for fields in (
        {"until": long_ago},
        {"most_uses": 1, "uses": 1, "used_at": long_ago},
        # These stay.
        {"until": timezone.now() - timedelta(days=1)},
        {"most_uses": 1, "uses": 1, "used_at": timezone.now()},
        {"most_uses": 2, "uses": 1, "used_at": long_ago},
        {"until": None, "at": long_ago},
    ):
        row, _ = links.make_link(alice, "den")
        InviteLink.objects.filter(pk=row.pk).update(**fields)
    assert housekeeping.run()["invite links"] == 2
    assert InviteLink.objects.count() == 4

"""Bans of people who have not come yet: they hold, and tell nobody who has an account."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rooms.features.members import actions as members
from rooms.features.members import management
from rooms.features.rooms import actions as room_actions
from rooms.models import Ban, Invitation, Membership, User
from rooms.protocol import NotFound

pytestmark = pytest.mark.django_db(transaction=True)

BANS = "rooms/lobby/bans"


def banned(answer: Any) -> dict[str, Any]:
    assert answer.status_code in (200, 201), answer.data
    return {key: value for key, value in answer.data.items() if key not in ("name", "at")}


def test_somebody_who_only_reads_is_banned_before_they_come(
    caller: Any, alice: Any, charlie: Any, lobby: Any
) -> None:
    assert caller(charlie).get("rooms/lobby/messages").status_code == 200
    assert caller(alice).post(BANS, {"user": "charlie"}).status_code == 201
    assert caller(charlie).get("rooms/lobby/messages").status_code == 404
    with pytest.raises(NotFound):
        members.join(charlie, "lobby")
    assert caller(alice).post(BANS, {"user": "charlie", "reason": "x"}).status_code == 200
    assert caller(alice).delete(f"{BANS}?name=charlie").status_code == 204
    assert caller(alice).delete(f"{BANS}?name=charlie").status_code == 404
    assert caller(charlie).get("rooms/lobby/messages").status_code == 200


def test_the_answers_do_not_tell_who_has_an_account(
    caller: Any, alice: Any, charlie: Any, lobby: Any
) -> None:
    """The ban, the list, an invitation, and any number that one may try."""
    User.objects.create_user("blocked", is_active=False)
    alices = caller(alice)
    names = ("charlie", "blocked", "nobody.has.this")
    first, *others = [banned(alices.post(BANS, {"user": name})) for name in names]
    assert first["user"] is None and others == [first, first]
    listed = alices.get(BANS).data["bans"]
    assert [(ban["name"], ban["user"]) for ban in listed] == [(name, None) for name in names]
    answers = [alices.post("rooms/lobby/members", {"user": name}) for name in names]
    assert [answer.status_code for answer in answers] == [409, 409, 409]
    for name, answer in zip(names, answers, strict=True):
        assert answer.data["detail"] == answers[0].data["detail"].replace("charlie", name)
    for pk in (charlie.pk, 10**6):
        for path, body in ((BANS, {"user": pk}), ("rooms/lobby/members", {"user": pk})):
            assert alices.post(path, body).status_code == 404
    for name in names:
        assert alices.delete(f"{BANS}?name={name}").status_code == 204


def test_it_takes_as_many_queries_for_nobody(
    caller: Any, alice: Any, charlie: Any, lobby: Any
) -> None:
    alices, counts = caller(alice), []
    alices.get(BANS)
    for name in ("charlie", "nobody.has.this"):
        with CaptureQueriesContext(connection) as queries:
            alices.post(BANS, {"user": name})
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_whoever_takes_the_name_later_is_kept_out(caller: Any, alice: Any, lobby: Any) -> None:
    caller(alice).post(BANS, {"user": "dora"})
    caller(alice).post(BANS, {"user": "erin"})
    dora = User.objects.create_user("dora")
    assert caller(dora).get("rooms/lobby").status_code == 404
    erin = User.objects.create_user("somebody")
    erin.username = "erin"
    erin.save()
    assert caller(erin).get("rooms/lobby").status_code == 404
    assert {ban["name"] for ban in caller(alice).get(BANS).data["bans"]} == {"dora", "erin"}
    dora.delete()
    assert {ban["name"] for ban in caller(alice).get(BANS).data["bans"]} == {"dora", "erin"}
    assert caller(User.objects.create_user("dora")).get("rooms/lobby").status_code == 404


def test_open_invitations_end_whoever_they_are_to(
    caller: Any, alice: Any, charlie: Any, lobby: Any
) -> None:
    for name in ("charlie", "nobody.has.this"):
        assert caller(alice).post("rooms/lobby/members", {"user": name}).status_code == 202
        assert caller(alice).post(BANS, {"user": name}).status_code == 201
    assert not Invitation.objects.exists()


def test_somebody_who_becomes_known_is_banned_as_known(
    caller: Any, alice: Any, charlie: Any, lobby: Any
) -> None:
    alices = caller(alice)
    alices.post(BANS, {"user": "charlie"})
    other = room_actions.create_room(alice, "other", "Other")
    management.add_member(other.pk, charlie, "member")
    answer = alices.post(BANS, {"user": charlie.pk})
    assert answer.status_code == 200
    assert answer.data["user"] == {"id": charlie.pk, "name": "Charlie"}
    assert Ban.objects.get().name == ""
    assert alices.delete(f"{BANS}/{charlie.pk}").status_code == 204


def test_who_may_not_ban_does_not_ban_strangers(
    caller: Any, alice: Any, bob: Any, charlie: Any, lobby: Any
) -> None:
    for who in (bob, charlie):
        assert caller(who).post(BANS, {"user": "dora"}).status_code == 403
        assert caller(who).delete(f"{BANS}?name=dora").status_code in (403, 404)
    past = timezone.now().replace(year=2020).isoformat()
    assert caller(alice).post(BANS, {"user": "dora", "until": past}).status_code == 422
    assert not Ban.objects.exists() and Membership.objects.count() == 2

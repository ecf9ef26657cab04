"""What is bounded for each person stays so when they ask many times at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction

from rooms.core import person_lock
from rooms.features.members import actions as members
from rooms.features.members import invitations
from rooms.features.messages import actions as messages
from rooms.features.rooms import actions as room_actions
from rooms.limits import Limits
from rooms.models import Invitation, Membership, Room, User
from rooms.protocol import Conflict, RateLimited, Refusal

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 6


@pytest.fixture
def bounds(settings: Any) -> None:
    settings.PARLEY_LIMITS = Limits(rooms_per_day=2, invitations_made=2, memberships_per_user=8)


def at_once(call: Callable[[int], object]) -> list[Refusal]:
    """What is refused of as many calls in a thread each."""
    barrier = Barrier(AT_ONCE)

    def one(number: int) -> Refusal | None:
        try:
            barrier.wait()
            call(number)
        except Refusal as refusal:
            return refusal
        finally:
            connection.close()
        return None

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [each for each in pool.map(one, range(AT_ONCE)) if each is not None]


def test_rooms_of_a_day(alice: User, bounds: None) -> None:
    refused = at_once(lambda number: room_actions.create_room_for(alice, f"Room {number}"))
    assert len(refused) == AT_ONCE - 2
    assert Room.objects.filter(created_by=alice).count() == 2


def test_invitations_from_many_rooms(alice: User, bounds: None) -> None:
    for number in range(AT_ONCE):
        room_actions.create_room(alice, f"r{number}", "R", "", "private")
    refused = at_once(lambda number: invitations.invite(alice, f"r{number}", "zoe", "member"))
    assert len(refused) == AT_ONCE - 2
    assert Invitation.objects.filter(by=alice).count() == 2


def test_invitations_of_many_people_to_one(alice: User, charlie: User, settings: Any) -> None:
    """Further ones do not reach them, and nobody is told."""
    settings.PARLEY_LIMITS = Limits(invitations_received=2)
    owners = [User.objects.create_user(f"owner-{number}") for number in range(AT_ONCE)]
    for number, owner in enumerate(owners):
        room_actions.create_room(owner, f"r{number}", "R", "", "private")
    for name in ("charlie", "alice"):

        def invite(number: int, name: str = name) -> None:
            invitations.invite(owners[number], f"r{number}", name, "member")

        assert not at_once(invite)
    for user in (charlie, alice):
        assert Invitation.objects.filter(user=user).count() == 2


@pytest.mark.parametrize("way", ["join", "speak"])
def test_memberships(way: str, alice: User, bob: User, bounds: None) -> None:
    for number in range(AT_ONCE):
        room_actions.create_room(alice, f"r{number}", "R")
    for number in range(6):
        room_actions.create_room(bob, f"b{number}", "B")

    def become_member(number: int) -> None:
        if way == "join":
            members.join(bob, f"r{number}")
        else:
            messages.post_message(messages.Post(bob, f"r{number}", "Hello"))

    refused = at_once(become_member)
    assert all(isinstance(each, Conflict | RateLimited) for each in refused)
    assert Membership.objects.filter(user=bob).count() == 6 + AT_ONCE - len(refused) <= 8


@pytest.mark.skipif("sqlite" in connection.vendor, reason="one transaction writes at a time")
def test_who_holds_a_room_does_not_wait(alice: User) -> None:
    found: list[Refusal] = []

    def meanwhile() -> None:
        try:
            with transaction.atomic():
                person_lock.try_in_transaction(alice.pk)
        except RateLimited as refusal:
            found.append(refusal)
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        person_lock.hold_in_transaction(alice.pk)
        person_lock.try_in_transaction(alice.pk)
        pool.submit(meanwhile).result()
    assert found and found[0].retry_after

"""Who may do what, as a table: everybody's standing towards every sort of room."""

import pytest
from django.utils import timezone

from rooms.core import policy
from rooms.models import Membership, Room
from rooms.protocol import Forbidden, NotFound

STRANGER = None
MEMBER, MODERATOR, OWNER = (Membership(role=role) for role in ("member", "moderator", "owner"))
PUBLIC, PRIVATE, DIRECT = (
    Room(slug="r", name="R", visibility=visibility)
    for visibility in ("public", "private", "direct")
)


def archived(room):
    return Room(slug="r", name="R", visibility=room.visibility, archived_at=timezone.now())


def outcome(decide, *arguments):
    """What a decision came to: True, or the class of the refusal."""
    try:
        decide(*arguments)
    except (Forbidden, NotFound) as refusal:
        return type(refusal)
    return True


@pytest.mark.parametrize(
    ("room", "membership", "expected"),
    [
        (PUBLIC, STRANGER, True),
        (PUBLIC, MEMBER, True),
        (PRIVATE, STRANGER, NotFound),
        (PRIVATE, MEMBER, True),
        (DIRECT, STRANGER, NotFound),
        (DIRECT, MEMBER, True),
        (archived(PUBLIC), STRANGER, True),
        (None, STRANGER, NotFound),
    ],
)
def test_see(room, membership, expected):
    assert outcome(policy.require_see, room, membership, False, "r") == expected


@pytest.mark.parametrize("decide", [policy.require_post, policy.require_join])
@pytest.mark.parametrize(
    ("room", "membership", "expected"),
    [
        (PUBLIC, STRANGER, True),
        (PRIVATE, STRANGER, NotFound),
        (PRIVATE, MEMBER, True),
        (archived(PUBLIC), STRANGER, Forbidden),
        (archived(PUBLIC), OWNER, Forbidden),
        (archived(PRIVATE), STRANGER, NotFound),
        (archived(PRIVATE), MEMBER, Forbidden),
    ],
)
def test_post_and_join(decide, room, membership, expected):
    assert outcome(decide, room, membership) == expected


@pytest.mark.parametrize(
    ("membership", "expected"),
    [(STRANGER, False), (MEMBER, False), (MODERATOR, True), (OWNER, True)],
)
def test_manage(membership, expected):
    assert policy.may_manage(membership) is expected


@pytest.mark.parametrize(
    ("room", "membership", "other_owners", "expected"),
    [
        (PUBLIC, STRANGER, 1, Forbidden),
        (PUBLIC, MEMBER, 1, True),
        (PUBLIC, OWNER, 0, True),
        (PRIVATE, MEMBER, 1, True),
        (PRIVATE, OWNER, 0, Forbidden),
        (PRIVATE, OWNER, 1, True),
    ],
)
def test_leave(room, membership, other_owners, expected):
    assert outcome(policy.require_leave, room, membership, other_owners) == expected


@pytest.mark.parametrize("room", [PUBLIC, PRIVATE, archived(PUBLIC)])
def test_who_is_banned_finds_no_room(room):
    assert outcome(policy.require_see, room, STRANGER, True, "r") == NotFound
    assert outcome(policy.require_admit, room, True) == NotFound
    assert outcome(policy.require_admit, room, False) is True


@pytest.mark.parametrize(
    ("acting", "target", "role", "expected"),
    [
        (STRANGER, MEMBER, None, Forbidden),
        (MEMBER, MEMBER, None, Forbidden),
        (MEMBER, STRANGER, "member", Forbidden),
        (MODERATOR, MEMBER, None, True),
        (MODERATOR, STRANGER, None, True),
        (MODERATOR, MODERATOR, None, True),
        (MODERATOR, OWNER, None, Forbidden),
        (MODERATOR, MEMBER, "moderator", True),
        (MODERATOR, MEMBER, "owner", Forbidden),
        (MODERATOR, OWNER, "member", Forbidden),
        (OWNER, OWNER, "member", True),
        (OWNER, STRANGER, "owner", True),
    ],
)
def test_manage_member(acting, target, role, expected):
    assert outcome(policy.require_manage_member, acting, target, role) == expected


@pytest.mark.parametrize(
    ("target", "other_owners", "expected"),
    [(OWNER, 0, Forbidden), (OWNER, 1, True), (MODERATOR, 0, True), (MEMBER, 0, True)],
)
def test_the_last_owner_stays(target, other_owners, expected):
    assert outcome(policy.require_owner_left, PUBLIC, target, other_owners) == expected


def test_a_hidden_room_and_no_room_are_told_alike():
    with pytest.raises(NotFound) as hidden:
        policy.require_see(PRIVATE, STRANGER, False, "r")
    with pytest.raises(NotFound) as missing:
        policy.require_see(None, STRANGER, False, "r")
    assert hidden.value.answer() == missing.value.answer()

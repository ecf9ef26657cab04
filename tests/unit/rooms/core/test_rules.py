"""Who may do what: the rules by themselves. tests/integration tries every cell at the doors."""

from typing import Any

import pytest
from django.utils import timezone

from rooms.contract import permissions
from rooms.core import policy
from rooms.core.policy import Action, Facts
from rooms.models import Room
from rooms.protocol import Forbidden, NotFound, Refusal

PUBLIC, PRIVATE, DIRECT = (
    Room(slug="r", name="R", visibility=visibility)
    for visibility in ("public", "private", "direct")
)
ARCHIVED = Room(slug="r", name="R", visibility="public", archived_at=timezone.now())


def refused(action: str, **facts: Any) -> type[Refusal] | None:
    refusal = policy.refusal(action, Facts(**facts))
    return None if refusal is None else type(refusal)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"room": PUBLIC}, None),
        ({"room": PUBLIC, "banned": True}, NotFound),
        ({"room": PRIVATE}, NotFound),
        ({"room": PRIVATE, "invited": True}, NotFound),
        ({"room": PRIVATE, "role": "member"}, None),
        ({"room": DIRECT}, NotFound),
        ({"room": ARCHIVED}, None),
    ],
)
def test_see(facts: dict[str, object], expected: type[Refusal] | None) -> None:
    assert refused("room.see", **facts) is expected


def test_an_invitation_opens_a_closed_room_and_nothing_else() -> None:
    assert refused("room.join", room=PRIVATE) is NotFound
    assert refused("room.join", room=PRIVATE, invited=True) is None
    assert refused("room.join", room=PRIVATE, invited=True, banned=True) is NotFound
    assert refused("room.post", room=PRIVATE, invited=True) is NotFound
    assert refused("room.join", room=ARCHIVED, invited=True) is Forbidden


@pytest.mark.parametrize("action", ["member.remove", "ban.make", "member.change_role"])
def test_moderators_are_for_members(action: str) -> None:
    for target, expected in (("member", None), ("moderator", Forbidden), ("owner", Forbidden)):
        facts = {"room": PUBLIC, "target": target, "gives": "member"}
        assert refused(action, role="moderator", **facts) is expected
        assert refused(action, role="owner", **facts) is None
        assert refused(action, role="member", **facts) is Forbidden
        assert refused(action, **{**facts, "room": PRIVATE}) is NotFound


def test_the_last_owner_stays_one_until_they_leave() -> None:
    facts = {"room": PUBLIC, "role": "owner", "target": "owner", "last_owner": True}
    assert refused("member.change_role", gives="member", own=True, **facts) is Forbidden
    assert refused("member.change_role", gives="owner", own=True, **facts) is None
    assert refused("room.leave", **facts) is None


def test_a_hidden_room_and_no_room_are_told_alike() -> None:
    hidden = policy.refusal("room.see", Facts(PRIVATE))
    assert hidden is not None
    assert hidden.answer() == policy.no_room("r").answer()


# Whoever holds a link was told of its room; and who writes to whom is not about the room at hand.
NOT_OF_THE_ROOM = ("invite_link.accept", "direct.open")


def test_a_stranger_to_a_closed_room_never_learns_of_it() -> None:
    told = {
        found
        for where, action, case, who, found in permissions.cells()
        if who in ("stranger", "banned") and "private" in where
        if "no room" not in case and "as staff" not in case
        if action.name not in NOT_OF_THE_ROOM
    }
    assert told == {"hidden"}


def test_nobody_has_more_than_those_above_them() -> None:
    """Owner, moderator, member: whatever one may, the next one may as well."""
    worth = {"hidden": 0, "no": 1, "archived": 1, "yes": 2}
    rows: dict[tuple[str, str, str], dict[str, int]] = {}
    for where, action, case, who, found in permissions.cells():
        rows.setdefault((where, action.name, case), {})[who] = worth[found]
    for row in rows.values():
        assert row["owner"] >= row["moderator"] >= row["member"] >= row["banned"]


def test_an_action_has_one_rule() -> None:
    with pytest.raises(ValueError, match="rule already"):
        policy.register(Action("room.see", "see", lambda facts: None))

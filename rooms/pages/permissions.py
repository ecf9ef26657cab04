"""What a room's page offers to whom: the answers of `policy`, for each role that a person may come
to have while the page is open. The page shows what is allowed here; the server decides again.
"""

from typing import Any

from rooms.core import policy
from rooms.models import Membership, Room
from rooms.protocol import Refusal

# From the least to the most.
ROLES = [Membership.Role.MEMBER.value, Membership.Role.MODERATOR.value, Membership.Role.OWNER.value]


def of_roles(room: Room) -> dict[str, Any]:
    """By the role of who acts: `change`, `archive` and `visibility` say what they may do to the
    room, `invite` with which roles they may bring somebody in, `invitations` whether they see who
    is invited, `members` what they may do to somebody, by that one's role."""
    return {role: _of(room, role) for role in ROLES}


def _of(room: Room, role: str) -> dict[str, Any]:
    acting = Membership(room=room, role=role)
    manages = policy.may_manage(acting)
    direct = room.visibility == Room.Visibility.DIRECT
    return {
        "change": manages,
        "archive": manages,
        "visibility": ["public", "private"] if manages and not direct else [],
        "invite": [given for given in ROLES if not direct and _may(acting, None, given)],
        "invitations": False,
        "members": {
            target: {
                "roles": [
                    given for given in ROLES if given != target and _may(acting, target, given)
                ],
                "remove": _may(acting, target),
                "ban": _may(acting, target),
            }
            for target in ROLES
        },
    }


def _may(acting: Membership, target: str | None, given: str | None = None) -> bool:
    try:
        policy.require_manage_member(acting, Membership(role=target) if target else None, given)
    except Refusal:
        return False
    return True

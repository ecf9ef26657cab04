"""What a room's page offers: the answers of `policy`, for each role that a person may come to have
while the page is open. The page shows what is allowed here; the server decides again.
"""

from functools import partial
from typing import Any

from rooms.core import policy
from rooms.core.policy import Facts
from rooms.models import Membership, Room

# From the least to the most.
ROLES = [Membership.Role.MEMBER.value, Membership.Role.MODERATOR.value, Membership.Role.OWNER.value]


def of_roles(room: Room) -> dict[str, Any]:
    """By the role of who acts: `change`, `archive` and `visibility` say what they may do to the
    room, `invite` with which roles they may bring somebody in, `invitations` whether they see who
    is invited, `members` what they may do to somebody, by that one's role."""
    return {role: _of(room, role) for role in ROLES}


def _of(room: Room, role: str) -> dict[str, Any]:
    # As if it were open: whether it is archived, the page knows as soon as it changes.
    opened = Room(slug=room.slug, name=room.name, visibility=room.visibility)
    facts = partial(Facts, room=opened, role=role)
    visibilities = {"public": "room.publish", "private": "room.close"}
    return {
        "change": policy.allows("room.change", facts()),
        "archive": policy.allows("room.archive", facts()),
        "visibility": [to for to, by in visibilities.items() if policy.allows(by, facts())],
        "invite": [
            given for given in ROLES if policy.allows("invitation.make", facts(gives=given))
        ],
        "invitations": policy.allows("invitation.list", facts()),
        "members": {
            target: {
                "roles": [
                    given
                    for given in ROLES
                    if given != target
                    and policy.allows("member.change_role", facts(target=target, gives=given))
                ],
                "remove": policy.allows("member.remove", facts(target=target)),
                "ban": policy.allows("ban.make", facts(target=target)),
            }
            for target in ROLES
        },
    }

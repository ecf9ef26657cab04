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
    room, `restrict` whether they may say who posts there, `announce` whether they post where only
    some do, `invite` with which roles they may bring somebody in, `links` whether they may make
    links into it, `webhooks` whether they may make incoming webhooks, `invitations` whether they
    see who is invited, `members` what they may do to somebody, by that one's role; `delete` whose
    messages they may delete, by their author's role ("none": no member), `history` whether they may
    read what others' messages said before, `pin` whether they may pin, `log` whether they read the
    moderation log also where it is not open."""
    return {role: _of(room, role) for role in ROLES}


def _of(room: Room, role: str) -> dict[str, Any]:
    # As if it were open: whether it is archived, the page knows as soon as it changes.
    opened = Room(slug=room.slug, name=room.name, visibility=room.visibility)
    facts = partial(Facts, room=opened, role=role)
    visibilities = {"public": "room.publish", "private": "room.close"}
    announcing = Room(
        slug=room.slug, visibility=room.visibility, who_posts=Room.WhoPosts.MODERATORS
    )
    return {
        "change": policy.allows("room.change", facts()),
        "restrict": policy.allows("room.restrict", facts()),
        "announce": policy.allows("room.post", Facts(announcing, role)),
        "archive": policy.allows("room.archive", facts()),
        "visibility": [to for to, by in visibilities.items() if policy.allows(by, facts())],
        "invite": [
            given for given in ROLES if policy.allows("invitation.make", facts(gives=given))
        ],
        "links": policy.allows("invite_link.make", facts()),
        "webhooks": policy.allows("incoming_webhook.make", facts()),
        "invitations": policy.allows("invitation.list", facts()),
        "delete": [
            target or "none"
            for target in (None, *ROLES)
            if policy.allows("message.delete", facts(target=target))
        ],
        "history": policy.allows("message.history", facts()),
        "pin": policy.allows("pin.add", facts()),
        "log": policy.allows("moderation_log.read", facts()),
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
                "mute": policy.allows("member.mute", facts(target=target)),
            }
            for target in ROLES
        },
    }

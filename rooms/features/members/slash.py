"""`/invite NAME …`: the slash command that invites people to the room. Registered by `slice`."""

from typing import Any
from uuid import UUID

from rooms.core.slash import SlashCommand
from rooms.models import Membership, User
from rooms.protocol import Invalid
from rooms.protocol.answers import PrivateWords

from . import invitations

USAGE = "/invite NAME …"
MOST_NAMES = 10


def invite(user: User, slug: str, arguments: str, _client_id: UUID) -> dict[str, Any]:
    """Each by their user name. Those before one who cannot be invited are invited. What is said is
    the same whether or not there is somebody of that name."""
    names = list(dict.fromkeys(name.removeprefix("@") for name in arguments.split()))
    names = [name for name in names if name]
    if not names:
        raise Invalid(f"Whom? Give user names. Usage: {USAGE}")
    if len(names) > MOST_NAMES:
        raise Invalid(f"Invite at most {MOST_NAMES} people at once.")
    if too_long := next((name for name in names if len(name) > 150), None):
        raise Invalid(f"{too_long[:40]}… is no user name.")
    members: list[str] = []
    invited: list[str] = []
    for name in names:
        found = invitations.invite(user, slug, name, Membership.Role.MEMBER.value)
        (members if isinstance(found, Membership) else invited).append(name)
    said = []
    if invited:
        said.append(f"Invited: {', '.join(invited)}. Who has an account finds it in their list.")
    if members:
        said.append(f"Already here: {', '.join(members)}.")
    return {"type": "words", "words": "\n".join(said)}


INVITE = SlashCommand("invite", USAGE, "Invite people by their user names.", invite, PrivateWords)

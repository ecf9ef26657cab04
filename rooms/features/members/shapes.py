"""Members and invitations: what the invited are told, what REST takes and gives."""

from typing import Literal

from pydantic import Field

from rooms.protocol.answers import RoomSlug
from rooms.protocol.events import Ephemeral
from rooms.protocol.shapes import Given, MemberOut, OwnInvitation, Person, Role, Timestamp
from rooms.rest.schemas import Next, Somebody, Taken


class InvitationEvent(Ephemeral):
    """The user is invited to a room, or not any more: they have accepted or declined elsewhere, or
    it was taken back. Told to all their connections."""

    type: Literal["invitation"]
    room: RoomSlug
    invitation: OwnInvitation | None = Field(description="null: there is none any more")


class InvitationOut(Given):
    id: int
    state: Literal["invited"]
    name: str = Field(description="as it was typed; whether it is somebody's is not told")
    role: Role
    by: Person | None
    at: Timestamp
    until: Timestamp = Field(description="when it runs out")


class OwnInvitations(Given):
    invitations: list[OwnInvitation]


class MemberPage(Given):
    members: list[MemberOut]
    next: Next


class InvitationPage(Given):
    invitations: list[InvitationOut]
    next: Next


class NewMember(Taken):
    user: Somebody
    role: Role = "member"


class RoleChange(Taken):
    role: Role

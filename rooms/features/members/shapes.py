"""What somebody is told who is invited."""

from typing import Literal

from pydantic import Field

from rooms.protocol.answers import RoomSlug
from rooms.protocol.events import Ephemeral
from rooms.protocol.shapes import OwnInvitation


class InvitationEvent(Ephemeral):
    """The user is invited to a room, or not any more: they have accepted or declined elsewhere, or
    it was taken back. Told to all their connections."""

    type: Literal["invitation"]
    room: RoomSlug
    invitation: OwnInvitation | None = Field(description="null: there is none any more")

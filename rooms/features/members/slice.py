"""Members, invitations and bans."""

from rooms.slices import Slice

from .shapes import InvitationEvent
from .slash import INVITE

SLICE = Slice(
    name="members",
    events=[InvitationEvent],
    slash=[INVITE],
    rest="rooms.features.members.rest.router",
)

"""Members, invitations and bans."""

from rooms.slices import Slice

from .shapes import InvitationEvent

SLICE = Slice(name="members", events=[InvitationEvent], rest="rooms.features.members.rest.router")

"""The list of members and of bans."""

from rooms.slices import Slice

SLICE = Slice(name="members", rest="rooms.features.members.rest.router")

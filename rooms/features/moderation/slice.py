"""Mutes, and the log of what was done by who looks after a room."""

from rooms.protocol.answers import OkWritten
from rooms.protocol.scopes import Scope
from rooms.slices import Slice, SocketCommand

from . import socket, sweeping
from .policy import ACTIONS
from .shapes import MuteMember, UnmuteMember

SLICE = Slice(
    name="moderation",
    actions=ACTIONS,
    commands=[
        SocketCommand("mute", MuteMember, socket.mute, OkWritten),
        SocketCommand("unmute", UnmuteMember, socket.unmute, OkWritten),
    ],
    rest="rooms.features.moderation.rest.router",
    modules=["rooms/features/moderation/main.js"],
    styles=["rooms/features/moderation/moderation.css"],
    templates=["rooms/moderation.html"],
    command_scopes={"mute": Scope.ADMIN, "unmute": Scope.ADMIN},
    housekeeping={"ended mutes": sweeping.ended_mutes, "moderation log": sweeping.old_entries},
)

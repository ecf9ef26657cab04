"""Threads: all that answers a message, opened beside the room."""

from rooms.protocol.answers import Ok
from rooms.slices import Slice, SocketCommand

from . import actions, socket
from .policy import ACTIONS
from .representations import REPLIES, THREAD
from .shapes import FollowThread

SLICE = Slice(
    name="threads",
    actions=ACTIONS,
    commands=[SocketCommand("follow", FollowThread, socket.follow, Ok)],
    rest="rooms.features.threads.rest.router",
    message_parts=[REPLIES, THREAD],
    replied=[actions.replied],
    deleted=[actions.deleted],
    styles=["rooms/features/threads/threads.css"],
    modules=["rooms/features/threads/main.js"],
    templates=["rooms/threads.html"],
)

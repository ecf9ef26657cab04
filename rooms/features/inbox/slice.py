"""The inbox: what concerns somebody, until they say that it is done."""

from rooms.protocol.answers import Ok
from rooms.slices import Slice, SocketCommand

from . import actions, socket
from .policy import ACTIONS
from .shapes import InboxEvent, SaveMessage

SLICE = Slice(
    name="inbox",
    actions=ACTIONS,
    commands=[SocketCommand("save", SaveMessage, socket.save, Ok)],
    events=[InboxEvent],
    rest="rooms.features.inbox.rest.router",
    replied=[actions.replied],
    deleted=[actions.deleted],
    modules=["rooms/features/inbox/save.js"],
    housekeeping={"inbox entries": actions.sweep},
)

"""Pinned messages: what a room wants everybody to find."""

from rooms.protocol.answers import OkWritten
from rooms.slices import Slice, SocketCommand

from . import actions, lines, socket
from .policy import ACTIONS
from .representations import of_page
from .shapes import MessagePinned, MessageUnpinned, PinMessage, UnpinMessage

SLICE = Slice(
    name="pins",
    actions=ACTIONS,
    commands=[
        SocketCommand("pin", PinMessage, socket.pin, OkWritten),
        SocketCommand("unpin", UnpinMessage, socket.unpin, OkWritten),
    ],
    events=[MessagePinned, MessageUnpinned],
    rest="rooms.features.pins.rest.router",
    deleted=[actions.forget],
    room_state=of_page,
    styles=["rooms/features/pins/pins.css"],
    templates=["rooms/pins.html"],
    lines={"message.pinned": lines.pinned, "message.unpinned": lines.unpinned},
)

"""What people say."""

from rooms.protocol.answers import Ok
from rooms.slices import Slice, SocketCommand

from . import lines, policy
from .deletion import forgotten_posts
from .shapes import Delete, Edit, MessageDeleted, MessageEdited
from .socket import delete, edit

SLICE = Slice(
    name="messages",
    actions=policy.ACTIONS,
    commands=[
        SocketCommand("edit", Edit, edit, Ok),
        SocketCommand("delete", Delete, delete, Ok),
    ],
    events=[MessageEdited, MessageDeleted],
    rest="rooms.features.messages.rest.router",
    templates=["rooms/editing.html", "rooms/link.html"],
    lines={"message.edited": lines.edited, "message.deleted": lines.deleted},
    housekeeping={"deleted posts": forgotten_posts},
)

"""Reactions: what people answer with one emoji, and the picker of emoji."""

from rooms.protocol.answers import OkWritten
from rooms.slices import Slice, SocketCommand

from . import actions, lines, socket
from .policy import ACTIONS
from .representations import PART
from .shapes import React, ReactionAdded, ReactionRemoved, Unreact

SLICE = Slice(
    name="reactions",
    actions=ACTIONS,
    commands=[
        SocketCommand("react", React, socket.react, OkWritten),
        SocketCommand("unreact", Unreact, socket.unreact, OkWritten),
    ],
    events=[ReactionAdded, ReactionRemoved],
    rest="rooms.features.reactions.rest.router",
    message_parts=[PART],
    deleted=[actions.forget],
    styles=["rooms/features/reactions/reactions.css"],
    modules=["rooms/features/reactions/main.js"],
    templates=["rooms/reactions.html"],
    lines={"reaction.added": lines.added, "reaction.removed": lines.removed},
)

"""Mentions: `@name` in a message is somebody."""

from rooms.slices import Slice

from . import actions
from .policy import ACTIONS
from .representations import PART
from .shapes import MentionsEvent

SLICE = Slice(
    name="mentions",
    actions=ACTIONS,
    events=[MentionsEvent],
    rest="rooms.features.mentions.rest.router",
    message_parts=[PART],
    posted_with={"@": actions.posted},
    edited=[actions.edited],
    deleted=[actions.deleted],
    styles=["rooms/features/mentions/mentions.css"],
    modules=["rooms/features/mentions/main.js"],
)

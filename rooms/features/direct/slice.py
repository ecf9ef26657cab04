"""Rooms between two: the room itself, and whom one may write to."""

from rooms.slices import Slice

from .policy import ACTIONS

SLICE = Slice(
    name="direct",
    actions=ACTIONS,
    rest="rooms.features.direct.rest.router",
    modules=["rooms/features/direct/main.js"],
)

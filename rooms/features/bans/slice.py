"""Bans: who is kept out of a room."""

from rooms.slices import Slice

from .policy import ACTIONS

SLICE = Slice(name="bans", actions=ACTIONS, rest="rooms.features.bans.rest.router")

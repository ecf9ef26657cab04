"""Rooms themselves: making, listing and reading them."""

from rooms.slices import Slice

SLICE = Slice(name="rooms", rest="rooms.features.rooms.rest.router")

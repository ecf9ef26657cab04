"""What people say."""

from rooms.slices import Slice

SLICE = Slice(name="messages", rest="rooms.features.messages.rest.router")

"""Read markers: how far people have read."""

from rooms.protocol.answers import Ok
from rooms.slices import Slice, SocketCommand

from .shapes import Read, ReadEvent
from .socket import read

SLICE = Slice(
    name="reading",
    commands=[SocketCommand("read", Read, read, Ok)],
    events=[ReadEvent],
    rest="rooms.features.reading.rest.router",
)

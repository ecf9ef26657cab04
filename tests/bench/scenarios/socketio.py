"""A member who speaks Socket.IO: Engine.IO 4 on a WebSocket from the start. Used by `talking`."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from .members import Tally
from .sockets import TEXT, Socket

if TYPE_CHECKING:
    from .talking import Room

STAMP = re.compile(rb'42\["message","t(\d+) ')


class SocketIoTalker(Socket):
    """Counts alone: there are no numbers by which one could see what is missing or doubled."""

    room: "Room"
    came = 0

    def __init__(
        self,
        headers: Mapping[str, str],
        rooms: Iterable[str],
        tally: Tally,
        *,
        sampled: bool = True,
        receive_buffer: int = 0,
    ) -> None:
        super().__init__({}, receive_buffer)
        (room,) = rooms
        self.path = f"/socket.io/?EIO=4&transport=websocket&room={room}"
        self.tally = tally
        self.sampled = sampled
        self.settled = False

    def say(self, room: str, body: str) -> int:
        self.send(TEXT, f'42["post","{body}"]'.encode())
        return 0

    def heard(self, payload: bytes) -> None:
        if payload.startswith(b'42["message"'):
            tally = self.tally
            tally.delivered += 1
            tally.frames += 1
            tally.bytes += len(payload)
            if tally.measuring and self.sampled:
                tally.heard_stamps(payload, STAMP)
            self.came += 1
            self.room.got(1)
        elif payload == b"2":
            self.send(TEXT, b"3")
        elif payload.startswith(b"0{"):
            self.send(TEXT, b"40")
        elif payload.startswith(b"40{"):
            self.settled = True

"""Frames as they come: the short way for what nearly all of them are tells what Autobahn tells."""

from typing import Any

import pytest
from autobahn.twisted.websocket import WebSocketServerFactory
from hypothesis import example, given
from hypothesis import strategies as st
from twisted.internet.testing import StringTransport

from rooms.live.serving import websocket
from rooms.live.serving.websocket import LiveProtocol, whole_text_frame

MOST = 70_000


def frame(
    payload: bytes, first: int = 0x81, masked: bool = True, mask: bytes = b"\x01\xfe\x80\x00"
) -> bytes:
    size = len(payload)
    flag = 0x80 if masked else 0
    if size < 126:
        head = bytes((first, flag | size))
    elif size < 65536:
        head = bytes((first, flag | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, flag | 127)) + size.to_bytes(8, "big")
    if not masked:
        return head + payload
    return head + mask + bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload))


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 125, 126, 127, 4000, 65535])
def test_a_whole_text_frame_is_found(size: int) -> None:
    payload = bytes(n % 251 for n in range(size))
    data = frame(payload)
    assert whole_text_frame(data + b"\x81", MOST) == (payload, len(data))
    assert whole_text_frame(data, size) == (payload, len(data))
    for short in {0, 1, 2, 5, 7, len(data) - 1}:
        if short < len(data):
            assert whole_text_frame(data[:short], MOST) is None
    if size:
        assert whole_text_frame(data, size - 1) is None


@pytest.mark.parametrize(
    "data",
    [
        frame(b"x", masked=False),
        frame(b"x" * 200, masked=False),
        frame(b"x" * 65536),
        frame(b"x", first=0x01),
        frame(b"x", first=0x80),
        frame(b"x", first=0x82),
        frame(b"x", first=0x89),
        frame(b"x", first=0xC1),
        b"\x81\xfe\x00\x05mask" + b"x" * 5,
    ],
    ids=["bare", "bare and longer", "64 KiB", "first of several", "last of several", "binary",
         "ping", "compressed", "length not the shortest"],
)  # fmt: skip
def test_everything_else_is_left_to_autobahn(data: bytes) -> None:
    assert whole_text_frame(data + b"more", MOST) is None


class Heard(LiveProtocol):
    """A connection that is open, and what it has told."""

    def __init__(self) -> None:
        super().__init__()
        self.frame_bytes = 300
        self.told: list[tuple[bytes, bool, bool]] = []
        self.factory: Any = WebSocketServerFactory()
        self.factory.setProtocolOptions(maxFramePayloadSize=0, utf8validateIncoming=False)
        self.makeConnection(StringTransport())
        self.data = b""
        self.state = self.STATE_OPEN
        self.current_frame = None
        self.inside_message = False
        self.websocket_version = 13
        self.transport.registerProducer(self, True)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.told.append((b"" if self.too_long else payload, isBinary, self.too_long))

    def onClose(self, *why: object) -> None:
        pass


def heard(pieces: list[bytes]) -> tuple[Any, ...]:
    protocol = Heard()
    for piece in pieces:
        protocol.dataReceived(piece)
    left = bytes(protocol.data) if protocol.state == protocol.STATE_OPEN else b""
    return protocol.told, protocol.state, left, protocol.transport.value()


frames = st.builds(
    frame,
    st.one_of(st.binary(max_size=20), st.sampled_from([120, 126, 299, 300, 301, 900]).map(bytes)),
    # Mostly what the short way takes; messages in parts, pings and pongs between.
    st.sampled_from([0x81, 0x81, 0x81, 0x81, 0x82, 0x01, 0x00, 0x80, 0x89, 0x8A, 0xC1, 0x83]),
    st.sampled_from([True] * 12 + [False]),
    st.binary(min_size=4, max_size=4),
)


@given(st.lists(frames, max_size=6), st.lists(st.integers(0, 2000), max_size=6))
@example([frame(b"a"), frame(b"b", 0x01), frame(b"p", 0x89), frame(b"c", 0x80), frame(b"d")], [])
@example([frame(bytes(301)), frame(b"next")], [])
@example([frame(b"a", 0x01), frame(b"inside it")], [])
def test_all_is_told_as_autobahn_tells_it(sent: list[bytes], cuts: list[int]) -> None:
    data = b"".join(sent)
    places = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    pieces = [data[start:end] for start, end in zip(places, places[1:], strict=False)]
    short = heard(pieces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(websocket, "whole_text_frame", lambda data, most: None)
        assert heard(pieces) == short

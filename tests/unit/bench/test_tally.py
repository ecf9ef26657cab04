"""The load counts right, however the bytes are cut: what it reports stands on this."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.member import BUFFER, NEW, RESERVE, Tally, Timings
from tests.bench.wire import WIRES, Wire, body

SENT, ARRIVED = 5_000_000, 7_000_000
PING = b"\x89\x04ping"
HEADS = {"plain": 1, "ours": 30, "socketio": 1, "nats": 5}


class Recorder(Tally):
    def __init__(self, wire: Wire, timings: Timings | None = None) -> None:
        super().__init__(wire, timings)
        self.heard: list[bytes] = []

    def small(self, kind: int, payload: bytes) -> None:
        self.heard.append(payload)


def server_frame(payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes([0x81, size]) + payload
    if size < 1 << 16:
        return bytes([0x81, 126]) + size.to_bytes(2, "big") + payload
    return bytes([0x81, 127]) + size.to_bytes(8, "big") + payload


def delivery(name: str, length: int) -> bytes:
    stamped = f"bench-delivery t{SENT:019d} ".ljust(length, "x").encode()
    if name == "ours":
        return (
            b'{"type":"message.created","room":"lobby","seq":7,"message":{"id":1,"body":"'
            + stamped
            + b'","html":"<p>'
            + stamped
            + b'</p>"}}'
        )
    if name == "socketio":
        return b'42["message","' + stamped + b'"]'
    if name == "nats":
        return b"MSG lobby 1 80\r\n" + stamped + b"\r\n"
    return stamped


def cut(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    """In pieces of these sizes, over and over."""
    at, turn = 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        yield data[at : at + size]
        at, turn = at + size, turn + 1


def feed(tally: Tally, data: bytes, sizes: list[int]) -> int:
    count = 0
    for piece in cut(data, sizes):
        NEW[: len(piece)] = piece
        count += tally.take(len(piece), ARRIVED)
    return count


@pytest.mark.parametrize("name", WIRES)
@pytest.mark.parametrize("timed", [False, True])
@given(
    groups=st.lists(st.integers(1, HEADS["ours"]), min_size=1, max_size=6),
    length=st.sampled_from([40, 80, 3_000]),
    sizes=st.lists(st.integers(1, 9_000), min_size=1, max_size=8),
)
def test_every_delivery_is_counted_once(
    name: str, timed: bool, groups: list[int], length: int, sizes: list[int]
) -> None:
    """`groups`: so many deliveries in each frame; a ping after each."""
    data = b""
    for many in groups:
        each = [delivery(name, length)] * min(many, HEADS[name])
        data += server_frame(b"[" + b",".join(each) + b"]" if name == "ours" else b"".join(each))
        data += PING
    expected = sum(min(many, HEADS[name]) for many in groups)
    timings = Timings() if timed else None
    tally = Recorder(WIRES[name](), timings)
    assert feed(tally, data, sizes) == expected
    assert tally.bytes == len(data)
    assert tally.frames == 2 * len(groups)
    assert tally.heard == [b"ping"] * len(groups)
    assert tally.next == 0
    if timings is not None:
        assert timings.milliseconds == [(ARRIVED - SENT) / 1e6] * expected


def test_only_what_was_sent_while_measuring_is_timed() -> None:
    timings = Timings(since=SENT + 1)
    tally = Tally(WIRES["ours"](), timings)
    data = server_frame(delivery("ours", 80))
    assert feed(tally, data, [len(data)]) == 1
    assert timings.milliseconds == []


def test_a_member_that_spoke_hears_whether_it_was_refused() -> None:
    tally = Tally(WIRES["ours"]())
    refusal = server_frame(b'[{"id":3,"type":"error","code":"rate_limited","message":"Slowly."}]')
    answer = server_frame(b'[{"id":4,"type":"sent","room":"lobby","seq":8,"message":{}}]')
    tally.asked = 2
    feed(tally, refusal, [11])
    assert (tally.refused, tally.asked) == (1, 1)
    feed(tally, answer, [11])
    assert (tally.refused, tally.asked) == (1, 0)


def test_a_text_has_its_length_and_its_time() -> None:
    text = body(random.Random(1).randrange(60, 200))
    assert text.startswith("bench-delivery t") and text[16:35].isdigit()
    assert len(body(80)) == 80
    assert len(BUFFER) - RESERVE == len(NEW)

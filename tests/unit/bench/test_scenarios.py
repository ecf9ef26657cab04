"""What the scenarios' loads tell is what came: frames however cut, gaps, doubled events."""

from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.protocol import encode, encode_event
from tests.bench.scenarios.members import Member, Tally, quantile, stamped
from tests.bench.scenarios.processes import capacity
from tests.bench.scenarios.sockets import Socket
from tests.bench.scenarios.talking import Room, Talker

M = TypeVar("M", bound=Member)


class Listener(Socket):
    def __init__(self) -> None:
        super().__init__()
        self.state = 2
        self.got: list[bytes] = []

    def heard(self, payload: bytes) -> None:
        self.got.append(payload)


def frame(payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


@given(
    sizes=st.lists(st.sampled_from([0, 1, 125, 126, 300, 65535, 65536]), max_size=5),
    cuts=st.lists(st.integers(1, 70_000), max_size=8),
)
def test_frames_are_whole_however_they_come(sizes: list[int], cuts: list[int]) -> None:
    payloads = [bytes([65 + index]) * size for index, size in enumerate(sizes)]
    data, socket, rest = b"".join(map(frame, payloads)), Listener(), b""
    for cut in cuts:
        rest = socket._frames(rest + data[:cut])
        data = data[cut:]
    assert socket._frames(rest + data) == b""
    assert socket.got == payloads


def event(seq: int, body: str = "Hello") -> bytes:
    message = {"id": seq, "room": "lobby", "seq": seq, "at": "2026-01-01T00:00:00Z"}
    message |= {"author": {"id": 1, "name": "Ana"}, "body": body, "html": f"<p>{body}</p>"}
    payload = encode({"message": message})
    return encode_event("lobby", seq, "2026-01-01T00:00:00Z", "message.created", payload)


def listening_from(head: int, member: M) -> M:
    member.opened()
    member.heard(b'[{"type":"hello","protocol":1}]')
    answer = {"id": 1, "type": "subscribed", "room": "lobby", "seq": head, "recovered": True}
    member.heard(b"[" + encode(answer) + b"]")
    assert member.settled
    return member


@pytest.mark.parametrize(
    ("seqs", "wrong"),
    [
        ([6, 7, 8], []),
        ([6, 8], ["lobby: 8 after 6"]),
        ([6, 6], ["lobby: 6 after 6"]),
        ([7], ["lobby: 7 after 5"]),
    ],
)
def test_a_member_notices_what_is_missing_or_doubled(seqs: list[int], wrong: list[str]) -> None:
    member = listening_from(5, Member({}, ["lobby"], Tally()))
    for seq in seqs:
        member.heard(b"[" + event(seq) + b"]")
    assert member.tally.wrong == wrong
    assert member.tally.delivered == len(seqs)


def test_who_comes_back_and_is_not_taken_up_where_they_were_says_so() -> None:
    member = listening_from(5, Member({}, ["lobby"], Tally()))
    member.opened()
    member.heard(b'[{"type":"hello","protocol":1}]')
    answer = {"id": 2, "type": "subscribed", "room": "lobby", "seq": 9, "recovered": False}
    member.heard(b"[" + encode(answer) + b"]")
    assert member.tally.wrong == ["lobby: not recovered"]


def test_latencies_are_those_of_events_and_not_of_answers() -> None:
    member = listening_from(0, Member({}, ["lobby"], Tally()))
    member.tally.measuring = True
    said = stamped()
    answer = encode({"id": 2, "type": "sent", "room": "lobby", "seq": 1, "message": {"body": said}})
    member.heard(b"[" + answer + b"," + event(1, said) + b"," + event(2, stamped()) + b"]")
    assert len(member.tally.latencies) == 2
    assert all(0 < latency < 60_000 for latency in member.tally.latencies)


def test_a_refusal_is_counted() -> None:
    member = listening_from(0, Member({}, ["lobby"], Tally()))
    member.heard(b'[{"id":2,"type":"error","code":"rate_limited","message":"Slower."}]')
    assert member.tally.refused == {"rate_limited": 1}


def test_a_room_says_the_next_when_all_have_heard_the_last() -> None:
    room = Room("lobby", "x")
    for _ in range(3):
        each = listening_from(0, Talker({}, ["lobby"], Tally()))
        each.room = room
        room.members.append(each)
        room.talkers.append(each)
    room.in_flight = 1
    room.got(0)
    assert (room.sent, room.missing()) == (1, 3)
    for number, each in enumerate(room.members, 1):
        each.heard(b"[" + event(1) + b"]")
        assert room.sent == (2 if number == 3 else 1)
    assert room.missing() == 3


def test_what_fits_lies_between_the_last_that_did_and_the_first_that_did_not() -> None:
    assert capacity([(500, 20.0), (1000, 60.0), (1500, 160.0)]) == 1200
    assert capacity([(500, 20.0), (1000, 60.0)]) == 1000
    assert capacity([(500, 200.0)]) == 250


def test_quantiles() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([3.0, 1.0, 2.0], 1) == 3.0

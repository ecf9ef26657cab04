"""The send buffer keeps order in each lane, its bounds, and the lanes' precedence."""

from hypothesis import given
from hypothesis import strategies as st

from rooms.live.sendbuffer import EPHEMERAL_BYTES, EPHEMERAL_KEYS, Frame, SendBuffer


class Log:
    """A cursor over numbered events, all at hand."""

    def __init__(self, head: int) -> None:
        self.head, self.seq = head, 0

    @property
    def behind(self) -> bool:
        return self.seq < self.head

    def next_events(self, size: int) -> list[bytes]:
        taken: list[bytes] = []
        while self.behind and (not taken or size > 0):
            self.seq += 1
            taken.append(b"%d" % self.seq)
            size -= len(taken[-1])
        return taken


def test_control_goes_before_durable_before_ephemeral() -> None:
    buffer = SendBuffer()
    buffer.put_ephemeral("typing", b"typing")
    buffer.mark_behind(Log(2))
    buffer.put_control(b"answer")
    assert buffer.take(1000) == [b"answer", b"1", b"2", b"typing"]
    assert not buffer


def test_the_last_ephemeral_value_of_a_key_wins() -> None:
    buffer = SendBuffer()
    for value in (b"1", b"2", b"3"):
        buffer.put_ephemeral("progress", value)
    buffer.put_ephemeral("other", b"x")
    assert buffer.take(1000) == [b"3", b"x"]


def test_ephemeral_waits_while_a_room_is_behind_and_its_events_are_not_at_hand() -> None:
    class Reading(Log):
        def next_events(self, size: int) -> list[bytes]:
            return []

    buffer = SendBuffer()
    buffer.put_ephemeral("typing", b"typing")
    buffer.mark_behind(Reading(1))
    assert buffer.take(1000) == []
    assert buffer


def test_no_room_starves_another() -> None:
    buffer = SendBuffer()
    busy, quiet = Log(10_000), Log(1)
    buffer.mark_behind(busy)
    buffer.mark_behind(quiet)
    buffer.take(10)
    buffer.take(10)
    assert not quiet.behind


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("control"), st.binary(min_size=1, max_size=50)),
            st.tuples(st.just("ephemeral"), st.binary(min_size=1, max_size=2000)),
            st.tuples(st.just("take"), st.integers(1, 200)),
        )
    ),
    st.integers(0, 50),
)
def test_any_interleaving_keeps_order_and_bounds(
    steps: list[tuple[str, bytes | int]], events: int
) -> None:
    buffer, log = SendBuffer(), Log(events)
    buffer.mark_behind(log)
    put: list[bytes] = []
    out: list[bytes] = []
    for count, (what, value) in enumerate(steps):
        if what == "take":
            out += buffer.take(int(value))
        elif what == "control":
            data = b"c%d:" % count + bytes(value)
            put.append(data)
            buffer.put_control(data)
        else:
            buffer.put_ephemeral(f"{count % 100}", b"e" + bytes(value))
        assert buffer.ephemeral_bytes <= EPHEMERAL_BYTES
        assert len(buffer._ephemeral) <= EPHEMERAL_KEYS
        assert buffer.control_bytes == sum(map(len, buffer._control))
    while buffer:
        out += buffer.take(1000)
    assert [data for data in out if data.startswith(b"c")] == put
    assert [data for data in out if data.isdigit()] == [b"%d" % n for n in range(1, events + 1)]
    assert buffer.control_bytes == buffer.ephemeral_bytes == 0


@given(st.integers(0, 70_000))
def test_a_frame_has_the_header_of_its_length(size: int) -> None:
    wire = Frame([b"x" * size]).wire
    payload = b"[" + b"x" * size + b"]"
    length = len(payload)
    assert wire[0] == 0x81
    if length < 126:
        assert wire[1] == length and wire[2:] == payload
    elif length < 65536:
        assert wire[1] == 126 and int.from_bytes(wire[2:4], "big") == length
        assert wire[4:] == payload
    else:
        assert wire[1] == 127 and int.from_bytes(wire[2:10], "big") == length
        assert wire[10:] == payload

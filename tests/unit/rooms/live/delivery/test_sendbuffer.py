"""The send buffer keeps order in each lane, its bounds, and the lanes' precedence."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rooms.live.delivery.sendbuffer import EPHEMERAL_KEYS, Frame, SendBuffer, Shares

EPHEMERAL_BYTES = Shares.of(256 * 1024).ephemeral


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
    buffer = SendBuffer(EPHEMERAL_BYTES)
    buffer.put_ephemeral("typing", b"typing")
    buffer.mark_behind(Log(2))
    buffer.put_control(b"answer")
    assert buffer.take(1000) == [b"answer", b"1", b"2", b"typing"]
    assert not buffer


def test_the_last_ephemeral_value_of_a_key_wins() -> None:
    buffer = SendBuffer(EPHEMERAL_BYTES)
    for value in (b"1", b"2", b"3"):
        buffer.put_ephemeral("progress", value)
    buffer.put_ephemeral("other", b"x")
    assert buffer.take(1000) == [b"3", b"x"]


def test_ephemeral_waits_while_a_room_is_behind_and_its_events_are_not_at_hand() -> None:
    class Reading(Log):
        def next_events(self, size: int) -> list[bytes]:
            return []

    buffer = SendBuffer(EPHEMERAL_BYTES)
    buffer.put_ephemeral("typing", b"typing")
    buffer.mark_behind(Reading(1))
    assert buffer.take(1000) == []
    assert buffer


def test_the_oldest_key_is_shed_and_counted() -> None:
    buffer = SendBuffer(100)
    for number in range(12):
        buffer.put_ephemeral(f"{number}", b"%010d" % number)
    assert buffer.shed == 2
    assert buffer.take(1000) == [b"%010d" % number for number in range(2, 12)]


def test_the_shares_together_are_all_there_is() -> None:
    for size in (16, 4096, 256 * 1024, 1_000_003):
        assert size - 16 < sum(Shares.of(size)) <= size


def test_no_room_starves_another() -> None:
    buffer = SendBuffer(EPHEMERAL_BYTES)
    busy, quiet = Log(10_000), Log(1)
    buffer.mark_behind(busy)
    buffer.mark_behind(quiet)
    buffer.take(10)
    buffer.take(10)
    assert not quiet.behind


class Remote(Log):
    """A log of a name, whose next events are not always at hand."""

    def __init__(self, name: bytes) -> None:
        super().__init__(0)
        self.name = name
        self.at_hand = True

    def next_events(self, size: int) -> list[bytes]:
        taken: list[bytes] = []
        while self.at_hand and self.behind and (not taken or size > 0):
            self.seq += 1
            taken.append(b"r" + self.name + b"%d" % self.seq)
            size -= len(taken[-1])
        return taken


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("control"), st.integers(0, 9), st.binary(min_size=1, max_size=50)),
            st.tuples(
                st.just("ephemeral"), st.integers(0, 99), st.binary(min_size=1, max_size=2000)
            ),
            st.tuples(st.just("arrive"), st.integers(0, 2), st.integers(1, 9)),
            st.tuples(st.just("at_hand"), st.integers(0, 2), st.booleans()),
            st.tuples(st.just("take"), st.integers(0, 9), st.integers(1, 200)),
        )
    )
)
def test_any_interleaving_keeps_order_and_bounds(steps: list[tuple[str, int, Any]]) -> None:
    buffer, logs = SendBuffer(EPHEMERAL_BYTES), [Remote(name) for name in (b"x", b"y", b"z")]
    put: list[bytes] = []
    told: dict[int, bytes] = {}
    out: list[bytes] = []

    def take(size: int) -> None:
        waiting = buffer.control_bytes
        taken = buffer.take(size)
        # At least one, then no more than asked for, but for the last; control before all others.
        assert sum(map(len, taken[:-1])) < size
        if waiting and any(not data.startswith(b"c") for data in taken):
            assert buffer.control_bytes == 0
        kinds = [b"cre".index(data[:1]) for data in taken]
        assert kinds == sorted(kinds)
        if 2 in kinds:
            assert not any(log.behind for log in logs), "ephemeral went before durable"
        out.extend(taken)

    for count, (what, which, value) in enumerate(steps):
        if what == "take":
            take(value)
        elif what == "control":
            put.append(b"c%d:" % count + value)
            buffer.put_control(put[-1])
        elif what == "ephemeral":
            told[which] = b"e%d:" % count + value
            buffer.put_ephemeral(f"{which}", told[which])
        elif what == "arrive":
            logs[which].head += value
            buffer.mark_behind(logs[which])
        else:
            logs[which].at_hand = value
        assert buffer.ephemeral_bytes == sum(map(len, buffer._ephemeral.values()))
        assert buffer.ephemeral_bytes <= EPHEMERAL_BYTES
        assert len(buffer._ephemeral) <= EPHEMERAL_KEYS
        assert buffer.control_bytes == sum(map(len, buffer._control))
        assert set(buffer._ephemeral.values()) <= set(told.values()), "an old value is kept"
    for log in logs:
        log.at_hand = True
    while buffer:
        take(1000)
    assert [data for data in out if data.startswith(b"c")] == put
    for log in logs:
        mine = b"r" + log.name
        numbers = [int(data.removeprefix(mine)) for data in out if data.startswith(mine)]
        assert numbers == list(range(1, log.head + 1))
    assert buffer.control_bytes == buffer.ephemeral_bytes == 0
    assert buffer.events == sum(log.head for log in logs)
    ephemeral = [data for data in out if data.startswith(b"e")]
    assert len(ephemeral) == len(set(ephemeral))


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

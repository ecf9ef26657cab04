"""A feed takes bells as they come — lost, late, doubled, swapped — and tells each event once."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rooms.live.delivery.feed import Feed, Subscription


class Someone:
    """Stands for a connection: remembers which pages its cursors asked for."""

    def __init__(self) -> None:
        self.wants: list[Subscription] = []

    def want_page(self, subscription: Subscription) -> None:
        self.wants.append(subscription)


def event(seq: int) -> bytes:
    return b"event %d" % seq


def events(first: int, last: int) -> list[bytes]:
    return [event(seq) for seq in range(first, last + 1)]


def feed_at(head: int, tail_events: int = 512, tail_bytes: int = 1 << 20) -> Feed:
    return Feed(1, "lobby", head, tail_events, tail_bytes)


def unflushed(feed: Feed) -> list[bytes]:
    """What the hub fans out, round after round."""
    found: list[bytes] = []
    while events := feed.after(feed.flushed + len(found), 1000):
        found += events
    assert feed.flushed + len(found) == feed.head, "the tail dropped what was not fanned out"
    return found


def subscribe(feed: Feed, seq: int) -> tuple[Subscription, Any]:
    someone: Any = Someone()
    return Subscription(someone, feed, seq), someone


def test_a_bell_that_continues_the_head_is_appended() -> None:
    feed = feed_at(5)
    feed.apply(6, 7, events(6, 7))
    assert feed.head == 7 and not feed.has_gap
    assert unflushed(feed) == events(6, 7)


def test_an_old_bell_is_ignored_and_an_overlapping_one_adds_what_is_new() -> None:
    feed = feed_at(5)
    feed.apply(4, 5, events(4, 5))
    assert feed.head == 5 and unflushed(feed) == []
    feed.apply(5, 7, events(5, 7))
    assert unflushed(feed) == events(6, 7)


def test_a_bell_that_leaves_a_gap_only_says_what_is_wanted() -> None:
    feed = feed_at(5)
    feed.apply(8, 9, events(8, 9))
    assert feed.head == 5 and feed.has_gap
    feed.apply_read([(seq, event(seq)) for seq in range(6, 10)])
    assert feed.head == 9 and not feed.has_gap
    assert unflushed(feed) == events(6, 9)


def test_a_bell_without_events_is_read_from_the_log() -> None:
    feed = feed_at(5)
    feed.apply(6, 6, None)
    assert feed.has_gap and feed.head == 5


def test_a_cursor_before_the_tail_asks_for_a_page_and_goes_on_in_the_tail() -> None:
    feed = feed_at(0, tail_events=2)
    feed.apply(1, 6, events(1, 6))
    feed.mark_flushed(6)
    subscription, someone = subscribe(feed, 2)
    assert subscription.next_events(1000) == []
    assert someone.wants == [subscription]
    subscription.page = [(3, event(3)), (4, event(4))]
    assert subscription.next_events(1000) == events(3, 4)
    assert subscription.next_events(1000) == events(5, 6)
    assert not subscription.behind


def test_an_event_larger_than_the_size_asked_for_still_goes_out() -> None:
    feed = feed_at(0)
    feed.apply(1, 1, [b"x" * 10_000])
    subscription, _ = subscribe(feed, 0)
    assert subscription.next_events(10) == [b"x" * 10_000]


def test_the_tail_keeps_to_its_bounds_but_never_drops_what_was_not_told() -> None:
    feed = feed_at(0, tail_events=10)
    feed.apply(1, 50, events(1, 50))
    assert unflushed(feed) == events(1, 50)
    feed.mark_flushed(50)
    assert feed.tail_starts_after == 40
    assert feed.after(39, 1000) is None
    assert feed.after(40, 10_000) == events(41, 50)


def test_a_page_that_joins_the_tail_serves_the_next_one_who_comes_back() -> None:
    feed = feed_at(10)
    feed.apply_earlier([(seq, event(seq)) for seq in range(6, 11)])
    assert feed.after(5, 10_000) == events(6, 10)
    feed.apply_earlier([(seq, event(seq)) for seq in range(1, 4)])
    assert feed.after(3, 10_000) is None


def test_the_tail_is_filled_with_the_newest_that_fit() -> None:
    feed = feed_at(10, tail_events=4)
    assert feed.reaches_back_to == 6
    feed.apply(11, 11, events(11, 11))
    assert feed.reaches_back_to == 7
    feed.apply_earlier([(seq, event(seq)) for seq in range(6, 11)])
    assert feed.tail_starts_after == feed.reaches_back_to == 7
    assert feed.after(7, 10_000) == events(8, 11)


def test_a_room_is_idle_when_the_last_tab_has_gone() -> None:
    feed = feed_at(0)
    first, _ = subscribe(feed, 0)
    second, _ = subscribe(feed, 0)
    assert feed.arrive(first, 7, "Ana")
    assert not feed.arrive(second, 7, "Ana")
    assert not feed.depart(first, 7, 1.0)
    assert list(feed.presence.here) == [7] and feed.idle_since is None
    assert feed.depart(second, 7, 2.0)
    assert not feed.presence.here and feed.idle_since == 2.0


def test_a_room_is_told_of_so_many_who_type_a_second() -> None:
    feed = feed_at(0)
    for second in (10.0, 11.0):
        told = [feed.admit_typing(second + n / 10, 3) for n in range(5)]
        assert told == [True, True, True, False, False]


@given(st.data())
def test_any_order_of_bells_reads_and_fan_outs_tells_every_event_once(data: st.DataObject) -> None:
    total = data.draw(st.integers(1, 40))
    feed = feed_at(0, tail_events=data.draw(st.integers(1, 10)))
    reader, someone = subscribe(feed, 0)
    live: list[bytes] = []
    read: list[bytes] = []
    committed = 0

    def log_after(seq: int) -> list[tuple[int, bytes]]:
        return [(number, event(number)) for number in range(seq + 1, committed + 1)]

    def fan_out() -> None:
        top = feed.head
        live.extend(unflushed(feed))
        feed.mark_flushed(top)

    def drain_reader() -> None:
        for _ in range(total * 2):
            read.extend(reader.next_events(data.draw(st.integers(1, 40))))
            if someone.wants:
                someone.wants.clear()
                reader.page = log_after(reader.seq)[:7]
            if not reader.behind:
                break

    for _ in range(data.draw(st.integers(1, 60))):
        step = data.draw(st.sampled_from(["bell", "repair", "fan_out", "read"]))
        if step == "bell":
            committed = data.draw(st.integers(committed, total))
            if committed:
                first = data.draw(st.integers(1, committed))
                last = data.draw(st.integers(first, committed))
                carried = events(first, last) if data.draw(st.booleans()) else None
                feed.apply(first, last, carried)
        elif step == "repair" and feed.has_gap:
            feed.apply_read(log_after(feed.head)[: data.draw(st.integers(1, 9))])
        elif step == "fan_out":
            fan_out()
        elif step == "read":
            drain_reader()
    committed = total
    feed.apply(total, total, None)
    feed.apply_read(log_after(feed.head))
    fan_out()
    drain_reader()
    assert live == events(1, total)
    assert read == events(1, total)

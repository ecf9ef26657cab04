"""What is deleted goes from a feed's tail, from what waits to be fanned out and from pages."""

import asyncio
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from rooms.live.delivery.feed import Feed, Numbered, Subscription
from rooms.live.delivery.repair import Repair
from rooms.live.delivery.scrubbing import scrubbed
from rooms.protocol import encode, encode_event

AT = "2026-05-01T09:30:00.000000Z"
SECRET = "secret"


def told(seq: int, type: str, id: int, body: str = SECRET, **more: Any) -> bytes:
    payload = {"message": {"id": id, "body": body, "deleted": None}, **more}
    return encode_event("lobby", seq, AT, type, encode(payload))


def created(seq: int, id: int, body: str = SECRET) -> bytes:
    return told(seq, "message.created", id, body)


def deleted(seq: int, id: int) -> bytes:
    return told(seq, "message.deleted", id, "", kept=False)


def feed_with(events: list[bytes], flushed: int = 0) -> Feed:
    feed = Feed(1, "lobby", 0, 512, 1 << 20)
    feed.apply(1, len(events), events)
    feed.mark_flushed(flushed)
    return feed


def held(feed: Feed) -> list[dict[str, Any]]:
    return [orjson.loads(each) for each in feed.after(0, 1 << 20) or []]


def test_events_keep_their_place_and_lose_their_text() -> None:
    events = [created(1, 11), created(2, 12), told(3, "message.edited", 11), created(4, 1)]
    feed = feed_with(events, flushed=4)
    feed.apply(5, 5, [deleted(5, 11)])
    bodies = [each["message"]["body"] for each in held(feed)]
    assert bodies == ["", SECRET, "", SECRET, ""]
    types = [(each["type"], each["seq"], each["at"]) for each in held(feed)]
    assert types[:3] == [
        ("message.created", 1, AT),
        ("message.created", 2, AT),
        ("message.edited", 3, AT),
    ]


def test_a_text_that_looks_like_an_event_is_a_text() -> None:
    quoted = created(1, 12, '"message":{"id":11,')
    other = encode_event("lobby", 2, AT, "poll.voted", b'{"message":{"id":11,"x":1}}')
    assert scrubbed([quoted, other], deleted(3, 11)) == {}


def test_what_came_together_goes_out_without_the_text() -> None:
    feed = feed_with([created(1, 11), deleted(2, 11)])
    assert SECRET.encode() not in b"".join(feed.after(feed.flushed, 1 << 20) or [])


def test_pages_that_wait_are_read_again() -> None:
    class Slow:
        wants = 0

        def want_page(self, subscription: Subscription) -> None:
            self.wants += 1

    feed = feed_with([created(1, 11)], flushed=1)
    slow: Any = Slow()
    cursor = Subscription(slow, feed, 0)
    feed.subscriptions.add(cursor)
    feed._events, feed._first = [], 2
    cursor.page = [(1, created(1, 11))]
    edition = feed.edition
    feed.apply(2, 2, [created(2, 12)])
    assert feed.edition is edition and cursor.page
    feed.apply(3, 3, [deleted(3, 11)])
    assert feed.edition is not edition and not cursor.page
    assert cursor.next_events(1000) == [] and slow.wants == 1


def test_what_is_deleted_while_it_is_read_is_read_again() -> None:
    feed = feed_with([created(1, 11)], flushed=1)
    stored = [(1, created(1, 11))]

    class Node:
        reads = 0

        async def in_thread(self, *_: Any) -> list[Numbered]:
            """The first time the deletion is heard after the reading and before its answer."""
            self.reads += 1
            rows = list(stored)
            if self.reads == 1:
                stored[0] = (1, created(1, 11, ""))
                feed.apply(2, 2, [deleted(2, 11)])
            return rows

    class Hub:
        node = Node()

    hub: Any = Hub()
    rows = asyncio.run(Repair(hub)._read(feed, 0, 10))
    assert (rows, hub.node.reads) == (stored, 2)


@given(st.lists(st.tuples(st.sampled_from("ced"), st.integers(1, 4)), max_size=30), st.data())
def test_its_bytes_are_counted(steps: list[tuple[str, int]], data: st.DataObject) -> None:
    feed = Feed(1, "lobby", 0, 512, 1 << 20)
    for seq, (step, id) in enumerate(steps, 1):
        make = {"c": created, "d": deleted, "e": lambda s, i: told(s, "message.edited", i)}
        feed.apply(seq, seq, [make[step](seq, id)])
        feed.mark_flushed(data.draw(st.integers(0, seq)))
        assert feed._bytes == sum(map(len, feed._events))
        waiting = feed._events[feed.flushed + 1 - feed._first :]
        assert feed._unflushed_bytes == sum(map(len, waiting))
    gone: set[int] = set()
    for (step, id), event in reversed(list(zip(steps, held(feed), strict=True))):
        gone |= {id} if step == "d" else set()
        assert event["message"]["body"] == ("" if id in gone else SECRET)

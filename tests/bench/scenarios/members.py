"""People who listen and talk in a load, and what they count together.

A `Member` subscribes to its rooms as soon as it is greeted and checks of every durable event that
it is the next one: a run in which something is missing or doubled is not a measurement.
"""

import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from .sockets import Socket

EVENT = re.compile(rb'\{"type":"[a-z]+\.[a-z]+","room":"([a-z0-9-]+)","seq":(\d+),')
SUBSCRIBED = re.compile(
    rb'"type":"subscribed","room":"([a-z0-9-]+)","seq":(\d+),(?:"epoch":"[^"]*",)?'
    rb'"recovered":(true|false)'
)
# In an event's message; the sender's own answer holds the body, too, and is no delivery.
STAMP = re.compile(rb'"type":"message\.created"[^{]*\{[^{]*\{[^}]*\},"body":"t(\d+) ')
HELLO, ERROR, BYE = b'{"type":"hello"', b'"type":"error"', b'"type":"bye"'
FILLING = "x" * 60


def stamped(filling: str = FILLING) -> str:
    """A body that says when it was sent, in nanoseconds of this machine's clock."""
    return f"t{time.perf_counter_ns()} {filling}"


def quantile(values: list[float], q: float) -> float:
    ordered = sorted(values)
    return ordered[int(q * (len(ordered) - 1))] if ordered else float("nan")


class Tally:
    """What a load has seen. Latencies are in ms, and only kept while `measuring`."""

    def __init__(self) -> None:
        self.delivered = 0
        self.frames = 0
        self.bytes = 0
        self.measuring = False
        self.latencies: list[float] = []
        self.refused: Counter[str] = Counter()
        self.wrong: list[str] = []

    def heard_stamps(self, payload: bytes, pattern: re.Pattern[bytes] = STAMP) -> None:
        arrived = time.perf_counter_ns()
        for stamp in pattern.findall(payload):
            self.latencies.append((arrived - int(stamp)) / 1e6)

    def report(self) -> dict[str, Any]:
        return {
            "delivered": self.delivered,
            "frames": self.frames,
            "samples": len(self.latencies),
            "p50_ms": quantile(self.latencies, 0.5),
            "p99_ms": quantile(self.latencies, 0.99),
            "worst_ms": quantile(self.latencies, 1),
            "refused": dict(self.refused),
            "wrong": self.wrong[:10],
        }


class Member(Socket):
    """`sampled`: the latencies of what this one hears are taken."""

    def __init__(
        self,
        headers: Mapping[str, str],
        rooms: Iterable[str],
        tally: Tally,
        *,
        sampled: bool = True,
        receive_buffer: int = 0,
    ) -> None:
        super().__init__(headers, receive_buffer)
        self.rooms = [room.encode() for room in rooms]
        self.tally = tally
        self.sampled = sampled
        self.greeted = False
        # Room → the last seq heard, also over the loss of the connection.
        self.cursors: dict[bytes, int] = {}
        self.heads: dict[bytes, int] = {}
        self.unanswered: set[bytes] = set()
        self.bye: dict[str, Any] | None = None

    @property
    def settled(self) -> bool:
        """Listening to all of its rooms."""
        return self.greeted and not self.unanswered

    def opened(self) -> None:
        self.greeted, self.bye = False, None
        self.unanswered = set(self.rooms)

    def heard(self, payload: bytes) -> None:
        if not self.greeted and HELLO in payload:
            self.greeted = True
            for room in self.rooms:
                self.subscribe(room)
        if self.unanswered:
            for room, head, recovered in SUBSCRIBED.findall(payload):
                self.subscribed(room, int(head), recovered == b"true")
        if ERROR in payload or BYE in payload:
            self._told(payload)
        events = EVENT.findall(payload)
        if events:
            tally, cursors = self.tally, self.cursors
            for room, number in events:
                seq = int(number)
                if seq != cursors[room] + 1:
                    tally.wrong.append(f"{room.decode()}: {seq} after {cursors[room]}")
                cursors[room] = seq
            tally.delivered += len(events)
            tally.frames += 1
            tally.bytes += len(payload)
            if tally.measuring and self.sampled:
                tally.heard_stamps(payload)
            self.got(len(events))

    def got(self, events: int) -> None:
        """So many events have come."""

    def subscribe(self, room: bytes) -> None:
        """From where this one was, if it was there before."""
        after = self.cursors.get(room)
        fields = {} if after is None else {"after": after}
        self.command("subscribe", room=room.decode(), **fields)

    def subscribed(self, room: bytes, head: int, recovered: bool) -> None:
        self.unanswered.discard(room)
        self.heads[room] = head
        if not recovered:
            if room in self.cursors:
                self.tally.wrong.append(f"{room.decode()}: not recovered")
            self.cursors[room] = head
        self.cursors.setdefault(room, head)

    def _told(self, payload: bytes) -> None:
        for each in orjson.loads(payload):
            if each.get("type") == "error":
                self.tally.refused[each["code"]] += 1
            elif each.get("type") == "bye":
                self.bye = each

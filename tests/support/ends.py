"""What a hub is between: a database that answers when it is told to, and transports that drain when
they are told to, with somebody behind each who checks every event."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from rooms.core import installation, log, log_reading
from rooms.core.installation import InstallationState
from rooms.core.representations import timestamp
from rooms.live.delivery.sendbuffer import Frame
from tests.support.virtual import VirtualLoop

ROOM = 1


def event(seq: int, size: int, at: str = "1") -> bytes:
    return b'{"at":"%s","room":"lobby","seq":%d,"pad":"%s"}' % (at.encode(), seq, b"x" * size)


def moment(number: int) -> datetime:
    return datetime(2026, 5, 1, tzinfo=UTC) + timedelta(microseconds=number)


class Database:
    """The room's log. What is asked waits until `answer` or `fail`."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.loop = loop
        self.events: list[bytes] = []
        # When each was written: no two at the same time.
        self.times: list[datetime] = []
        self.written = 0
        self.trimmed = 0
        # What one reading gives at most, about.
        self.read_bytes = log_reading.READ_BYTES
        self.known = InstallationState("here", "epoch 0", 0)
        self.epochs = 1
        self.asked: list[tuple[asyncio.Future[Any], Callable[[], Any]]] = []
        self.at_once = True

    @property
    def head(self) -> int:
        return len(self.events)

    async def in_thread(self, call: Any, *args: Any) -> Any:
        answers: dict[Any, Callable[..., Any]] = {
            log_reading.read: self.read,
            log.heads: self.heads,
            installation.read: lambda: self.known,
            installation.renew: self.renew,
        }
        query = answers.get(call, self.room)
        if self.at_once:
            await asyncio.sleep(0)
            return query(*args)
        future = self.loop.create_future()
        self.asked.append((future, lambda: query(*args)))
        return await future

    def read(
        self, room_id: int, slug: str, after: int, limit: int, newest: bool = False
    ) -> list[tuple[int, bytes]]:
        first = max(after, self.trimmed)
        end = after + limit if newest else first + limit
        rows = list(enumerate(self.events[first:end], first + 1))
        taken: list[tuple[int, bytes]] = []
        left = self.read_bytes
        for row in reversed(rows) if newest else rows:
            left -= len(row[1])
            if left < 0 and len(taken) >= 2:
                break
            taken.append(row)
        return taken[::-1] if newest else taken

    def commit(self, sizes: list[int]) -> dict[str, Any]:
        """Write events of these sizes; the bell that carries them."""
        before, first = self.at(self.head), self.head + 1
        for size in sizes:
            self.written += 1
            self.times.append(moment(self.written))
            self.events.append(event(self.head + 1, size, self.at(self.head + 1)))
        return {**self.bell(first, self.head), "before": before}

    def bell(self, first: int, last: int) -> dict[str, Any]:
        return {
            "type": "events",
            "room": ROOM,
            "first": first,
            "last": last,
            "events": self.events[first - 1 : last],
            "before": self.at(first - 1),
            "at": self.at(last),
        }

    def at(self, seq: int) -> str:
        return timestamp(self.times[seq - 1] if seq else moment(0))

    def put_back(self, count: int, row: InstallationState | None = None) -> None:
        """The last events were never written; the epoch is what it was by then."""
        del self.events[self.head - count :]
        del self.times[len(self.events) :]
        self.known = row or self.known

    def renew(self, known: InstallationState) -> InstallationState:
        if self.known.epoch == known.epoch or self.known.number < known.number:
            number = max(self.known.number, known.number) + 1
            self.known = InstallationState("here", f"epoch {self.epochs}", number)
            self.epochs += 1
        return self.known

    def heads(self, room_ids: list[int]) -> dict[int, log.Head]:
        return {ROOM: log.Head(self.head, self.at(self.head))}

    def room(self, *_: Any) -> tuple[InstallationState, Any, int, None]:
        room = SimpleNamespace(
            pk=ROOM,
            slug="lobby",
            last_seq=self.head,
            trimmed_seq=self.trimmed,
            active_at=self.times[-1] if self.times else moment(0),
        )
        return self.known, room, 1, None

    def answer(self, index: int) -> None:
        future, query = self.asked.pop(index % len(self.asked))
        if not future.done():
            future.set_result(query())

    def fail(self, index: int) -> None:
        future, _ = self.asked.pop(index % len(self.asked))
        if not future.done():
            future.set_exception(OSError("the database does not answer"))


class Client:
    """A transport, and behind it somebody who believes nothing: checks each event's number."""

    def __init__(self, held_most: int) -> None:
        self.writable = True
        self.on_writable: Callable[[], None] = lambda: None
        self.code: int | None = None
        self.wrong: AssertionError | None = None
        self.size = 0
        self.passed = 0
        self.held_most = held_most
        self.asked: dict[int, int | None] = {}
        self.next: int | None = None
        # What it was told since it subscribed, and of which epoch.
        self.start = 0
        self.told: list[dict[str, Any]] = []
        self.recovered = False
        self.subscribed_by = 0
        self.epoch = ""
        self.answers: list[int] = []

    def write(self, frame: Frame) -> None:
        try:
            self.check(frame)
        except AssertionError as error:
            # A connection outlives what its transport raises.
            self.wrong = error
            raise
        self.size += len(frame.wire)
        self.writable = self.size <= self.held_most

    def check(self, frame: Frame) -> None:
        assert self.writable, "written to a transport that takes nothing"
        for item in json.loads(frame.payload):
            self.take(item)

    def take(self, item: dict[str, Any]) -> None:
        if "id" in item:
            self.answers.append(item["id"])
        if item.get("type") == "subscribed":
            after = self.asked[item["id"]]
            start = after if after is not None and item["recovered"] else item["seq"]
            self.next = start + 1
            self.start, self.told = start, []
            self.recovered = after is not None and item["recovered"]
            self.epoch = item["epoch"]
            self.subscribed_by = item["id"]
        elif item.get("type") == "unsubscribed":
            self.next = None
        elif "at" in item:
            assert self.next is not None, f"{item['seq']} came to somebody who listens to nothing"
            assert item["seq"] == self.next, f"{item['seq']} came instead of {self.next}"
            self.next += 1
            self.told.append(item)

    def drain(self, size: int) -> None:
        taken = min(size, self.size)
        self.size -= taken
        self.passed += taken
        if self.size == 0 and not self.writable:
            self.writable = True
            self.on_writable()

    def held(self) -> int:
        return self.size

    def taken(self) -> int:
        return self.passed

    def close(self, code: int, reason: str) -> None:
        self.code = code

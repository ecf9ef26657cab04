"""What a hub is between: a database that answers when it is told to, and transports that drain when
they are told to, with somebody behind each who checks every event."""

import asyncio
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from rooms.core import log
from rooms.live.delivery.sendbuffer import Frame
from tests.support.virtual import VirtualLoop

ROOM = 1


def event(seq: int, size: int) -> bytes:
    return b'{"at":1,"room":"lobby","seq":%d,"pad":"%s"}' % (seq, b"x" * size)


class Database:
    """The room's log. What is asked waits until `answer` or `fail`."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.loop = loop
        self.events: list[bytes] = []
        self.trimmed = 0
        self.asked: list[tuple[asyncio.Future[Any], Callable[[], Any]]] = []
        self.at_once = True

    @property
    def head(self) -> int:
        return len(self.events)

    async def in_thread(self, call: Any, *args: Any) -> Any:
        answers = {log.read: self.read, log.heads: self.heads}
        query = answers.get(call, self.room)
        if self.at_once:
            await asyncio.sleep(0)
            return query(*args)
        future = self.loop.create_future()
        self.asked.append((future, lambda: query(*args)))
        return await future

    def read(self, room_id: int, slug: str, after: int, limit: int) -> list[tuple[int, bytes]]:
        first = max(after, self.trimmed)
        rows = enumerate(self.events[first : first + limit], first + 1)
        return list(rows)

    def heads(self, room_ids: list[int]) -> dict[int, int]:
        return {ROOM: self.head}

    def room(self, *_: Any) -> tuple[Any, int]:
        room = SimpleNamespace(pk=ROOM, slug="lobby", last_seq=self.head, trimmed_seq=self.trimmed)
        return room, 1

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
        elif item.get("type") == "unsubscribed":
            self.next = None
        elif "at" in item:
            assert self.next is not None, f"{item['seq']} came to somebody who listens to nothing"
            assert item["seq"] == self.next, f"{item['seq']} came instead of {self.next}"
            self.next += 1

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

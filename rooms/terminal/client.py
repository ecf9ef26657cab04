"""A complete client of the socket protocol: nothing is lost, nothing comes twice.

It stands alone, on the `websockets` library, to be copied; `manage.py chat` runs on it.

    client = Client("ws://127.0.0.1:8000/ws/", token, on_event=print)
    running = asyncio.create_task(client.run())
    await client.subscribe("lobby")
    await client.send("lobby", "Hello")     # returns when the server has stored it
"""

import asyncio
import itertools
import json
import random
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

Object = dict[str, Any]


class RefusedCommand(Exception):
    """The server's answer was an error that trying again does not mend."""

    def __init__(self, answer: Object) -> None:
        super().__init__(answer["message"])
        self.code: str = answer["code"]


class Closed(Exception):
    """The server does not want this client back; it says why."""


class Client:
    """`on_event` gets every event: durable ones once, and in order. `on_gap(room, head)`: what came
    before is not told; load it over REST. `on_state`: "open", or "waiting" with the seconds."""

    def __init__(
        self,
        url: str,
        token: str,
        on_event: Callable[[Object], None],
        on_gap: Callable[[str, int], None] = lambda room, head: None,
        on_state: Callable[[str, float], None] = lambda state, seconds: None,
    ) -> None:
        self.url, self.token = url, token
        self.on_event, self.on_gap, self.on_state = on_event, on_gap, on_state
        self.seen: dict[str, int | None] = {}  # room → its last seq; None: live from now on
        self.epochs: dict[str, str] = {}  # room → of which history that is
        self._ids = itertools.count(1)
        self._waiting: dict[int, tuple[Object, asyncio.Future[Object]]] = {}
        self._outbox: asyncio.Queue[Object] | None = None
        self._heartbeat, self._failures, self._bye = 25.0, 0, Object()
        self._frame_bytes = 0  # the longest that the server takes; it says so

    async def subscribe(self, room: str, after: int | None = None, epoch: str = "") -> Object:
        """`after`, with its `epoch`, is a position that REST or an earlier run has told."""
        self.seen[room], self.epochs[room] = after, epoch
        return await self.call(type="subscribe", room=room)

    async def say(self, room: str, text: str) -> Object:
        """Like `send`, for text that is nobody's command: a slash at its start is a slash."""
        return await self.send(room, f"/{text}" if text.startswith("/") else text)

    async def send(self, room: str, body: str) -> Object:
        """Returns when it is stored, however long that takes. One after the other keeps order."""
        return await self.call(type="send", room=room, body=body, client_id=str(uuid.uuid4()))

    def call(self, **command: Any) -> asyncio.Future[Object]:
        """Send a command, over as many connections as it takes: its answer. Raises RefusedCommand,
        Closed."""
        future: asyncio.Future[Object] = asyncio.get_running_loop().create_future()
        number = next(self._ids)
        self._waiting[number] = command, future
        self._post(number)
        return future

    async def run(self) -> None:
        """Stay connected. Raises Closed when the server wants no more of this client."""
        while True:
            self._bye = {}
            headers = {"Authorization": f"Bearer {self.token}"}
            try:
                async with connect(
                    self.url, additional_headers=headers, ping_interval=None, close_timeout=1
                ) as socket:
                    await self._talk(socket)
            except (OSError, WebSocketException, TimeoutError) as error:
                if isinstance(error, ConnectionClosed) and error.rcvd and not self._bye:
                    self._bye = {"reconnect": error.rcvd.code < 4500, "reason": error.rcvd.reason}
            self._outbox = None
            if self._bye and not self._bye["reconnect"]:
                for _, future in self._waiting.values():
                    if not future.done():
                        future.set_exception(Closed(self._bye["reason"]))
                raise Closed(self._bye["reason"])
            wait = random.uniform(0, min(30, 0.5 * 2 ** min(self._failures, 9)))
            wait = max(wait, self._bye.get("retry_in") or 0)
            self._failures += 1
            self.on_state("waiting", wait)
            await asyncio.sleep(wait)

    async def _talk(self, socket: ClientConnection) -> None:
        writing: asyncio.Task[None] | None = None
        try:
            while True:
                async with asyncio.timeout(2 * self._heartbeat):  # silence: the connection is dead
                    frame = await socket.recv()
                for each in json.loads(frame):
                    if each["type"] == "hello":
                        outbox = self._hello(each)
                        writing = asyncio.create_task(self._write(socket, outbox))
                    else:
                        self._take(each)
        finally:
            if writing is not None:
                writing.cancel()

    async def _write(self, socket: ClientConnection, outbox: asyncio.Queue[Object]) -> None:
        with suppress(WebSocketException):
            while True:
                command = await outbox.get()
                # Half a surrogate pair is no text.
                frame = json.dumps(command, ensure_ascii=False).encode(errors="replace")
                if len(frame) <= self._frame_bytes:
                    await socket.send(frame.decode())
                else:  # the server would skip it, and not know whose answer to give
                    self._answered(self._too_long(command["id"], len(frame)))

    def _too_long(self, number: int, size: int) -> Object:
        words = f"A command has at most {self._frame_bytes:,} bytes; this one has {size:,}."
        error = {"type": "error", "code": "too_long", "message": words, "temporary": False}
        return {"id": number, **error}

    def _hello(self, hello: Object) -> asyncio.Queue[Object]:
        """Send again what was not answered, in its order, and resume every room."""
        self._heartbeat, self._failures = hello["heartbeat"], 0
        self._frame_bytes = hello["limits"]["frame_bytes"]
        asked = {each["room"] for each, _ in self._waiting.values() if each["type"] == "subscribe"}
        for room in self.seen.keys() - asked:
            self.call(type="subscribe", room=room).add_done_callback(lambda done: done.exception())
        outbox: asyncio.Queue[Object] = asyncio.Queue()
        self._outbox = outbox
        for number in self._waiting:
            self._post(number)
        self.on_state("open", 0)
        return outbox

    def _post(self, number: int) -> None:
        if self._outbox is not None and number in self._waiting:
            command, _ = self._waiting[number]
            if command["type"] == "subscribe" and self.seen.get(command["room"]) is not None:
                room = command["room"]
                command = {**command, "after": self.seen[room]}
                if self.epochs.get(room):
                    command["epoch"] = self.epochs[room]
            self._outbox.put_nowait({"id": number, **command})

    def _take(self, item: Object) -> None:
        room = item.get("room", "")
        if "id" in item:
            self._answered(item)
        elif item["type"] == "bye":
            self._bye = item
        elif "at" in item:
            if room in self.seen and item["seq"] > (self.seen[room] or 0):
                self.seen[room] = item["seq"]
                self.on_event(item)
        elif item["type"] != "heartbeat":
            if item["type"] == "unsubscribed":
                self.seen.pop(room, None)
            self.on_event(item)

    def _answered(self, answer: Object) -> None:
        command, future = self._waiting.get(answer["id"], ({}, None))
        refused = answer["type"] == "error"
        if future is None:
            return
        if refused and answer["temporary"]:
            wait = answer.get("retry_after") or 1
            asyncio.get_running_loop().call_later(wait, self._post, answer["id"])
            return
        del self._waiting[answer["id"]]
        if command["type"] == "subscribe" and refused:
            self.seen.pop(command["room"], None)
            self.on_event({**command, "type": "unsubscribed", "reason": answer["message"]})
        elif command["type"] == "subscribe":
            self.epochs[command["room"]] = answer["epoch"]
            if not answer["recovered"]:
                self.on_gap(command["room"], answer["seq"])
            if not answer["recovered"] or self.seen.get(command["room"]) is None:
                self.seen[command["room"]] = answer["seq"]
        if not future.done() and refused:
            future.set_exception(RefusedCommand(answer))
        elif not future.done():
            future.set_result(answer)

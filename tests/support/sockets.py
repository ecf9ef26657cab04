"""A client of the consumer in the same event loop: real database, real Redis, no network."""

import asyncio
import json
import uuid
from collections.abc import Callable, Coroutine
from typing import Any

from asgiref.sync import sync_to_async
from channels.testing import ApplicationCommunicator, WebsocketCommunicator
from django.db import connections
from prometheus_client import REGISTRY

from rooms.features.tokens import actions as tokens
from rooms.live.commands.consumer import SocketConsumer
from rooms.live.node import Node
from rooms.models import User

PATIENCE = 10.0


class Client:
    """One socket. `frames` keeps everything that came, flattened, in order."""

    def __init__(self, communicator: ApplicationCommunicator) -> None:
        self.communicator = communicator
        self.seen: list[dict[str, Any]] = []
        self.code: int | None = None
        self._id = 0
        self._news = asyncio.Condition()

    @classmethod
    async def connect(cls, user: User | None, **headers: str) -> "Client":
        if user is not None and "cookie" not in headers:
            token = await sync_to_async(tokens.create_token)(user, "test")
            headers["authorization"] = f"Bearer {token}"
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        communicator = WebsocketCommunicator(SocketConsumer.as_asgi(), "/ws/", headers=encoded)
        client = cls(communicator)
        await communicator.send_input({"type": "websocket.connect"})
        client.first = await communicator.receive_output(PATIENCE)
        if client.first["type"] == "websocket.accept":
            client._reading = asyncio.create_task(client._read())
        return client

    first: dict[str, Any]
    _reading: asyncio.Task[None]

    async def raw(self, text: str | None = None, **message: Any) -> None:
        if text is not None:
            message["text"] = text
        await self.communicator.send_input({"type": "websocket.receive", **message})

    async def post(self, type: str, **fields: Any) -> int:
        """Send a command and return its id."""
        self._id += 1
        await self.raw(json.dumps({"id": self._id, "type": type, **fields}))
        return self._id

    async def call(self, type: str, **fields: Any) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        number = await self.post(type, **fields)
        return await self.find(lambda each: each.get("id") == number)

    async def say(self, room: str, body: str, **fields: Any) -> dict[str, Any]:
        fields.setdefault("client_id", str(uuid.uuid4()))
        return await self.call("send", room=room, body=body, **fields)

    async def _read(self) -> None:
        """The only reader: several may wait for what it finds."""
        while True:
            message: dict[str, Any] = await self.communicator.receive_output(3600)
            async with self._news:
                if message["type"] == "websocket.send":
                    self.seen += json.loads(message["text"])
                elif message["type"] == "websocket.close":
                    self.code = int(message.get("code", 1000))
                self._news.notify_all()

    async def find(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first object that is wanted, among those that came and those to come."""
        at = 0
        async with asyncio.timeout(PATIENCE), self._news:
            while True:
                for each in self.seen[at:]:
                    at += 1
                    if wanted(each):
                        return each
                assert self.code is None, f"closed with {self.code}"
                await self._news.wait()

    async def events(self, room: str, up_to: int) -> list[int]:
        """The seqs of the room's events, in the order they came, once `up_to` has come."""
        await self.find(
            lambda each: each.get("room") == room and each.get("seq") == up_to and "at" in each
        )
        return [each["seq"] for each in self.seen if each.get("room") == room and "at" in each]

    async def closed(self) -> int:
        """Wait for the close and return its code."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: self.code is not None)
        assert self.code is not None
        return self.code

    @property
    def bye(self) -> dict[str, Any]:
        """What was said before the close; what was on its way may come after it."""
        return next(each for each in reversed(self.seen) if each.get("type") == "bye")

    async def leave(self) -> None:
        self._reading.cancel()
        await asyncio.wait([self._reading])
        await self.communicator.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.communicator.wait(PATIENCE)


def counted(name: str, **labels: str) -> float:
    """What a metric of this process says."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test's coroutine, and end its node and the connections of its threads."""

    async def whole() -> None:
        try:
            await test()
        finally:
            node = await Node.current()
            await node.in_thread(connections.close_all)
            await node.stop()

    asyncio.run(whole())

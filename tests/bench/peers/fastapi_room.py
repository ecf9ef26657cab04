"""FastAPI with Redis pub/sub, for uvicorn: one subscription a process, and its connection manager's
loop over all sockets.

    BENCH_REDIS=unix:///… python -m uvicorn tests.bench.peers.fastapi_room:app --port 8000
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import redis.asyncio as redis
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

ROOM = "lobby"
members: list[WebSocket] = []
client = redis.Redis.from_url(os.environ["BENCH_REDIS"], decode_responses=True)


async def fan_out(pubsub: redis.client.PubSub) -> None:
    async for message in pubsub.listen():
        if message["type"] == "message":
            for member in list(members):
                await member.send_text(message["data"])


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    async with client.pubsub() as pubsub:
        await pubsub.subscribe(ROOM)
        task = asyncio.create_task(fan_out(pubsub))
        yield
        task.cancel()


app = FastAPI(lifespan=lifespan)


@app.websocket("/ws/")
async def member(socket: WebSocket) -> None:
    await socket.accept()
    members.append(socket)
    try:
        while True:
            await client.publish(ROOM, await socket.receive_text())
    except WebSocketDisconnect:
        pass
    finally:
        members.remove(socket)

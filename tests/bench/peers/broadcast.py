"""The `websockets` library and its `broadcast()`: `python -m tests.bench.peers.broadcast PORT LOOP`

`LOOP` is `asyncio` or `uvloop`. One process, no Redis.
"""

import asyncio
import sys

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

members: set[ServerConnection] = set()


async def member(connection: ServerConnection) -> None:
    members.add(connection)
    try:
        async for message in connection:
            broadcast(members, message)
    finally:
        members.discard(connection)


async def main(port: int) -> None:
    async with serve(member, "127.0.0.1", port, compression=None) as server:
        await server.serve_forever()


if __name__ == "__main__":
    run = uvloop.run if sys.argv[2] == "uvloop" else asyncio.run
    run(main(int(sys.argv[1])))

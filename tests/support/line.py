"""A line between a browser and a site that can go dead without a word."""

import asyncio
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any


class Connection:
    def __init__(self, ends: tuple[asyncio.StreamWriter, asyncio.StreamWriter]) -> None:
        self.ends = ends
        self.is_socket = False

    def end(self) -> None:
        for end in self.ends:
            end.transport.abort()


class Line:
    """Takes connections at `url` on to `port`. After `cut()` the WebSockets that are there carry
    nothing any more, in neither direction, and neither end is told; later ones work. Plain requests
    break: how long a browser believes in a silent one is its own affair."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="line", daemon=True)
        self._carriers: dict[asyncio.Task[None], Connection] = {}
        self._connections: list[Connection] = []

    def __enter__(self) -> "Line":
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._do(self._hang_up())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> int:
        """How many WebSockets were silenced."""
        count: int = self._do(self._cut())
        return count

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return writer.transport.abort()
        connection = Connection((writer, far_writer))
        self._connections.append(connection)
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            carrier = asyncio.create_task(self._carry(source, sink, connection))
            self._carriers[carrier] = connection
            carrier.add_done_callback(self._carriers.pop)

    async def _carry(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, connection: Connection
    ) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65536):
                connection.is_socket |= b"Upgrade: websocket" in data
                sink.write(data)
                await sink.drain()
        sink.close()

    async def _cut(self) -> int:
        carriers = dict(self._carriers)
        for carrier, connection in carriers.items():
            carrier.cancel()
            if not connection.is_socket:
                connection.end()
        await asyncio.gather(*carriers, return_exceptions=True)
        return len({id(each) for each in carriers.values() if each.is_socket})

    async def _hang_up(self) -> None:
        self._server.close()
        await self._cut()
        for connection in self._connections:
            connection.end()

"""A line between a browser and a site that can go dead without a word."""

import asyncio
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any


class Line:
    """Takes connections at `url` on to `port`. After `cut()` those that are there carry nothing any
    more, in neither direction, and neither end is told; later ones work."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="line", daemon=True)
        self._carriers: set[asyncio.Task[None]] = set()
        self._ends: list[asyncio.StreamWriter] = []

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
        """How many connections were silenced."""
        return self._do(self._cut())

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._ends += [writer, far_writer]
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            carrier = asyncio.create_task(self._carry(source, sink))
            self._carriers.add(carrier)
            carrier.add_done_callback(self._carriers.discard)

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        sink.close()

    async def _cut(self) -> int:
        carriers = list(self._carriers)
        for carrier in carriers:
            carrier.cancel()
        await asyncio.gather(*carriers, return_exceptions=True)
        return len(carriers) // 2

    async def _hang_up(self) -> None:
        self._server.close()
        await self._cut()
        for end in self._ends:
            end.transport.abort()

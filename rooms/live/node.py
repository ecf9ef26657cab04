"""The live parts of one process: hub, journal, ringer and the database threads, on one loop.

Made by the first socket of a loop, or by the server before it listens.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from typing import ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from rooms import bell
from rooms.limits import limits
from rooms.protocol import RESTARTING, Close

from . import vitals
from .entrance import Entrance
from .hub import Hub
from .journal import Journal
from .rollcall import RollCall
from .threads import DatabaseThreads

logger = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

DATABASE_THREADS = 4
# A draining node says good-bye to so many connections at a time.
DRAIN_BATCH = 200
DRAIN_SECONDS = 20.0
# Clients come back at a time of their own within this.
RETRY_SPREAD_SECONDS = 2.0


class Node:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.draining = False
        self._threads = DatabaseThreads(loop, DATABASE_THREADS)
        self.journal = Journal(loop, limits().journal_posts)
        self.hub = Hub(self)
        self.entrance = Entrance(limits().connections, limits().connections_per_user)
        self.rollcall = RollCall(self)
        self._ringer = bell.Ringer(loop)
        self._ringer.on_failure = self._not_rung
        self._started = False

    @classmethod
    async def current(cls) -> Node:
        """The running loop's node, started."""
        loop = asyncio.get_running_loop()
        node = _nodes.get(loop)
        if node is None:
            node = _nodes[loop] = cls(loop)
            await node.start()
        return node

    @classmethod
    def of_this_process(cls) -> Node | None:
        """From any thread: the node whose loop runs here, if sockets are served here."""
        return next((node for node in list(_nodes.values()) if node.loop.is_running()), None)

    async def start(self) -> None:
        bell.attach(self._ringer)
        await self.hub.start()
        self.hub.spawn(vitals.watch())
        self.rollcall.start()

    async def stop(self) -> None:
        """End everything; what waits to be written is written first."""
        self.rollcall.stop()
        await self.journal.stop()
        await self.hub.presence.stop()
        bell.detach(self._ringer)
        await self._ringer.rest()
        await self.hub.stop()
        await self._threads.stop()
        _nodes.pop(self.loop, None)

    async def drain(self) -> None:
        """Send everybody away, to come back at different times, and finish what was accepted."""
        self.draining = True
        everybody = list(self.hub.connections)
        for start in range(0, len(everybody), DRAIN_BATCH):
            for each in everybody[start : start + DRAIN_BATCH]:
                wait = round(random.uniform(0.1, RETRY_SPREAD_SECONDS), 2)
                each.close(Close(RESTARTING.code, RESTARTING.reason, wait))
            await asyncio.sleep(0.05)
        until = self.loop.time() + DRAIN_SECONDS
        while self.hub.connections and self.loop.time() < until:
            await asyncio.sleep(0.05)
        await self.journal.drained()

    def _not_rung(self, room_ids: list[int]) -> None:
        """Redis did not take a bell: those who are here are told from the database."""
        self.hub.unwell()
        self.hub.repair.nudge(room_ids)

    async def in_thread(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run database code in one of a few threads, each with a connection of its own."""
        return await self._threads.run(call, *args, **kwargs)


_nodes: WeakKeyDictionary[asyncio.AbstractEventLoop, Node] = WeakKeyDictionary()

"""The live parts of one process: hub, journal, ringer and the database threads, on one loop.

Made by the first socket of a loop, or by the server before it listens.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from rooms import health
from rooms.core import announcement, ringer
from rooms.core.installation import InstallationState
from rooms.core.witness import Witness
from rooms.limits import limits
from rooms.protocol import RESTARTING, Close

from .commands.connection_limits import ConnectionLimits
from .commands.journal import Journal
from .commands.process_query import ProcessQuery
from .commands.threads import DatabaseThreads
from .delivery.access_recheck import Access
from .delivery.host import Closable
from .delivery.hub import Hub
from .metrics import process as vitals
from .trimming import Trimming
from .upkeep import Upkeep

logger = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

DATABASE_THREADS = 4
# A database that is not there at the start is asked again after this.
DATABASE_RETRY_SECONDS = 1.0
GOODBYES_PER_BATCH = 200
# Each client is told its own time to come back, spread evenly between two bounds.
RETURNS_PER_SECOND = 500
SHORTEST_SPREAD_SECONDS, LONGEST_SPREAD_SECONDS = 2.0, 20.0


def retry_spread(connections: int) -> float:
    """Over how many seconds the clients of a process that ends come back."""
    wanted = connections / RETURNS_PER_SECOND
    return min(LONGEST_SPREAD_SECONDS, max(SHORTEST_SPREAD_SECONDS, wanted))


def spread_out(why: Close, spread: float) -> Close:
    """The same close, with a time to come back at by chance."""
    return Close(why.code, why.reason, round(random.uniform(0.1, spread), 2))


class Node:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.draining = False
        # Commands being carried out.
        self.commands = 0
        self._spread = SHORTEST_SPREAD_SECONDS
        self._threads = DatabaseThreads(loop, DATABASE_THREADS)
        self._renderer = DatabaseThreads(loop, 1)
        self.journal = Journal(loop, limits().journal_posts)
        self.hub = Hub(self)
        self.access = Access(self.hub)
        self.connection_limits = ConnectionLimits(
            limits().connections, limits().connections_per_user
        )
        self.process_query = ProcessQuery(self.hub)
        self.trimming = Trimming(self)
        self._ringer = ringer.Ringer(loop, Witness(self._epoch))
        self._ringer.on_failure = self._not_rung
        self._ringer.on_access_failure = self.access.hear
        # Until then nobody is let in. Usually set by the time that `start` returns.
        self.ready = asyncio.Event()
        self._waits = False

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
    def running_here(cls) -> Node | None:
        """The running loop's node, if there is one."""
        return _nodes.get(asyncio.get_running_loop())

    @classmethod
    def of_this_process(cls) -> Node | None:
        """From any thread: the node whose loop runs here, if sockets are served here."""
        return next((node for node in list(_nodes.values()) if node.loop.is_running()), None)

    async def start(self) -> None:
        ringer.attach(self._ringer)
        self.hub.spawn(vitals.watch())
        if not await self._begin():
            self.hub.spawn(self._begin_later())

    async def _begin(self) -> bool:
        """What a process says begins with the name of the installation, which the database has."""
        try:
            await self.hub.epoch.start()
            name = await self.in_thread(announcement.database)
        except Exception as error:
            if not self._waits:
                logger.warning("The database is not there yet: %r", error)
            self._waits = True
            return False
        await self.hub.start()
        self.access.start()
        self.process_query.start()
        self.hub.spawn(announcement.keep_announcing(name))
        self.hub.spawn(self.trimming.run())
        self.hub.spawn(Upkeep(self).run())
        health.register("journal", self._journal_trouble)
        self.ready.set()
        return True

    async def _epoch(self) -> InstallationState | None:
        known = self.hub.epoch.known
        return known if known.epoch else None

    async def _begin_later(self) -> None:
        while not await self._begin():
            await asyncio.sleep(DATABASE_RETRY_SECONDS)

    async def stop(self) -> None:
        """End everything; what waits to be written is written first."""
        if self.ready.is_set():
            health.unregister("journal")
            self.process_query.stop()
        await self.journal.stop()
        await self.hub.presence.stop()
        ringer.detach(self._ringer)
        await self._ringer.rest()
        await self.hub.stop()
        await self._threads.stop()
        await self._renderer.stop()
        _nodes.pop(self.loop, None)

    async def drain(self, until: float) -> None:
        """Answer what was accepted, then send everybody away, to come back at different times.

        From the first moment on no command is taken up any more: the client asks again elsewhere.
        """
        self.draining = True
        while (self.commands or self.journal.depth) and self.loop.time() < until:
            await asyncio.sleep(0.01)
        everybody = list(self.hub.connections)
        self._spread = retry_spread(len(everybody))
        await self.send_away(everybody, RESTARTING)
        while self.hub.connections and self.loop.time() < until:
            await asyncio.sleep(0.05)

    async def send_away(self, connections: Sequence[Closable], why: Close) -> None:
        """To come back, but not all at the same moment."""
        spread = retry_spread(len(connections))
        for start in range(0, len(connections), GOODBYES_PER_BATCH):
            for each in connections[start : start + GOODBYES_PER_BATCH]:
                each.close(spread_out(why, spread))
            await asyncio.sleep(0.05)

    def good_bye(self) -> Close:
        """For who comes while the others are being sent away."""
        return spread_out(RESTARTING, self._spread)

    def _not_rung(self, room_ids: list[int]) -> None:
        """Redis did not take a bell: those who are here are told from the database."""
        self.hub.unwell()
        self.hub.repair.nudge(room_ids, lost=True)

    def _journal_trouble(self) -> str | None:
        """For `/readyz`: somebody's messages wait, and nothing is written."""
        seconds = self.journal.stuck_seconds
        if seconds < limits().answer_seconds:
            return None
        return f"has been writing for {seconds:.0f} seconds"

    async def in_thread(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run database code in one of a few threads, each with a connection of its own."""
        return await self._threads.run(call, *args, **kwargs)

    async def render(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do work on a text that takes long, beside the journal and the database. Each connection
        has one command under way, so no more than one waits here for each."""
        return await self._renderer.run(call, *args, **kwargs)

    async def render_for(self, user_id: int, call: Callable[[], object]) -> None:
        """The same, at the expense of whose text it is."""
        seconds = await self.render(timed, call)
        self.connection_limits.rendered(user_id, seconds, self.loop.time())


def timed(call: Callable[[], object]) -> float:
    """How many seconds of this thread it takes."""
    began = time.thread_time()
    call()
    return time.thread_time() - began


_nodes: WeakKeyDictionary[asyncio.AbstractEventLoop, Node] = WeakKeyDictionary()

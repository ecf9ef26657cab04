"""Trims the logs of rooms from time to time, in whichever web process finds that it is due.

One a node. A round is bounded, and gives the database a pause after each slice: what is left is for
the next round.
"""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING

from rooms.core import log_trimming
from rooms.core.outages import Outage
from rooms.database.trouble import reason
from rooms.limits import limits

from .metrics import names as metrics

if TYPE_CHECKING:
    from .delivery.host import Process

logger = logging.getLogger(__name__)

# Shorter than the shortest time between two rounds, during which no other process trims.
ROUND_SHARE = 0.5
PAUSE_SECONDS = 0.05


class Trimming:
    def __init__(self, node: Process) -> None:
        self._node = node
        # Where the last round ended: a long log does not keep the others waiting for ever.
        self._after = 0
        self._untrimmed = Outage(logger, "The rooms' logs could not be trimmed")

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            every = limits().log_trim_seconds
            # Processes that start together do not ask together.
            await asyncio.sleep(every * random.uniform(0.5, 1.0))
            try:
                if await self._node.in_thread(log_trimming.claim, every):
                    await self.trim(every * ROUND_SHARE)
                self._untrimmed.over()
            except Exception as error:
                self._untrimmed.failed(error, traceback=reason(error) is None)

    async def trim(self, seconds: float) -> int:
        """Trim for at most `seconds`. Returns how many events were removed."""
        until = self._node.loop.time() + seconds
        removed = 0
        start, self._after = self._after, 0
        for after in (start, 0) if start else (0,):
            while rooms := await self._node.in_thread(log_trimming.rooms_to_trim, after):
                for room_id in rooms:
                    removed += await self._trim_room(room_id, until)
                    if self._node.loop.time() >= until:
                        self._after = room_id
                        return removed
                after = rooms[-1]
        return removed

    async def _trim_room(self, room_id: int, until: float) -> int:
        removed = 0
        more = True
        while more and self._node.loop.time() < until:
            done, more = await self._node.in_thread(log_trimming.trim_slice, room_id)
            metrics.EVENTS_TRIMMED.inc(done)
            removed += done
            await asyncio.sleep(PAUSE_SECONDS)
        return removed

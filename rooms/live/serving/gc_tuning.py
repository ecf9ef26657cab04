"""Python's search for circles of garbage, kept from looking at every living connection each time.

A connection is a hundred small objects that all know each other and live for hours. The collector
looks at all of them whenever enough new ones have come: with five thousand connections that is
0.3 s in which nobody is told anything. So what is there is set aside (`gc.freeze`), and the next
look sees only what is newer: when a look has taken long, and when many have connected, without a
look, because connecting leaves next to no circles behind and looking would be a fifth of its cost.

What was set aside and dies in a circle stays until everything is looked at again, which is when as
many connections have ended as are there: the cost is shared among those who caused it. A connection
that has ended leaves no circle (`websocket`, `door`), so this is seldom needed.

Run by the server, whose process is ours alone.
"""

from __future__ import annotations

import asyncio
import gc
import time
from typing import TYPE_CHECKING

from rooms.live.metrics import names as metrics

if TYPE_CHECKING:
    from rooms.live.commands.connection_limits import ConnectionLimits

CHECK_SECONDS = 1.0
# There is a collection after this many checks.
CHECKS_PER_COLLECTION = 10
# A connection is some 130 objects: so many of them are set aside before the collector looks.
FREEZE_AFTER_ARRIVALS = 100
# Between our looks: the youngest at a rate that costs nothing, the oldest never.
THRESHOLDS = (20_000, 20, 1_000_000)
# After a longer collection, what it left over is set aside.
LONG_COLLECTION_SECONDS = 0.008
# Ended connections after which everything is collected, or as many as are open if that is more.
WHOLE_COLLECTION_AFTER_ENDS = 10_000


class GcTuning:
    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self._left_before = 0
        self._arrived = 0
        self._rested = 0

    async def run(self) -> None:
        gc.set_threshold(*THRESHOLDS)
        self.look_at_everything()
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            self.tend()

    def arrived(self) -> None:
        """A connection is new."""
        self._arrived += 1
        if self._arrived % FREEZE_AFTER_ARRIVALS == 0:
            gc.freeze()

    def tend(self) -> None:
        """Once a second."""
        limits = self._limits
        if limits.ended - self._left_before >= max(WHOLE_COLLECTION_AFTER_ENDS, limits.open):
            self.look_at_everything()
            return
        self._rested += 1
        if self._rested < CHECKS_PER_COLLECTION:
            return
        self._rested = 0
        began = time.thread_time()
        gc.collect()
        if time.thread_time() - began > LONG_COLLECTION_SECONDS:
            gc.freeze()

    def look_at_everything(self) -> None:
        metrics.WHOLE_COLLECTIONS.inc()
        self._left_before = self._limits.ended
        gc.unfreeze()
        gc.collect()
        gc.freeze()

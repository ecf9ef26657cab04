"""Python's search for circles of garbage, kept from looking at every living connection each time.

A connection is a hundred small objects that all know each other and live for hours. The collector
looks at all of them whenever enough new ones have come: with five thousand connections that is
0.3 s in which nobody is told anything. So when a look has taken long, what it left over is set
aside (`gc.freeze`), and the next one sees only what is newer.

What was set aside and dies in a circle stays until everything is looked at again, which is when as
many connections have ended as are there: the cost is shared among those who caused it.

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
# Without many new connections there is a collection after this many checks.
CHECKS_PER_COLLECTION = 10
# Between our looks: the youngest at a rate that costs nothing, the oldest never.
THRESHOLDS = (5_000, 20, 1_000_000)
# A collection for this many new connections takes some ten milliseconds.
COLLECT_AFTER_ARRIVALS = 200
# After a longer collection, what it left over is set aside.
LONG_COLLECTION_SECONDS = 0.008
# Ended connections after which everything is collected, or as many as are open if that is more.
WHOLE_COLLECTION_AFTER_ENDS = 1_000


class GcTuning:
    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self._left_before = 0
        self._arrived_before = 0
        self._rested = 0

    async def run(self) -> None:
        gc.set_threshold(*THRESHOLDS)
        self.look_at_everything()
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            self.tend()

    def tend(self) -> None:
        """Once a second."""
        limits = self._limits
        if limits.ended - self._left_before >= max(WHOLE_COLLECTION_AFTER_ENDS, limits.open):
            self.look_at_everything()
            return
        self._rested += 1
        arrived = limits.ended + limits.open
        few = arrived - self._arrived_before < COLLECT_AFTER_ARRIVALS
        if few and self._rested < CHECKS_PER_COLLECTION:
            return
        self._rested, self._arrived_before = 0, arrived
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

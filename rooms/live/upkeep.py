"""Does what slices keep up (`core.housekeeping`), in small steps: one a node.

Every web process does all of it, and there is a pause after each step, in which others write.
"""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING

from rooms.core import housekeeping
from rooms.core.outages import Outage
from rooms.database.trouble import reason

if TYPE_CHECKING:
    from .delivery.host import Process

logger = logging.getLogger(__name__)

EVERY_SECONDS = 10.0
PAUSE_SECONDS = 0.05


class Upkeep:
    def __init__(self, node: Process) -> None:
        self._node = node
        self._undone = Outage(logger, "Something could not be kept up")

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            # Processes that start together do not ask together.
            await asyncio.sleep(EVERY_SECONDS * random.uniform(0.5, 1.0))
            try:
                await self.do_all()
                self._undone.over()
            except Exception as error:
                self._undone.failed(error, traceback=reason(error) is None)

    async def do_all(self) -> None:
        """Until nothing is left."""
        for step in housekeeping.steps().values():
            while await self._node.in_thread(step):
                await asyncio.sleep(PAUSE_SECONDS)

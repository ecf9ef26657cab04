"""Sees to it that nobody goes on from a position in a history that is no more.

A database goes back when a backup is put in its place, or when a standby takes over that was
behind. Then the same numbers are given to other events, and a client that was told the first ones
would not be told the second. `hub` and `repair` compare what they know with what they hear and
read; what does not fit is told to `rewound`, which gives the database another epoch. In whichever
process that happens, all of them learn of it, by a bell or by their next look, and begin anew:
nothing that was known counts any more, and everybody is sent away to come back and load what there
is.
"""

from __future__ import annotations

import logging
from typing import Any, Protocol

from rooms.core import bell, installation, witness
from rooms.core.installation import InstallationState
from rooms.core.outages import Outage
from rooms.live.metrics import names as metrics

from .host import HubBase

logger = logging.getLogger(__name__)

NOBODY_KNOWS = InstallationState("", "", -1)


class EpochHub(HubBase, Protocol):
    def start_over(self) -> None:
        """Forget what is known of the rooms, and send everybody away."""
        ...


class EpochTracker:
    """One a hub. `known` is replaced with each change: who keeps it over a query and finds another
    one afterwards has read what does not count any more."""

    def __init__(self, hub: EpochHub) -> None:
        self._hub = hub
        self.known = NOBODY_KNOWS
        self._unread = Outage(logger, "The epoch could not be read, or renewed")
        self._renewing = False
        self._strange = False

    @property
    def value(self) -> str:
        """What goes with every position that is told."""
        return self.known.epoch

    async def start(self) -> None:
        """Raises what the database raises. It may have been put back since the last process ended;
        others that started meanwhile have found the same, or read it at their next look."""
        self.known = await self._hub.node.in_thread(witness.compared)
        # The layer and the leases have names with the installation in them.
        await self._hub.node.in_thread(installation.identity)
        self._hub.hears("epoch", self._hear)

    async def look(self) -> None:
        """Read the epoch in the database. Never raises."""
        before = self.known
        try:
            now = await self._hub.node.in_thread(installation.read)
        except Exception as error:
            self._unread.failed(error)
            return
        self._unread.over()
        if self.known is not before or now == before:
            return
        if now.identity != before.identity and not self._strange:
            self._strange = True
            logger.error(
                "This database has become installation %s; this process still talks as %s."
                " Start all parts again.",
                now.identity,
                before.identity,
            )
        if now.number < before.number:
            self.rewound(before, "its epoch is an older one")
        elif now.epoch != before.epoch:
            self._begin(now)

    def rewound(self, before: InstallationState, why: str) -> None:
        """Something read or heard while `before` was known is of another history."""
        if self.known is before and not self._renewing:
            self._renewing = True
            logger.error("The database went back to an earlier state: %s.", why)
            self._hub.spawn(self._renew(before))

    async def _renew(self, before: InstallationState) -> None:
        try:
            now = await self._hub.node.in_thread(installation.renew, before)
        except Exception as error:
            # The next look finds it again.
            self._unread.failed(error)
            return
        finally:
            self._renewing = False
        bell.epoch()
        if self.known is before:
            self._begin(now)

    def _begin(self, now: InstallationState) -> None:
        logger.warning("A new epoch has begun; everybody loads their rooms anew.")
        self.known = now
        metrics.EPOCHS.inc()
        self._hub.start_over()

    def _hear(self, message: dict[str, Any]) -> None:
        self._hub.spawn(self.look())

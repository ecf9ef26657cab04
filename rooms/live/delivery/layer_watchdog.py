"""Notices bells that are not heard: calls through Redis and listens for its own echo, and
compares the heads of all rooms heard here with the database.

Channel layers say nothing when they lost a subscription or messages. As long as the echo comes, the
heads are compared now and then; when it does not come, and once more when it comes again, at once.
Run by `hub`; one a process.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from rooms.core import bell
from rooms.core.outages import Outage
from rooms.limits import limits

from .epoch import EpochTracker
from .feed import Feed
from .host import HubBase
from .repair import Repair

logger = logging.getLogger(__name__)

# An echo that takes longer has been lost, or Redis is not to be relied on.
ECHO_TIMEOUT_SECONDS = 2.0
CHECK_PAUSE_SECONDS = 0.2


class Complaints(logging.Handler):
    """What the layer tells nobody but its log: that it could not hear for a moment."""

    def __init__(self, call: Callable[[], None]) -> None:
        super().__init__(logging.ERROR)
        self._call = call

    def emit(self, record: logging.LogRecord) -> None:
        self._call()


class WatchdogHub(HubBase, Protocol):
    @property
    def epoch(self) -> EpochTracker: ...

    @property
    def feeds(self) -> dict[int, Feed]: ...

    @property
    def repair(self) -> Repair: ...

    async def join(self, group: str) -> bool:
        """Join a group of the layer; whether Redis has heard it."""
        ...

    async def join_all(self) -> None: ...


class LayerWatchdog:
    def __init__(self, hub: WatchdogHub) -> None:
        self._hub = hub
        self._group = f"echo.{uuid.uuid4().hex}"
        self._calls = 0
        self._heard = asyncio.Event()
        self._alarm = asyncio.Event()
        self.well = True
        self._deaf = Outage(logger, "Bells are not heard")

    def alarm(self) -> None:
        """The layer failed somewhere: look at once."""
        self._alarm.set()

    async def run(self) -> None:
        """Until cancelled."""
        complaints = Complaints(self.alarm)
        layer_log = logging.getLogger("channels_redis")
        layer_log.addHandler(complaints)
        try:
            await self._watch()
        finally:
            layer_log.removeHandler(complaints)

    async def _watch(self) -> None:
        self._hub.hears("echo", self._hear)
        await self._hub.join(self._group)
        loop = self._hub.node.loop
        due = loop.time() + limits().position_check_seconds
        while True:
            with suppress(TimeoutError):
                pause = min(limits().echo_seconds, max(0.0, due - loop.time()))
                async with asyncio.timeout(pause if self.well else 0):
                    await self._alarm.wait()
            alarmed = self._alarm.is_set()
            self._alarm.clear()
            was_well, self.well = self.well, await self._echo_comes()
            if self.well:
                self._deaf.over()
            else:
                self._deaf.failed("looking at the database instead")
            if self.well and (alarmed or not was_well):
                self._hub.node.access.everybody()
            if self.well and not was_well:
                # Unread counts have bells as well.
                self._hub.repair.make_up()
            if alarmed or not self.well or not was_well or loop.time() >= due:
                await self._look()
                due = loop.time() + limits().position_check_seconds
                # Whatever goes on failing, this costs a query now and then.
                await asyncio.sleep(CHECK_PAUSE_SECONDS)

    async def _look(self) -> None:
        await self._hub.epoch.look()
        feeds = self._hub.feeds.values()
        await self._hub.repair.compare([feed.room_id for feed in feeds if feed.subscriptions])
        # Where groups live in Redis (channels_redis.core) they may have been flushed. What is
        # missed until then is found when the echo comes again.
        await self._hub.join_all()

    async def _echo_comes(self) -> bool:
        self._calls += 1
        self._heard.clear()
        bell.echo(self._group, self._calls)
        try:
            async with asyncio.timeout(ECHO_TIMEOUT_SECONDS):
                await self._heard.wait()
        except TimeoutError:
            return False
        return True

    def _hear(self, message: dict[str, Any]) -> None:
        if message["number"] == self._calls:
            self._heard.set()

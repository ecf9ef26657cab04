"""A process's part in who is where: it tells Redis who came and left, once a second at most, and
its sockets what all processes see. Used by `hub`, which calls everything here on the loop.

A change is written, and then a bell with the rooms' new versions rings in all processes; each looks
at Redis for the rooms that it knows otherwise. A beat four times a lease keeps the lease, finds
bells that were lost, and takes back what a process held that lives no more. Without Redis, what
others last said holds for a lease; after that a process shows what it sees itself.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any, Protocol

from django.conf import settings

from rooms.core import bell
from rooms.core.outages import Outage
from rooms.core.presence_leases import (
    NOBODY,
    PEOPLE_PER_SCRIPT,
    ROOMS_PER_SCRIPT,
    Leases,
    PresenceChange,
)
from rooms.limits import limits
from rooms.live.metrics import names as metrics
from rooms.protocol import encode

from .feed import Feed
from .host import HubBase
from .room_presence import RoomPresence
from .sendbuffer import Frame

logger = logging.getLogger(__name__)

# A room is told at most this often, and people who leave and come back within it were never away.
SPACING_SECONDS = 1.0
# A lease and a beat together are less than a minute.
BEATS_PER_LEASE = 4
# A room's first subscriber waits at most this long for what other processes know.
FIRST_LOOK_SECONDS = 1.0
# While Redis is away, it is tried again this often.
REDIS_RETRY_SECONDS = 2.0
MEMBERS_PER_LOOP_TURN = 128


class PresenceHub(HubBase, Protocol):
    @property
    def feeds(self) -> dict[int, Feed]: ...


class Presence:
    def __init__(self, hub: PresenceHub) -> None:
        self._hub = hub
        bounds = limits()
        self._lease_seconds = bounds.presence_lease_seconds
        self._most_names = bounds.presence_names
        self._leases = Leases(settings.REDIS_URL, self._lease_seconds, self._most_names)
        self._rooms: dict[int, RoomPresence] = {}
        self._due: set[int] = set()
        # When it is due: with uvloop, a timer that is due at once does not say so itself.
        self._timer: asyncio.Handle | None = None
        self._timer_at = 0.0
        self._not_before = 0.0
        self._talking = asyncio.Lock()
        self._wanted: dict[int, asyncio.Future[None]] = {}
        self._well = True
        self._alone = Outage(logger, "Presence is this process's own for now")
        self._heard_at = hub.node.loop.time()
        self._stopped = False

    async def start(self) -> None:
        self._hub.hears("presence", self._hear)
        self._hub.spawn(self._beat())

    async def stop(self) -> None:
        """Give everything back, so that nobody has to wait for the end of the lease."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        try:
            async with self._talking:
                if self._well and self._rooms:
                    self._ring(dict(await self._leases.release()))
        except Exception as error:
            logger.warning("The presence leases run out by themselves: %r", error)
        with suppress(Exception):
            await self._leases.close()

    # What happens here ---------------------------------------------------------------------------

    def changed(self, room_id: int) -> None:
        """Somebody came or left."""
        self._due.add(room_id)
        self._soon(SPACING_SECONDS)

    async def look(self, room_id: int) -> RoomPresence:
        """Who is in a room that was not known here; kept until `forget`. Never raises, never waits
        long. While one look is under way, rooms wait, and the next takes all of them."""
        room = self._rooms.setdefault(room_id, RoomPresence(room_id))
        room.wanted = True
        if not self._well:
            return room
        looked = self._wanted.get(room_id)
        if looked is None:
            looked = self._wanted[room_id] = self._hub.node.loop.create_future()
            if len(self._wanted) == 1:
                self._hub.spawn(self._look())
        await asyncio.wait([looked], timeout=FIRST_LOOK_SECONDS)
        return room

    async def _look(self) -> None:
        async with self._talking:
            wanted, self._wanted = self._wanted, {}
            try:
                if not self._stopped:
                    await self._exchange(set(wanted))
                    self._well_again()
            except Exception as error:
                self._lost(error)
                self._due |= wanted.keys()
                self._soon(SPACING_SECONDS)
            finally:
                for looked in wanted.values():
                    if not looked.done():
                        looked.set_result(None)

    def forget(self, room_id: int) -> None:
        """Nobody here listens any more. What Redis does not know yet stays until it does."""
        room = self._rooms.get(room_id)
        if room is not None:
            room.wanted = False
            if room.settled:
                del self._rooms[room_id]

    # What others say -----------------------------------------------------------------------------

    def _hear(self, message: dict[str, Any]) -> None:
        """Rooms' lists have new versions: look, together with what is due."""
        news = {
            room_id
            for room_id, version in message["rooms"]
            if room_id in self._rooms and self._rooms[room_id].picture.version != version
        }
        if news:
            self._due |= news
            self._soon(0)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._lease_seconds / BEATS_PER_LEASE)
            self._due |= self._rooms.keys()
            self._soon(0)

    # Rounds --------------------------------------------------------------------------------------

    def _soon(self, wait: float) -> None:
        """Begin a round after `wait`, and no sooner than the spacing allows."""
        if self._stopped:
            return
        at = max(self._hub.node.loop.time() + wait, self._not_before)
        if self._timer is not None:
            if self._timer_at <= at:
                return
            self._timer.cancel()
        self._timer_at = at
        self._timer = self._hub.node.loop.call_at(at, self._begin)

    def _begin(self) -> None:
        self._timer = None
        self._not_before = self._hub.node.loop.time() + SPACING_SECONDS
        if self._talking.locked():
            self._soon(SPACING_SECONDS)
        else:
            self._hub.spawn(self._round())

    async def _round(self) -> None:
        async with self._talking:
            if self._stopped:
                return
            due, self._due = self._due, set()
            try:
                await self._exchange(due)
                await self._take_back()
                self._well_again()
            except Exception as error:
                self._lost(error)
                self._due |= due
                self._soon(REDIS_RETRY_SECONDS)
            metrics.PRESENCE_LEASES.set(sum(len(each.here) for each in self._rooms.values()))
            for room_id in due | self._due:
                await self._tell(room_id)
            for room_id in due & self._rooms.keys():
                if not self._rooms[room_id].wanted:
                    self.forget(room_id)

    async def _exchange(self, room_ids: set[int]) -> None:
        """Write what changed in these rooms, read what is new, tell the others what was changed."""
        waiting = [self._rooms[room_id] for room_id in room_ids if room_id in self._rooms]
        corrected: set[int] = set()
        while waiting:
            batch: list[tuple[RoomPresence, PresenceChange]] = []
            left = PEOPLE_PER_SCRIPT
            while waiting and left > 0 and len(batch) < ROOMS_PER_SCRIPT:
                room = waiting.pop()
                change = room.change(left)
                left -= len(change.here) + len(change.left)
                batch.append((room, change))
            pictures, wrong = await self._leases.exchange([change for _, change in batch])
            moved: dict[int, str] = {}
            for room, change in batch:
                room.written(change)
                if room.room_id in wrong and room.room_id not in corrected:
                    corrected.add(room.room_id)
                    room.write_whole()
                    waiting.append(room)
                elif change.held is None:
                    waiting.append(room)
                if room.room_id in pictures:
                    room.picture = pictures[room.room_id]
                    if change.here or change.left or change.whole:
                        moved[room.room_id] = room.picture.version
            self._ring(moved)

    async def _take_back(self) -> None:
        """What a process held that lives no more."""
        more = True
        while more:
            more, moved = await self._leases.take_back_expired()
            self._ring(dict(moved))
            for room_id, _ in moved:
                if room_id in self._rooms:
                    self._due.add(room_id)
                    self._soon(0)

    def _ring(self, moved: dict[int, str]) -> None:
        rooms = list(moved.items())
        for start in range(0, len(rooms), ROOMS_PER_SCRIPT):
            bell.presence(rooms[start : start + ROOMS_PER_SCRIPT])

    # Redis comes and goes ------------------------------------------------------------------------

    def _lost(self, error: Exception) -> None:
        now = self._hub.node.loop.time()
        self._well = False
        self._alone.failed(repr(error))
        if now - self._heard_at > self._lease_seconds:
            for room in self._rooms.values():
                if room.picture is not NOBODY:
                    room.picture = NOBODY
                    self._due.add(room.room_id)

    def _well_again(self) -> None:
        self._heard_at = self._hub.node.loop.time()
        self._well = True
        self._alone.over()

    # Telling -------------------------------------------------------------------------------------

    async def _tell(self, room_id: int) -> None:
        feed = self._hub.feeds.get(room_id)
        if feed is None:
            return
        present = feed.presence.news(self._most_names)
        if present is None:
            return
        data = encode({"type": "presence", "room": feed.slug, "present": present})
        key, frame = bell.fact(room_id, "presence"), Frame([data])
        for count, subscription in enumerate(list(feed.subscriptions), 1):
            if subscription in feed.subscriptions:
                subscription.connection.tell(key, data, frame)
            if count % MEMBERS_PER_LOOP_TURN == 0:
                await asyncio.sleep(0)

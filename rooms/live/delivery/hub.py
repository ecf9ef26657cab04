"""One hub a process: it hears the bells of all rooms that somebody here listens to, and tells them.

It holds one channel on the channel layer and puts it into a room's group with the room's first
local subscriber. A bell is decoded once, a frame encoded once (`fanout`), and every subscriber
whose cursor stands at the last fan-out gets it written straight to the socket; one that stands
elsewhere is served by its own pump, from the tail or from the log.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from channels.layers import get_channel_layer

from rooms.core import log
from rooms.core.event_bells import EVERYONE, room_group
from rooms.core.outages import Outage
from rooms.core.read_state import ReadState
from rooms.limits import limits
from rooms.live.metrics import names as metrics
from rooms.live.metrics.counters import TrafficCounters
from rooms.protocol import RESTORED, TOO_SLOW, encode

from .connection import Connection
from .epoch import EpochTracker
from .fanout import FanOut
from .feed import Feed, Fit, Listener, Subscription
from .host import Hearer, Process
from .inbox import Inbox
from .layer_watchdog import LayerWatchdog
from .presence import Presence
from .repair import Repair
from .sendbuffer import Frame, Shares
from .unread_counts import UnreadCounts
from .unread_notices import UnreadNotices

logger = logging.getLogger(__name__)

# A room without local subscribers keeps its tail this long, for those who come right back.
IDLE_FEED_SECONDS = 30.0
# A subscription at Redis may take effect a moment after the head was read: look again after this.
SETTLE_SECONDS = 1.0
CONNECTIONS_PER_LOOP_TURN = 200
LAYER_TIMEOUT_SECONDS = 5.0
# Of a room that was deleted a moment ago.
NO_HEAD = log.Head(0, "")


class Hub:
    def __init__(self, node: Process) -> None:
        self.node = node
        self.connections: set[Connection] = set()
        self.unread_counts = UnreadCounts()
        self.unread_notices = UnreadNotices(self)
        self.feeds: dict[int, Feed] = {}
        self.epoch = EpochTracker(self)
        self.fanout = FanOut(self)
        self.repair = Repair(self)
        self.counters = TrafficCounters(node.loop)
        self.presence = Presence(self)
        self.layer_watchdog = LayerWatchdog(self)
        bounds = limits()
        self.shares = Shares.of(bounds.send_buffer_bytes)
        self._inbox = Inbox(
            node.loop, self._hear, self._bells_lost, bounds.inbox_bells, bounds.inbox_bytes
        )
        self._opening: dict[int, asyncio.Task[Feed]] = {}
        self._layer: Any = None
        self._channel = ""
        self._groups: set[str] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        # A timer may want something after the end; nobody would end it.
        self._stopped = False
        self._unheard = Outage(logger, "Bells cannot be heard")
        self._hearers: dict[str, Hearer] = {
            "events": self._hear_events,
            "rooms": self._hear_rooms,
            "whisper": self._hear_whisper,
            "personal": self._hear_personal,
            "personals": self._hear_personals,
            "activity": self._hear_activity,
            "watch": self._hear_watch,
        }

    # Life ----------------------------------------------------------------------------------------

    async def start(self) -> None:
        self._layer = get_channel_layer()
        await self.presence.start()
        self.spawn(self._receive())
        self.spawn(self.layer_watchdog.run())
        self.spawn(self._sweep())

    def spawn(self, work: Any) -> None:
        if self._stopped:
            work.close()
            return
        task = self.node.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Cancel until it takes: a Redis client may turn one cancellation into a time-out."""
        self._stopped = True
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks, timeout=0.2)
        # Its timer does not come any more.
        self.counters.hand_on()

    # Subscribing ---------------------------------------------------------------------------------

    async def feed(self, room_id: int, slug: str) -> Feed:
        """The room's feed; the first call for a room joins its group and then reads its head."""
        feed = self.feeds.get(room_id)
        if feed is not None:
            return feed
        opening = self._opening.get(room_id)
        if opening is None:
            opening = self.node.loop.create_task(self._open(room_id, slug))
            self._opening[room_id] = opening
            opening.add_done_callback(lambda _: self._opening.pop(room_id, None))
        return await asyncio.shield(opening)

    async def _open(self, room_id: int, slug: str) -> Feed:
        await self.join(room_group(room_id))
        presence = await self.presence.look(room_id)
        try:
            head = await self._head(room_id)
        except BaseException:
            self.presence.forget(room_id)
            raise
        bounds = limits()
        feed = Feed(
            room_id, slug, head.seq, bounds.tail_events, bounds.tail_bytes, presence, head.at
        )
        feed.idle_since = self.node.loop.time()
        self.feeds[room_id] = feed
        self.node.loop.call_later(SETTLE_SECONDS, self.repair.nudge, [room_id])
        return feed

    async def _head(self, room_id: int) -> log.Head:
        while True:
            before = self.epoch.known
            heads = await self.node.in_thread(log.heads, [room_id])
            if self.epoch.known is before:
                return heads.get(room_id, NO_HEAD)

    def subscribe(self, connection: Connection, feed: Feed, after: int) -> Subscription:
        self.unsubscribe(connection, feed.slug)
        subscription = Subscription(connection, feed, after)
        connection.subscriptions[feed.slug] = subscription
        self.unread_counts.listens(connection, feed.room_id)
        metrics.SUBSCRIPTIONS.inc()
        if feed.arrive(subscription, connection.user.pk, connection.user.name):
            self.presence.changed(feed.room_id)
        # Between the answer and the next fan-out this cursor is served by its own pump.
        if subscription.behind:
            connection.lag(subscription)
        return subscription

    def unsubscribe(self, connection: Listener, slug: str) -> bool:
        subscription = connection.subscriptions.pop(slug, None)
        if subscription is None:
            return False
        subscription.end()
        connection.buffer.forget(subscription)
        metrics.SUBSCRIPTIONS.dec()
        feed = subscription.feed
        self.unread_counts.listens(connection, feed.room_id)
        if feed.depart(subscription, connection.user.pk, self.node.loop.time()):
            self.presence.changed(feed.room_id)
        if not feed.subscriptions and self.feeds.get(feed.room_id) is not feed:
            self.spawn(self._leave_room(feed))
        return True

    def renamed(self, connection: Connection) -> None:
        """The connection's user is called something else than when it began to listen."""
        for subscription in connection.subscriptions.values():
            feed = subscription.feed
            if feed.presence.rename(connection.user.pk, connection.user.name):
                self.presence.changed(feed.room_id)

    def forget(self, connection: Connection) -> None:
        for slug in list(connection.subscriptions):
            self.unsubscribe(connection, slug)
        self.connections.discard(connection)
        self.unread_counts.remove(connection)

    def start_over(self) -> None:
        """What is known of the rooms is of a history that is no more: nobody is told any of it
        from here on, and everybody is sent away. Who comes meanwhile begins with what there is."""
        feeds, self.feeds = self.feeds, {}
        for feed in feeds.values():
            for subscription in feed.subscriptions:
                subscription.end()
            if not feed.subscriptions:
                self.spawn(self._leave_room(feed))
        self.unread_counts = UnreadCounts()
        self.repair.forget()
        self.spawn(self.node.send_away(list(self.connections), RESTORED))

    # Hearing -------------------------------------------------------------------------------------

    async def join(self, group: str) -> bool:
        """Being in the group is a wish until Redis has heard it: the watchdog tries again."""
        self._groups.add(group)
        if not self._channel:
            return False
        try:
            async with asyncio.timeout(LAYER_TIMEOUT_SECONDS):
                await self._layer.group_add(group, self._channel)
        except Exception as error:
            self.unwell()
            self._unheard.failed(repr(error))
            return False
        self._unheard.over()
        return True

    async def join_all(self) -> None:
        """Join every group once more; when Redis does not take one, the others can wait."""
        for group in (EVERYONE, *self._groups):
            if not await self.join(group):
                break

    async def _receive(self) -> None:
        while not self._channel:
            try:
                self._channel = await self._layer.new_channel()
            except Exception as error:
                self._unheard.failed(repr(error))
                await asyncio.sleep(1)
        await self.join_all()
        # Who came before was not told of what was withdrawn meanwhile.
        self.node.loop.call_later(SETTLE_SECONDS, self.node.access.everybody)
        while True:
            try:
                self._inbox.put(await self._layer.receive(self._channel))
            except asyncio.CancelledError:
                raise
            except Exception as error:
                self._unheard.failed(repr(error))
                self.unwell()
                await asyncio.sleep(0.1)

    @property
    def channel(self) -> str:
        """Where this process alone hears; empty until the layer has answered."""
        return self._channel

    def hears(self, type: str, call: Hearer) -> None:
        """Have layer messages of `type` taken by `call`, on the loop."""
        self._hearers[type] = call

    def _hear(self, message: dict[str, Any]) -> None:
        try:
            self._hearers[message["type"]](message)
        except Exception:
            logger.exception("A layer message was not understood")
            self.unwell()

    def _bells_lost(self) -> None:
        """They came faster than they could be heard: what they said is in the database."""
        self.unwell()
        self.repair.make_up()

    def _hear_events(self, message: dict[str, Any]) -> None:
        feed = self.feeds.get(message["room"])
        if feed is None:
            return
        first, last, events = message["first"], message["last"], message.get("events")
        fit = feed.apply(first, last, events, message.get("before"), message.get("at"))
        if fit is not Fit.FITS:
            self.repair.doubt(feed)
        self.advance(feed)

    def _hear_rooms(self, message: dict[str, Any]) -> None:
        for bell in message["bells"]:
            self._hear_events(bell)

    def _hear_whisper(self, message: dict[str, Any]) -> None:
        feed = self.feeds.get(message["room"])
        if feed is not None:
            self.fanout.whisper(feed, message["key"], message["data"])

    def _hear_personal(self, message: dict[str, Any]) -> None:
        for connection in self.unread_counts.of(message["user"]):
            connection.tell(message["key"], message["data"])

    def _hear_personals(self, message: dict[str, Any]) -> None:
        for user_id, data in message["told"]:
            for connection in self.unread_counts.of(user_id):
                connection.tell(message["key"], data)

    def _hear_activity(self, message: dict[str, Any]) -> None:
        for room_id, head, count, speakers in message["rooms"]:
            self.unread_notices.tell(
                self.unread_counts.activity(room_id, head, count, dict(speakers))
            )

    def _hear_watch(self, message: dict[str, Any]) -> None:
        state = ReadState(*message["watched"])
        self.unread_notices.tell(self.unread_counts.changed(message["user"], state))

    def advance(self, feed: Feed) -> None:
        """Something may have arrived: fan out what is at hand, read what is missing."""
        self.fanout.advance(feed)
        self.read_gap(feed)

    def read_gap(self, feed: Feed) -> None:
        if feed.has_gap:
            self.repair.read_gap(feed)

    # Keeping -------------------------------------------------------------------------------------

    def unwell(self) -> None:
        """The layer failed: look at the database until it is well again."""
        self.layer_watchdog.alarm()

    async def _sweep(self) -> None:
        """Heartbeats, stalled sockets, rooms nobody listens to any more."""
        bounds = limits()
        every = min(bounds.heartbeat_seconds / 2, bounds.stalled_seconds / 4)
        heartbeat = Frame([encode({"type": "heartbeat"})])
        ticks = max(1, round(bounds.heartbeat_seconds / every) - 1)
        while True:
            await asyncio.sleep(every)
            now = self.node.loop.time()
            beats = lagging = 0
            longest = 0.0
            for count, connection in enumerate(list(self.connections), 1):
                if count % CONNECTIONS_PER_LOOP_TURN == 0:
                    await asyncio.sleep(0)
                if connection.closed:
                    continue
                connection.quiet += 1
                if connection.quiet > ticks and connection.clear:
                    connection.write(heartbeat)
                    beats += 1
                self._check_stalled(connection, now, bounds.stalled_seconds)
                lagging += connection.sink.held() > 0
                if connection.stalled_since is not None:
                    longest = max(longest, now - connection.stalled_since)
            self.counters.sent(beats, 0, beats * len(heartbeat.wire))
            metrics.LAGGING.set(lagging)
            metrics.BEHIND.set(longest)
            for feed in list(self.feeds.values()):
                if feed.idle_since is not None and now - feed.idle_since > IDLE_FEED_SECONDS:
                    await self._close(feed)

    def _check_stalled(self, connection: Connection, now: float, most: float) -> None:
        taken = connection.sink.taken()
        if connection.sink.held() == 0 or taken != connection.taken_before:
            connection.taken_before = taken
            connection.stalled_since = None
        elif connection.stalled_since is None:
            connection.stalled_since = now
        elif now - connection.stalled_since >= most:
            connection.close(TOO_SLOW)

    async def _close(self, feed: Feed) -> None:
        self.feeds.pop(feed.room_id, None)
        await self._leave_room(feed)

    async def _leave_room(self, feed: Feed) -> None:
        """Nobody listens to a feed that was taken out, unless the room has another one by now."""
        if feed.room_id in self.feeds or feed.room_id in self._opening:
            return
        self.presence.forget(feed.room_id)
        group = room_group(feed.room_id)
        self._groups.discard(group)
        try:
            async with asyncio.timeout(LAYER_TIMEOUT_SECONDS):
                await self._layer.group_discard(group, self._channel)
        except Exception as error:
            logger.debug("Leaving %s failed: %r", group, error)

"""Where the log is read for the hub: gaps that a bell showed, pages for cursors before the tail,
and heads to compare, which finds bells that were never heard.

Queries are counted in rooms, not in clients: those who want the same thing at the same time get
it from one query.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Protocol

from rooms.core import log, log_reading, read_state
from rooms.core.installation import InstallationState
from rooms.core.log import Head
from rooms.core.outages import Outage
from rooms.database.trouble import reason
from rooms.limits import limits
from rooms.live.metrics import names as metrics
from rooms.protocol import TOO_SLOW, time_of

from .epoch import EpochTracker
from .feed import Feed, Numbered, Subscription, went_back
from .host import HubBase
from .log_page_cache import LogPageCache, within
from .sendbuffer import Shares
from .unread_counts import UnreadCounts
from .unread_notices import UnreadNotices

logger = logging.getLogger(__name__)

PAGE_EVENTS = 200
# Stands for the stretch of the log before the tail.
FILLING = -1
# A bell takes milliseconds; after this it counts as lost.
BELL_SECONDS = 0.25
# A bell whose events are not in the log is believed this many times.
GAP_READ_ATTEMPTS = 5
USERS_PER_READ_STATE_QUERY = 200
# Rooms that are in doubt are looked at together, at most this often.
DOUBT_CHECK_SECONDS = 1.0
# While bells are lost again and again, they are made up for at most this often.
MAKE_UP_SECONDS = 0.5

PageRead = Callable[[Subscription, list[Numbered]], None]


class RepairHub(HubBase, Protocol):
    @property
    def epoch(self) -> EpochTracker: ...

    @property
    def feeds(self) -> dict[int, Feed]: ...

    @property
    def shares(self) -> Shares: ...

    @property
    def unread_counts(self) -> UnreadCounts: ...

    @property
    def unread_notices(self) -> UnreadNotices: ...

    def advance(self, feed: Feed) -> None:
        """Fan out what has arrived."""
        ...


class Repair:
    def __init__(self, hub: RepairHub) -> None:
        self._hub = hub
        self._reading: set[Feed] = set()
        self._doubted: set[int] = set()
        self._looking = False
        self._recent = LogPageCache(limits().page_bytes)
        self._lost = False
        self._making_up = False
        self._pages: dict[tuple[Feed, int], list[tuple[Subscription, PageRead]]] = {}
        self._unread = Outage(logger, "The log of a room could not be read")
        self._heads_unread = Outage(logger, "The rooms' heads could not be read")
        self._uncounted = Outage(logger, "What is unread could not be counted")

    async def _read(self, feed: Feed, after: int, limit: int, *newest: bool) -> list[Numbered]:
        """A page of the log, shorter where events are long; nothing when the database does not
        answer. What was deleted while it was read may still be in it: then it is read once more."""
        read = self._hub.node.in_thread
        while True:
            metrics.LOG_READS.inc()
            edition = feed.edition
            try:
                rows = await read(log_reading.read, feed.room_id, feed.slug, after, limit, *newest)
            except Exception as error:
                self._unread.failed(error, traceback=reason(error) is None)
                return []
            self._unread.over()
            if feed.edition is edition:
                return rows

    def read_gap(self, feed: Feed) -> None:
        """Read from the feed's head to where it is known to go, as far as there is room for it."""
        if feed not in self._reading and not feed.full:
            self._reading.add(feed)
            self._hub.spawn(self._read_gap(feed))

    async def _read_gap(self, feed: Feed) -> None:
        """Leaving the loop and leaving `_reading` are one step: no bell falls between."""
        tries = 0
        start = feed.head
        try:
            while feed.has_gap and not feed.full and tries < GAP_READ_ATTEMPTS:
                before = feed.head
                if not await self._read_on(feed):
                    return
                if feed.head > before:
                    self._hub.advance(feed)
                else:
                    tries += 1
                    await asyncio.sleep(0.2 * tries)
            if tries == GAP_READ_ATTEMPTS:
                feed.wanted = feed.head
                self.doubt(feed)
            metrics.GAPS.inc(feed.head > start)
        finally:
            self._reading.discard(feed)

    async def _read_on(self, feed: Feed) -> bool:
        """Read what follows the head, with the event at the head before it: that one shows whether
        it still is the same log. False: it is not."""
        epoch = self._hub.epoch
        known, seq, at = epoch.known, feed.head, feed.at
        rows = await self._read(feed, max(0, seq - 1), PAGE_EVENTS + 1)
        if rows and rows[0][0] == seq and went_back((seq, at), (seq, time_of(rows[0][1]))):
            epoch.rewound(known, f"event {seq} of {feed.slug} is another one")
            return False
        feed.apply_read(rows, time_of(rows[-1][1]) if rows else None)
        return True

    def read_page(self, subscription: Subscription, done: PageRead) -> None:
        """What comes after a cursor that is before the tail, for all who need it in one query.

        Subscribers that a full tail could serve wait for one query that fills it: after a restart
        everybody comes back with a cursor of their own a little before the head. Who is further
        behind gets a page, of which there is one for all in the same stretch of the log: of it as
        much as a connection may hold, and the rest when its turn comes, from what was kept.
        """
        feed, seq = subscription.feed, subscription.seq
        rows = self._recent.after(feed.edition, seq, self._hub.shares.page)
        if rows:
            self._hub.node.loop.call_soon(self._give, subscription, done, rows, feed.edition)
            return
        after, first = feed.reaches_back_to, feed.tail_starts_after
        fills = seq >= after
        key = (feed, FILLING if fills else seq - seq % PAGE_EVENTS)
        waiting = self._pages.setdefault(key, [])
        waiting.append((subscription, done))
        if len(waiting) == 1:
            reading = self._fill(key, after, first - after) if fills else self._read_page(key)
            self._hub.spawn(reading)

    def _give(
        self, subscription: Subscription, done: PageRead, rows: list[Numbered], edition: object
    ) -> None:
        """What was kept, unless something has been deleted a moment ago: then it is asked again."""
        done(subscription, rows if subscription.feed.edition is edition else [])

    async def _fill(self, key: tuple[Feed, int], after: int, limit: int) -> None:
        """Of long events only the last: those before them get pages, when they ask again."""
        feed = key[0]
        rows = await self._read(feed, after, limit, True)
        if not rows:
            # If it is trimmed, what comes next says where the log begins.
            rows = await self._read(feed, after, limit)
        feed.filled = bool(rows)
        feed.apply_earlier(rows)
        await self._hand_out(key, rows)

    async def _read_page(self, key: tuple[Feed, int]) -> None:
        """Of long events the page is read in parts, one after the other, as far as those who wait
        need them. Where it was so lately, the first part begins where they do."""
        feed, start = key
        while waiting := self._pages.get(key):
            first = min(subscription.seq for subscription, _ in waiting)
            after = min(first, start + PAGE_EVENTS - 1) if feed.reads_short else start
            rows = await self._read(feed, after, PAGE_EVENTS)
            feed.reads_short = 0 < len(rows) < PAGE_EVENTS and rows[-1][0] < feed.tail_starts_after
            feed.apply_earlier(rows)
            await self._hand_out(key, rows, after)

    async def _hand_out(self, key: tuple[Feed, int], rows: list[Numbered], after: int = 0) -> None:
        """Those served by the tail by now need no page. Without rows, they ask again later. Where
        events are long, some wait on for another part of their page than the one `after` which was
        read, and those before the part that fills the tail ask again."""
        if not rows:
            await asyncio.sleep(1)
        # A feed that was taken out may have read what does not hold any more.
        if self._hub.feeds.get(key[0].room_id) is key[0]:
            self._recent.put(key[0].edition, rows)
        fills, end = key[1] == FILLING, key[1] + PAGE_EVENTS
        for subscription, done in self._pages.pop(key):
            seq = subscription.seq
            missed = fills and rows and seq < rows[0][0] - 1
            if seq >= subscription.feed.tail_starts_after or missed:
                done(subscription, [])
                continue
            if not fills and rows and (seq < after or rows[-1][0] <= seq < end):
                self._pages.setdefault(key, []).append((subscription, done))
                continue
            page = [row for row in rows if row[0] > seq]
            if page and page[0][0] != seq + 1:
                # Trimmed under a cursor: only a new subscription can say so.
                subscription.connection.close(TOO_SLOW)
                continue
            done(subscription, within(page, self._hub.shares.page))

    def nudge(self, room_ids: list[int], *, lost: bool = False) -> None:
        """Compare these rooms' heads soon: their bells may not have been heard, or are `lost`."""
        known = [room_id for room_id in room_ids if room_id in self._hub.feeds]
        if known:
            self._hub.spawn(self.compare(known, lost=lost))

    def expect(self, feed: Feed, told: Head) -> None:
        """The room was at `told` a moment ago, and the feed is not: it comes to it soon, unless the
        database went back in between."""
        now = self._hub.epoch.known
        self._hub.spawn(self.compare([feed.room_id], told={feed.room_id: told}, known=now))

    async def compare(
        self,
        room_ids: list[int],
        *,
        lost: bool = False,
        told: Mapping[int, tuple[int, str | None]] | None = None,
        known: InstallationState | None = None,
    ) -> None:
        """One query for the heads of any number of rooms; feeds that are behind catch up. `told`
        is where rooms were while the database was the `known` one; else it is what feeds know.

        In a busy room there is always something committed whose bell is on its way, so only what
        has not been heard a moment later is read, unless it is known to be lost.
        """
        if not room_ids:
            return
        epoch, feeds = self._hub.epoch, self._hub.feeds
        known = known or epoch.known
        if told is None:
            told = {each: (feeds[each].head, feeds[each].at) for each in room_ids if each in feeds}
        try:
            heads = await self._hub.node.in_thread(log.heads, room_ids)
        except Exception as error:
            self._heads_unread.failed(error, traceback=reason(error) is None)
            return
        self._heads_unread.over()
        for room_id, head in heads.items():
            if room_id in told and went_back(told[room_id], head):
                epoch.rewound(known, f"room {room_id} is at {head}, and was at {told[room_id]}")
                return
        if not lost and any(self._is_behind(*each) for each in heads.items()):
            await asyncio.sleep(BELL_SECONDS)
        for room_id, head in heads.items():
            if self._is_behind(room_id, head):
                feed = self._hub.feeds[room_id]
                feed.apply(head.seq, head.seq, None)
                self._hub.advance(feed)

    def _is_behind(self, room_id: int, head: Head) -> bool:
        feed = self._hub.feeds.get(room_id)
        return feed is not None and head.seq > feed.head

    def doubt(self, feed: Feed) -> None:
        """Something about the room does not fit what is known of it, or cannot be compared: look
        soon whether the database went back. A bell that comes late is no reason to look often."""
        self._doubted.add(feed.room_id)
        if not self._looking:
            self._looking = True
            self._hub.spawn(self._look_at_doubted())

    async def _look_at_doubted(self) -> None:
        try:
            while self._doubted:
                doubted, self._doubted = self._doubted, set()
                await self.compare(list(doubted))
                await asyncio.sleep(DOUBT_CHECK_SECONDS)
        finally:
            self._looking = False

    def forget(self) -> None:
        """What was read is of a history that is no more."""
        self._recent = LogPageCache(limits().page_bytes)
        self._doubted.clear()

    def make_up(self) -> None:
        """Bells of any kind were lost: learn from the database what they may have said."""
        self._lost = True
        if not self._making_up:
            self._making_up = True
            self._hub.spawn(self._make_up())

    async def _make_up(self) -> None:
        try:
            while self._lost:
                self._lost = False
                await self.compare(list(self._hub.feeds), lost=True)
                await self._recount()
                await asyncio.sleep(MAKE_UP_SECONDS)
        finally:
            self._making_up = False

    async def _recount(self) -> None:
        """What everybody here has not read."""
        counts = self._hub.unread_counts
        people = counts.people()
        for start in range(0, len(people), USERS_PER_READ_STATE_QUERY):
            some = people[start : start + USERS_PER_READ_STATE_QUERY]
            known = {user_id: counts.rooms_of(user_id) for user_id in some}
            try:
                found = await self._hub.node.in_thread(read_state.of_users, some)
            except Exception as error:
                self._uncounted.failed(error, traceback=reason(error) is None)
                return
            self._uncounted.over()
            for user_id in some:
                news = counts.recount(user_id, known[user_id], found.get(user_id, []))
                self._hub.unread_notices.tell(news)

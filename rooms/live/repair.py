"""Where the log is read for the hub: gaps that a bell showed, pages for cursors before the tail,
and heads to compare, which finds bells that were never heard.

Queries are counted in rooms, not in clients: whoever wants the same thing at the same time gets it
from one query.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from rooms import log
from rooms.protocol import TOO_SLOW

from . import metrics
from .feed import NOWHERE, Feed, Numbered, Subscription

if TYPE_CHECKING:
    from .hub import Hub

logger = logging.getLogger(__name__)

PAGE_EVENTS = 200
# A bell whose events are not to be found in the log is believed so often.
TRIES = 5

PageRead = Callable[[Subscription, list[Numbered]], None]


class Repair:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._reading: set[int] = set()
        self._pages: dict[tuple[int, int], list[tuple[Subscription, PageRead]]] = {}

    async def _read(self, feed: Feed, after: int) -> list[Numbered]:
        """A page of the log, or nothing when the database does not answer."""
        metrics.LOG_READS.inc()
        try:
            return await self._hub.node.in_thread(
                log.read, feed.room_id, feed.slug, after, PAGE_EVENTS
            )
        except Exception:
            logger.exception("The log of %s could not be read", feed.slug)
            return []

    def read_gap(self, feed: Feed) -> None:
        """Read from the feed's head to where it is known to go."""
        if feed.room_id not in self._reading:
            self._reading.add(feed.room_id)
            self._hub.spawn(self._read_gap(feed))

    async def _read_gap(self, feed: Feed) -> None:
        """Leaving the loop and leaving `_reading` are one step: no bell falls between."""
        tries = 0
        start = feed.head
        try:
            while feed.has_gap and tries < TRIES:
                before = feed.head
                feed.apply_read(await self._read(feed, feed.head))
                if feed.head > before:
                    self._hub.advance(feed)
                else:
                    tries += 1
                    await asyncio.sleep(0.2 * tries)
            feed.wanted = feed.head
            metrics.GAPS.inc(feed.head > start)
        finally:
            self._reading.discard(feed.room_id)

    def read_page(self, subscription: Subscription, done: PageRead) -> None:
        """A page of the log after a cursor; all who stand at the same place share one query."""
        key = (subscription.feed.room_id, subscription.seq)
        if key in self._pages:
            self._pages[key].append((subscription, done))
        else:
            self._pages[key] = [(subscription, done)]
            self._hub.spawn(self._read_page(key, subscription.feed))

    async def _read_page(self, key: tuple[int, int], feed: Feed) -> None:
        rows = await self._read(feed, key[1])
        if not rows:
            await asyncio.sleep(1)
        feed.apply_earlier(rows)
        for subscription, done in self._pages.pop(key):
            if rows and subscription.seq != NOWHERE and rows[0][0] != subscription.seq + 1:
                # Trimmed under a cursor: only a new subscription can say so.
                subscription.connection.close(TOO_SLOW)
                continue
            done(subscription, list(rows))

    def nudge(self, room_ids: list[int]) -> None:
        """Compare these rooms' heads soon: their bells may not have been heard."""
        known = [room_id for room_id in room_ids if room_id in self._hub.feeds]
        if known:
            self._hub.spawn(self.compare(known))

    async def compare(self, room_ids: list[int]) -> None:
        """One query for the heads of any number of rooms; whoever is behind is brought up."""
        if not room_ids:
            return
        try:
            heads = await self._hub.node.in_thread(log.heads, room_ids)
        except Exception as error:
            logger.warning("The rooms' heads could not be read: %r", error)
            return
        for room_id, head in heads.items():
            feed = self._hub.feeds.get(room_id)
            if feed is not None and head > feed.head:
                feed.apply(head, head, None)
                self._hub.advance(feed)

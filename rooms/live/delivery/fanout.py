"""From a feed to its subscribers: one frame goes round the room, and what arrives meanwhile waits
for the next. Large rooms are gone through in passing, so that nobody else has to wait.

Made by `hub`, which calls `advance` whenever something may have arrived.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Protocol

from rooms.live.metrics.counters import TrafficCounters

from .feed import Feed
from .host import HubBase
from .sendbuffer import EPHEMERAL_KEYS, Frame, Shares

# A long walk over members checks the clock now and then, and when it has held the loop too long,
# gives it back for a few turns: a post on its way takes several, and should be there for the next
# round.
MEMBERS_PER_CLOCK_CHECK = 32
LOOP_HOLD_SECONDS = 0.002
LOOP_TURNS = 4
# Before a frame goes round a large room, posts that were taken here and are on their way are waited
# for: this share of what the last round took, and never longer than this many seconds. A round
# costs nearly the same with one message or ten, and what just misses it waits for all of it.
GATHER_SHARE, GATHER_SECONDS = 0.5, 0.005


class FanOutHub(HubBase, Protocol):
    @property
    def counters(self) -> TrafficCounters: ...

    @property
    def shares(self) -> Shares: ...

    def read_gap(self, feed: Feed) -> None:
        """Read what the feed misses, if it misses something."""
        ...


async def turns() -> None:
    """Give the loop back for as many turns as a post on its way takes."""
    for _ in range(LOOP_TURNS):
        await asyncio.sleep(0)


class FanOut:
    def __init__(self, hub: FanOutHub) -> None:
        self._hub = hub
        self._loop = hub.node.loop
        self._under_way: set[Feed] = set()
        # Rooms that wait for posts on their way, to be woken when something has moved.
        self._gathering: dict[Feed, asyncio.Future[None]] = {}
        # Room id → what is to go round a large room next, while something does.
        self._whispers: dict[int, dict[str, bytes]] = {}

    def advance(self, feed: Feed) -> None:
        """Fan out the events at hand, unless a fan-out of this feed is under way."""
        if feed in self._under_way:
            self._stir(feed)
        elif feed.head > feed.flushed:
            if len(feed.subscriptions) <= MEMBERS_PER_CLOCK_CHECK:
                self._at_once(feed)
            else:
                self._under_way.add(feed)
                self._hub.spawn(self._in_passing(feed))

    def answered(self, feed: Feed, seq: int) -> None:
        """A post of a subscriber here was written as `seq`, or refused (0)."""
        feed.answered += 1
        feed.written = max(feed.written, seq)
        self._stir(feed)

    def whisper(self, feed: Feed, key: str, data: bytes) -> None:
        """Tell everybody something that is not kept. In a large room the last value of `key` is
        what goes round next."""
        small = len(feed.subscriptions) <= MEMBERS_PER_CLOCK_CHECK
        if small and feed.room_id not in self._whispers:
            frame = Frame([data])
            for subscription in feed.subscriptions:
                subscription.connection.tell(key, data, frame)
            return
        waiting = self._whispers.get(feed.room_id)
        if waiting is None:
            waiting = self._whispers[feed.room_id] = {}
            self._hub.spawn(self._whisper_in_passing(feed))
        waiting.pop(key, None)
        waiting[key] = data
        if len(waiting) > EPHEMERAL_KEYS:
            del waiting[next(iter(waiting))]
            self._hub.counters.shed(1)

    async def _whisper_in_passing(self, feed: Feed) -> None:
        try:
            while waiting := self._whispers[feed.room_id]:
                self._whispers[feed.room_id] = {}
                frames = [(key, data, Frame([data])) for key, data in waiting.items()]
                started = self._loop.time()
                for count, subscription in enumerate(list(feed.subscriptions), 1):
                    if subscription in feed.subscriptions:
                        for key, data, frame in frames:
                            subscription.connection.tell(key, data, frame)
                    if count % MEMBERS_PER_CLOCK_CHECK:
                        continue
                    if self._loop.time() - started > LOOP_HOLD_SECONDS:
                        await turns()
                        started = self._loop.time()
        finally:
            del self._whispers[feed.room_id]

    def _at_once(self, feed: Feed) -> None:
        while feed.head > feed.flushed:
            for _ in self._round(feed):
                pass

    async def _in_passing(self, feed: Feed) -> None:
        """Leaving the loop and leaving `_under_way` are one step, so that no arrival falls
        between."""
        took = 0.0
        try:
            while feed.head > feed.flushed:
                await self._gather(feed, min(GATHER_SECONDS, took * GATHER_SHARE))
                began = self._loop.time()
                for _ in self._round(feed):
                    await turns()
                took = self._loop.time() - began
                # What did not fit before may fit now.
                self._hub.read_gap(feed)
        finally:
            self._under_way.discard(feed)

    async def _gather(self, feed: Feed, most: float) -> None:
        """Wait until the posts taken so far have been written and their bells heard."""
        posted, seq = feed.posted, None
        until = self._loop.time() + most
        while not feed.full:
            if seq is None and feed.answered >= posted:
                seq = feed.written
            if (seq is not None and feed.head >= seq) or self._loop.time() >= until:
                break
            stirred = self._gathering[feed] = self._loop.create_future()
            timer = self._loop.call_at(until, self._stir, feed)
            try:
                await stirred
            finally:
                timer.cancel()
                del self._gathering[feed]

    def _stir(self, feed: Feed) -> None:
        stirred = self._gathering.get(feed)
        if stirred is not None and not stirred.done():
            stirred.set_result(None)

    def _round(self, feed: Feed) -> Iterator[None]:
        """One frame to all who wait for it; yields where others may have their turn."""
        base = feed.flushed
        events = feed.after(base, self._hub.shares.frame)
        assert events, "the tail keeps what was not fanned out"
        top, frame = base + len(events), Frame(events)
        began = started = self._loop.time()
        served = 0
        for count, subscription in enumerate(list(feed.subscriptions), 1):
            connection = subscription.connection
            if subscription.seq == base and connection.clear:
                connection.write(frame)
                subscription.seq = top
                served += 1
            elif subscription.seq < top:
                connection.lag(subscription)
            if count % MEMBERS_PER_CLOCK_CHECK == 0:
                if self._loop.time() - started > LOOP_HOLD_SECONDS:
                    yield
                    started = self._loop.time()
        feed.mark_flushed(top)
        self._hub.counters.sent(served, served * len(events), served * len(frame.wire))
        self._hub.counters.round_took(self._loop.time() - began)

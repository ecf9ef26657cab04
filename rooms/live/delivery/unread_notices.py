"""Tells people how much is unread in the rooms that they do not listen to, and which rooms are not
theirs any more.

`unread_counts` knows which people. When thousands are to be told at once, the loop is given back
in between, and each is told what holds by then. Made by `hub`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from rooms.core import bell
from rooms.protocol import encode

from . import fanout
from .host import HubBase
from .unread_counts import News, Notice, UnreadCounts


class NoticesHub(HubBase, Protocol):
    @property
    def unread_counts(self) -> UnreadCounts: ...


class UnreadNotices:
    def __init__(self, hub: NoticesHub) -> None:
        self._hub = hub
        self._due: dict[Notice, None] = {}
        self._under_way = False

    def tell(self, news: News) -> None:
        self._due.update(dict.fromkeys(news))
        if self._due and not self._under_way:
            telling = self._tell_all()
            # A few are told by now.
            for _ in telling:
                self._under_way = True
                self._hub.spawn(self._in_passing(telling))
                break

    async def _in_passing(self, telling: Iterator[None]) -> None:
        try:
            await fanout.turns()
            for _ in telling:
                await fanout.turns()
        finally:
            self._under_way = False

    def _tell_all(self) -> Iterator[None]:
        """Yields where others may have their turn."""
        loop = self._hub.node.loop
        started = loop.time()
        while self._due:
            due, self._due = self._due, {}
            for count, (connection, room_id, slug) in enumerate(due, 1):
                event = self._hub.unread_counts.said_of(connection, room_id, slug)
                if event is not None:
                    # One key: while a socket is slow, only what holds in the end is told.
                    connection.tell(bell.fact(room_id, "unread"), encode(event))
                if count % fanout.MEMBERS_PER_CLOCK_CHECK:
                    continue
                if loop.time() - started > fanout.LOOP_HOLD_SECONDS:
                    yield
                    started = loop.time()

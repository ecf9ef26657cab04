"""Who may no longer hear: looked up in the database whenever a bell says that something was
withdrawn, and from time to time for all, because bells get lost.

From the moment the bell is heard until the database has answered, the subscriptions in question
are held: nothing durable is written for them, and what was held back goes on from the cursor. So
nothing leaks while a process looks, and those who may stay miss nothing.

While one look is under way, what is heard waits, and the next look takes all of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from rooms.core import credentials, lookup
from rooms.core.outages import Outage
from rooms.database.trouble import reason
from rooms.limits import limits
from rooms.live.metrics import names as metrics
from rooms.protocol import ACCESS_WITHDRAWN, Close

from .connection import Connection
from .feed import Subscription
from .hub import Hub

logger = logging.getLogger(__name__)
T = TypeVar("T")

ROWS_PER_ACCESS_QUERY = 200
# A database that does not answer is asked again after this; what is held stays held.
DATABASE_RETRY_SECONDS = 1.0


class Access:
    """`generation` grows with every bell. A caller that asks the database before its connection or
    subscription can be found here compares it afterwards, and calls `look` if it has grown."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.generation = 0
        self._connections: dict[Connection, None] = {}
        self._subscriptions: dict[Subscription, None] = {}
        self._looking = False
        self._unchecked = Outage(logger, "Access could not be checked; trying again")
        hub.hears("access", self.hear)

    def start(self) -> None:
        self._hub.spawn(self._make_rounds())

    def hear(self, message: dict[str, Any]) -> None:
        """`{"user": id or None, "room": id or None, "gone": bool}`; see `bell`."""
        self.generation += 1
        user_id, room_id = message["user"], message["room"]
        if room_id is None:
            for connection in self._hub.connections:
                if connection.user.pk == user_id:
                    self.look(connection)
            return
        if message["gone"]:
            self._hub.unread_notices.tell(self._hub.unread_counts.forget_room(room_id))
        feed = self._hub.feeds.get(room_id)
        for subscription in feed.subscriptions if feed is not None else ():
            if user_id is None or subscription.connection.user.pk == user_id:
                self.look_at(subscription)

    def look(self, connection: Connection) -> None:
        """Look soon whether the connection's credentials hold, and its rooms."""
        self._connections[connection] = None
        for subscription in connection.subscriptions.values():
            self.look_at(subscription)
        self._look_soon()

    def look_at(self, subscription: Subscription) -> None:
        """Look soon whether the room may still be heard; until then nothing of it is told."""
        self._subscriptions[subscription] = None
        subscription.hold()
        subscription.connection.buffer.forget(subscription)
        self._look_soon()

    def everybody(self) -> None:
        """Bells may have been lost: look at all, without holding anybody."""
        self.generation += 1
        for connection in self._hub.connections:
            self._connections[connection] = None
            self._subscriptions.update(dict.fromkeys(connection.subscriptions.values()))
        self._look_soon()

    # Looking -------------------------------------------------------------------------------------

    def _look_soon(self) -> None:
        if not self._looking and (self._connections or self._subscriptions):
            self._looking = True
            self._hub.spawn(self._look_at_all())

    async def _look_at_all(self) -> None:
        """Leaving the loop and leaving `_looking` are one step: no bell falls between."""
        try:
            while self._connections or self._subscriptions:
                connections, self._connections = list(self._connections), {}
                subscriptions, self._subscriptions = list(self._subscriptions), {}
                await self._check_credentials(connections)
                await self._check_subscriptions(subscriptions)
        finally:
            self._looking = False

    async def _check_credentials(self, connections: Sequence[Connection]) -> None:
        for batch in batches(connections):
            callers = [connection.caller for connection in batch]
            names = [caller.user.name for caller in callers]
            lost = await self._ask(credentials.withdrawn, callers)
            for connection, name in zip(batch, names, strict=True):
                if connection.user.name != name:
                    self._hub.renamed(connection)
            for connection in batch:
                reason = lost.get(connection.caller)
                if reason is not None and not connection.closed:
                    metrics.WITHDRAWN.labels("connection").inc()
                    connection.close(Close(ACCESS_WITHDRAWN.code, reason))

    async def _check_subscriptions(self, subscriptions: Sequence[Subscription]) -> None:
        ordered = sorted(subscriptions, key=lambda each: each.feed.room_id)
        for batch in batches(ordered):
            held = [(each, each.turn) for each in batch]
            pairs = {(each.connection.user.pk, each.feed.room_id) for each in batch}
            found = await self._ask(lookup.standings, pairs)
            for subscription, turn in held:
                pair = (subscription.connection.user.pk, subscription.feed.room_id)
                standing = found.get(pair, lookup.Standing())
                subscription.muted_until = standing.muted_until
                if standing.withdrawn is not None:
                    self._end(subscription, standing.withdrawn)
                else:
                    subscription.release(turn)

    def _end(self, subscription: Subscription, reason: str) -> None:
        connection, slug = subscription.connection, subscription.feed.slug
        # The client may have subscribed anew since, and been let in.
        if connection.subscriptions.get(slug) is subscription:
            if not connection.closed:
                metrics.WITHDRAWN.labels("subscription").inc()
            self._hub.unsubscribe(connection, slug)
            connection.answer({"type": "unsubscribed", "room": slug, "reason": reason})

    async def _ask(self, question: Any, about: Any) -> Any:
        while True:
            try:
                found = await self._hub.node.in_thread(question, about)
            except Exception as error:
                self._unchecked.failed(error, traceback=reason(error) is None)
                await asyncio.sleep(DATABASE_RETRY_SECONDS)
            else:
                self._unchecked.over()
                return found

    async def _make_rounds(self) -> None:
        """All connections once every `access_check_seconds`, a batch at a time, spread out."""
        while True:
            waiting = list(batches(list(self._hub.connections)))
            pause = limits().access_check_seconds / max(1, len(waiting))
            if not waiting:
                await asyncio.sleep(pause)
            for batch in waiting:
                await asyncio.sleep(pause)
                here = [connection for connection in batch if not connection.closed]
                await self._check_credentials(here)
                await self._check_subscriptions(
                    [each for connection in here for each in connection.subscriptions.values()]
                )


def batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), ROWS_PER_ACCESS_QUERY):
        yield items[start : start + ROWS_PER_ACCESS_QUERY]

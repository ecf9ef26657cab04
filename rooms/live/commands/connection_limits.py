"""Bounds on connections: how many sockets this process has, in all and of one person, and how fast
all sockets of a person together may ask.

The bounds are a process's own: somebody with sockets in two processes may have twice as many.
Asked by `consumer` when a socket arrives and when its user is known.
"""

from __future__ import annotations

from collections import Counter, OrderedDict

from rooms.limits import limits
from rooms.live.delivery.rate import Rate
from rooms.live.metrics import names as metrics
from rooms.protocol import OVERLOADED, TOO_MANY_CONNECTIONS, Close

# All sockets of a person together may ask so many times as fast as one of them, and at once.
PERSON_PACE, PERSON_BURST = 5, 10
# Of the time of a core, what making HTML of one person's long texts may take.
RENDERING_SHARE = 0.05
# People whose pace is remembered, also when they are gone for a moment.
MOST_PEOPLE = 20_000


class ConnectionLimits:
    def __init__(self, most: int, most_of_one: int) -> None:
        self.most = most
        self._most_of_one = most_of_one
        self.open = 0
        self.ended = 0
        self._of: Counter[int] = Counter()
        self._rates: OrderedDict[int, Rate] = OrderedDict()

    def socket_opened(self) -> Close | None:
        """A socket is here; why it cannot stay, if so. `socket_closed` follows either way."""
        self.open += 1
        return OVERLOADED if self.open > self.most else None

    def socket_closed(self) -> None:
        self.open -= 1
        self.ended += 1

    def admit(self, user_id: int) -> Close | None:
        """It is this person's. The newest is turned away, those before it stay; `release`
        follows only when it was let in."""
        if self._of[user_id] >= self._most_of_one:
            return TOO_MANY_CONNECTIONS
        self._of[user_id] += 1
        metrics.CONNECTIONS.inc()
        return None

    def rate_of(self, user_id: int, now: float) -> Rate:
        """What all of their sockets share."""
        rate = self._rates.get(user_id)
        if rate is None:
            bounds = limits()
            rate = self._rates[user_id] = Rate(
                bounds.commands_per_second * PERSON_PACE,
                bounds.commands_burst * PERSON_BURST,
                # Flooding is a connection's, and ends it.
                bounds.flood_commands * bounds.connections_per_user,
                now,
            )
            if len(self._rates) > MOST_PEOPLE:
                self._rates.popitem(last=False)
        self._rates.move_to_end(user_id)
        return rate

    def rendered(self, user_id: int, seconds: float, now: float) -> None:
        """A text of theirs has taken so long: it costs what they could have asked for meanwhile."""
        pace = limits().commands_per_second * PERSON_PACE
        self.rate_of(user_id, now).charge(now, seconds / RENDERING_SHARE * pace)

    def release(self, user_id: int) -> None:
        self._of[user_id] -= 1
        metrics.CONNECTIONS.dec()
        if not self._of[user_id]:
            del self._of[user_id]

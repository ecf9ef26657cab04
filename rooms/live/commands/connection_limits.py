"""Bounds on connections: how many sockets this process has, in all and of one person.

Both bounds are a process's own: somebody with sockets in two processes may have twice as many.
Asked by `consumer` when a socket arrives and when its user is known.
"""

from __future__ import annotations

from collections import Counter

from rooms.live.metrics import names as metrics
from rooms.protocol import OVERLOADED, TOO_MANY_CONNECTIONS, Close


class ConnectionLimits:
    def __init__(self, most: int, most_of_one: int) -> None:
        self.most = most
        self._most_of_one = most_of_one
        self.open = 0
        self.ended = 0
        self._of: Counter[int] = Counter()

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

    def release(self, user_id: int) -> None:
        self._of[user_id] -= 1
        metrics.CONNECTIONS.dec()
        if not self._of[user_id]:
            del self._of[user_id]

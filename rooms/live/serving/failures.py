"""Who tries wrong credentials over and over: a token bucket for each network. Pure.

Each credential costs a query before it is known to be wrong. A network that has used up its tries
is turned away before anybody looks at what it brings, until its bucket has filled again.
Used by `door`, one a process.
"""

from __future__ import annotations

from collections import OrderedDict

# Networks that are remembered. A forgotten one begins with a full bucket, so an attacker needs more
# networks than this at once to gain from it.
MOST_NETWORKS = 10_000


class Failures:
    """`allowed` failures a second of one network, `burst` at once."""

    def __init__(self, allowed: float, burst: int) -> None:
        self._allowed = allowed
        self._burst = burst
        # What is left of a network's bucket, and when that was so; the newest last.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, network: str, now: float) -> float:
        """For how many seconds it has to wait before the next try; 0 lets it try."""
        left = self._now(network, now)
        return 0.0 if left >= 1 else (1 - left) / self._allowed

    def count(self, network: str, now: float) -> None:
        """It has failed once."""
        self._left[network] = (max(0.0, self._now(network, now) - 1), now)
        self._left.move_to_end(network)
        if len(self._left) > MOST_NETWORKS:
            self._left.popitem(last=False)

    def _now(self, network: str, now: float) -> float:
        left, at = self._left.get(network, (float(self._burst), now))
        return min(float(self._burst), left + (now - at) * self._allowed)

"""How fast a connection may ask: a token bucket, and when asking too fast becomes flooding. Pure.

Who is refused is given a time of their own: each refusal promises the next free moment after all
promised before. So of many commands sent at once every one is refused at most once, if its client
waits as long as it was told.

Refusals count; as many a second are forgiven as commands are allowed. A client that waits is
forgiven as fast as it is refused and never comes near the bound; one that asks at more than twice
the rate, for as long as it takes, reaches it.

Used by `connection` and `websocket`.
"""


class Rate:
    """`allowed` a second, `burst` at once; `flood` refusals that were not forgiven are flooding."""

    __slots__ = ("_allowed", "_at", "_burst", "_flood", "_promised", "_refused", "_tokens")

    def __init__(self, allowed: float, burst: int, flood: int, now: float) -> None:
        self._allowed = allowed
        self._burst = burst
        self._flood = flood
        self._tokens = float(burst)
        self._refused = 0.0
        self._promised = now
        self._at = now

    def take(self, now: float) -> float:
        """One command, at `now`: 0 lets it pass, anything else is after how many seconds to come
        again."""
        earned = (now - self._at) * self._allowed
        self._at = now
        self._tokens = min(self._burst, self._tokens + earned)
        if self._refused:
            self._refused = max(0.0, self._refused - earned)
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        self._refused += 1
        first = now + (1 - self._tokens) / self._allowed
        self._promised = max(first, self._promised + 1 / self._allowed)
        return self._promised - now

    def charge(self, now: float, commands: float) -> None:
        """What was let through has cost as much as so many commands more. The debt is a burst at
        most: nobody waits for longer than a full bucket takes, twice."""
        earned = (now - self._at) * self._allowed
        self._at = now
        tokens = min(self._burst, self._tokens + earned)
        self._tokens = max(min(tokens, -float(self._burst)), tokens - commands)
        self._refused = max(0.0, self._refused - earned)

    @property
    def flooding(self) -> bool:
        return self._refused >= self._flood

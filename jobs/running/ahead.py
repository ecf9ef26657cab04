"""The jobs that this process has claimed together with another one and not begun yet: where one
runs after the other, a transaction for each short one would take longer than all of them.

Filled and emptied by the clerk, taken from by the thread that runs jobs.
"""

import time
from collections import deque
from collections.abc import Sequence
from uuid import UUID

from jobs.lifecycle.attempts import Claim

# So long may it take until the last of them is begun, and so many are they at most.
SECONDS, JOBS = 0.1, 20
# Whoever does not keep to that is overtaken: what is left goes back to its queue.
PATIENCE_SECONDS = 0.3
# A kind is known after so many attempts, of which the newer ones say more.
ATTEMPTS_TO_KNOW, NEWEST_WEIGHT = 5, 0.2


class ClaimedAhead:
    def __init__(self) -> None:
        self._claims: deque[Claim] = deque()
        self._hand_back_at = float("inf")
        # Of each kind: how many attempts were seen, and how long one takes.
        self._known: dict[str, tuple[int, float]] = {}

    def __bool__(self) -> bool:
        return bool(self._claims)

    def ran(self, kind: str, seconds: float) -> None:
        number, mean = self._known.get(kind, (0, seconds))
        self._known[kind] = (number + 1, mean + NEWEST_WEIGHT * (seconds - mean))

    def most(self, kind: str) -> int:
        """How many jobs of a kind are claimed with one: none of those that take long."""
        number, mean = self._known.get(kind, (0, 0.0))
        if number < ATTEMPTS_TO_KNOW:
            return 0
        return max(0, min(JOBS, int(SECONDS / max(mean, SECONDS / JOBS)) - 1))

    def put(self, claims: Sequence[Claim]) -> None:
        self._claims.extend(claims)
        self._hand_back_at = time.monotonic() + PATIENCE_SECONDS

    def take(self) -> Claim | None:
        try:
            return self._claims.popleft()
        except IndexError:
            return None

    def take_all(self) -> list[Claim]:
        found = []
        while (claim := self.take()) is not None:
            found.append(claim)
        return found

    def leases(self) -> set[UUID]:
        return {claim.lease for claim in list(self._claims)}

    @property
    def hand_back_at(self) -> float:
        """When those that are not begun by then go back to their queue, by the monotonic clock."""
        return self._hand_back_at if self._claims else float("inf")

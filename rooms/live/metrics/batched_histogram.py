"""A histogram that takes many observations at once. Used by `names` and `counters`."""

from bisect import bisect_left

from prometheus_client import Histogram


class BatchedHistogram(Histogram):
    """The client library adds one observation at a time, which costs as much as a write to a
    socket: two numbers, each in a file that all processes share. A `Batch` adds in memory."""

    def batch(self) -> "Batch":
        return Batch(self._upper_bounds)

    def observe_batch(self, batch: "Batch") -> None:
        """Add all of it, and empty it."""
        self._sum.inc(batch.total)
        for bucket, count in zip(self._buckets, batch.counts, strict=True):
            if count:
                bucket.inc(count)
        batch.clear()


class Batch:
    """Observations that no histogram has yet. Not for several threads."""

    __slots__ = ("_bounds", "counts", "total")

    def __init__(self, bounds: list[float]) -> None:
        self._bounds = bounds
        self.clear()

    def clear(self) -> None:
        self.counts: list[int] = [0] * len(self._bounds)
        self.total = 0.0

    def observe(self, amount: float) -> None:
        self.counts[bisect_left(self._bounds, amount)] += 1
        self.total += amount

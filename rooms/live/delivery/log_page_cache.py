"""Pages of the log that were read lately for subscribers behind a tail, kept for the next one: a
cursor is given no more than it may hold, and the rest of its page is not read twice.

Pure. Used by `repair`.
"""

from __future__ import annotations

from collections.abc import Sequence

from .feed import Numbered

# Looking through more would cost as much as asking the database.
MOST_PAGES = 256


def within(rows: Sequence[Numbered], size: int) -> list[Numbered]:
    """The first of `rows`, at least one, about `size` bytes."""
    taken: list[Numbered] = []
    for row in rows:
        if taken and size < len(row[1]):
            break
        taken.append(row)
        size -= len(row[1])
    return taken


class LogPageCache:
    """LogPageCache of any rooms; those not asked for longest go first."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._pages: dict[tuple[object, int], tuple[list[Numbered], int]] = {}
        self.bytes = 0

    def put(self, edition: object, rows: list[Numbered]) -> None:
        """Rows without a hole between them, of a feed as it is now: see `Feed.edition`."""
        if not rows:
            return
        key = (edition, rows[0][0])
        self._drop(key)
        size = sum(len(data) for _, data in rows)
        self._pages[key] = (rows, size)
        self.bytes += size
        while self._pages and (self.bytes > self._most_bytes or len(self._pages) > MOST_PAGES):
            self._drop(next(iter(self._pages)))

    def after(self, edition: object, seq: int, size: int) -> list[Numbered]:
        """About `size` bytes of what follows `seq`, or nothing when it is not here."""
        for key, (rows, bytes_) in self._pages.items():
            if key[0] == edition and rows[0][0] <= seq + 1 <= rows[-1][0]:
                del self._pages[key]
                self._pages[key] = (rows, bytes_)
                return within(rows[seq + 1 - rows[0][0] :], size)
        return []

    def _drop(self, key: tuple[object, int]) -> None:
        _, size = self._pages.pop(key, (None, 0))
        self.bytes -= size

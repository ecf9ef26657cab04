"""What a bell about events looks like: to a room's group, or about many rooms to every process.

Pure. Used by `bell`, which sends them; `live.delivery.hub` hears them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

EVERYONE = "everyone"
# A message of the channel layer; `bell` lists them.
LayerMessage = dict[str, Any]
# A layer message above this carries no events: the hubs read them from the database.
LARGEST_BELL_BYTES = 512 * 1024
# From this many rooms in one round on, they share messages that every process gets: sending one
# takes a round trip to Redis, skipping a room that nobody here listens to takes nothing.
SHARE_FROM_ROOMS = 4
MOST_ROOMS_PER_MESSAGE = 64


def room_group(room_id: int) -> str:
    return f"room.{room_id}"


@dataclass
class EventRun:
    """Encoded events of a room from a seq on, without a hole. `before` and `at` are the times of
    the event before them and of the last: by them a log is known from another one that has the same
    numbers. An older version leaves them out."""

    room_id: int
    first: int
    events: list[bytes]
    before: str | None = None
    at: str | None = None

    def copy(self) -> EventRun:
        """One that may grow without the other."""
        return EventRun(self.room_id, self.first, list(self.events), self.before, self.at)

    @property
    def end(self) -> int:
        """The seq after the last."""
        return self.first + len(self.events)


def bells(events: list[EventRun]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A message to each room's group; when many rooms moved at once, to every process together."""
    if len(events) < SHARE_FROM_ROOMS:
        for run in events:
            yield room_group(run.room_id), events_bell(run)
        return
    together: list[dict[str, Any]] = []
    size = 0
    for run in events:
        own = sum(map(len, run.events))
        full = size + own > LARGEST_BELL_BYTES or len(together) == MOST_ROOMS_PER_MESSAGE
        if together and full:
            yield EVERYONE, {"type": "rooms", "bells": together}
            together, size = [], 0
        together.append(events_bell(run))
        size += own
    yield EVERYONE, {"type": "rooms", "bells": together}


def events_bell(run: EventRun) -> dict[str, Any]:
    bell: dict[str, Any] = {
        "type": "events",
        "room": run.room_id,
        "first": run.first,
        "last": run.end - 1,
        "before": run.before,
        "at": run.at,
    }
    if sum(map(len, run.events)) <= LARGEST_BELL_BYTES:
        bell["events"] = run.events
    return bell

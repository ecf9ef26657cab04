"""Rooms that do not let everybody post at any time: in some only those post who look after them,
some have a slow mode.

Asked by `actions`, while such rooms are held: everywhere else a post costs no query more.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from rooms.core.log import Logs
from rooms.core.policy import Facts
from rooms.core.rules import must_wait
from rooms.models import DeletedPost, Membership, Message, Room
from rooms.protocol.refusals import SlowMode

# (room id, user id)
Speaking = tuple[int, int]


def seconds_left(last: datetime | None, slow_mode: int, now: datetime) -> int:
    """How long somebody who posted at `last` still waits. Pure."""
    if last is None:
        return 0
    return max(0, ceil((last + timedelta(seconds=slow_mode) - now).total_seconds()))


@dataclass
class Pace:
    """Who posts in the rooms of a transaction that have bounds of their own."""

    at: datetime
    restricted: set[int]
    members: dict[Speaking, Membership]
    # Of rooms with a slow mode: when somebody posted here last, as far as was asked.
    last: dict[Speaking, datetime | None] = field(default_factory=dict)
    now_posted: set[Speaking] = field(default_factory=set)

    def facts(self, facts: Facts, user_id: int) -> Facts:
        """With the role that a member really has, where it counts."""
        assert facts.room is not None
        row = self.members.get((facts.room.pk, user_id))
        return facts._replace(role=row.role) if row is not None else facts

    def require_waited(self, facts: Facts, user_id: int) -> None:
        """Raises SlowMode."""
        room = facts.room
        assert room is not None
        if not room.slow_mode_seconds or not must_wait(facts):
            return
        left = seconds_left(self._last(room, user_id), room.slow_mode_seconds, self.at)
        if left:
            raise SlowMode(left)

    def _last(self, room: Room, user_id: int) -> datetime | None:
        key = (room.pk, user_id)
        if key not in self.last:
            row = self.members.get(key)
            self.last[key] = row.posted_at if row is not None else None
            since = self.at - timedelta(seconds=room.slow_mode_seconds)
            # Leaving and coming back is no way around it, and neither is deleting what was said.
            if self.last[key] is None and (row is None or row.joined_at > since):
                self.last[key] = _said_since(room, user_id, since)
        return self.last[key]

    def posted(self, room: Room, user_id: int) -> None:
        if room.pk in self.restricted and room.slow_mode_seconds:
            self.last[room.pk, user_id] = self.at
            self.now_posted.add((room.pk, user_id))

    def keep_in_transaction(self) -> None:
        for room_id in {room_id for room_id, _ in self.now_posted}:
            people = [user_id for each, user_id in self.now_posted if each == room_id]
            rows = Membership.objects.filter(room=room_id, user__in=people)
            rows.update(posted_at=self.at)


def _said_since(room: Room, user_id: int, since: datetime) -> datetime | None:
    said = Message.objects.filter(room=room, author=user_id, created_at__gt=since)
    gone = DeletedPost.objects.filter(room=room, author=user_id, at__gt=since)
    times = [
        said.order_by("-seq").values_list("created_at", flat=True).first(),
        gone.order_by("-at").values_list("at", flat=True).first(),
    ]
    return max((each for each in times if each is not None), default=None)


def of(logs: Logs, speaking: Collection[Speaking]) -> Pace | None:
    """None: everybody posts as they like in all of these rooms."""
    restricted = {
        room.pk
        for room in logs.rooms.values()
        if room.slow_mode_seconds or room.who_posts != Room.WhoPosts.MEMBERS
    }
    if not restricted:
        return None
    asked = [pair for pair in speaking if pair[0] in restricted]
    rows = Membership.objects.filter(
        room__in=restricted, user__in={user_id for _, user_id in asked}
    )
    return Pace(logs.at, restricted, {(row.room_id, row.user_id): row for row in rows})

"""Which users are connected here, and how much they have not read in their rooms.

Pure: the hub asks it which people to tell something, and then what. A user's memberships are
loaded when their first connection opens and kept current by bells. What a room's activity costs
depends on who is elsewhere, not on how many listen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rooms.core.read_state import ReadState

from .feed import Listener


class Notice(NamedTuple):
    """A connection is to be told how much is unread in a room, or that its user is no member any
    more. `said_of` makes the event when it is sent."""

    connection: Listener
    room_id: int
    slug: str


News = list[Notice]


@dataclass
class WatchedRoom:
    """Where a room stands that somebody here is a member of."""

    slug: str
    head: int
    count: int
    members: set[int] = field(default_factory=set)
    # Connections of members that do not listen to it.
    away: set[Listener] = field(default_factory=set)


@dataclass
class ConnectedUser:
    connections: set[Listener] = field(default_factory=set)
    # Room id → how many messages it had when they last read it.
    read: dict[int, int] = field(default_factory=dict)


class UnreadCounts:
    def __init__(self) -> None:
        self._people: dict[int, ConnectedUser] = {}
        self._rooms: dict[int, WatchedRoom] = {}

    def add(self, connection: Listener, states: Iterable[ReadState]) -> News:
        """A connection has opened; `states` are its user's."""
        user_id = connection.user.pk
        person = self._people.setdefault(user_id, ConnectedUser())
        person.connections.add(connection)
        for room_id in person.read:
            self._place(connection, self._rooms[room_id])
        news: News = []
        for state in states:
            news += self._watch(person, user_id, state)
        return news

    def remove(self, connection: Listener) -> None:
        user_id = connection.user.pk
        person = self._people.get(user_id)
        if person is None:
            return
        person.connections.discard(connection)
        for room_id in person.read:
            self._rooms[room_id].away.discard(connection)
        if not person.connections:
            del self._people[user_id]
            for room_id in person.read:
                self._unwatch(user_id, room_id)

    def listens(self, connection: Listener, room_id: int) -> None:
        """A connection has begun or ended to listen to a room."""
        person = self._people.get(connection.user.pk)
        if person is not None and room_id in person.read and connection in person.connections:
            self._place(connection, self._rooms[room_id])

    def of(self, user_id: int) -> list[Listener]:
        """The user's connections in this process."""
        person = self._people.get(user_id)
        return list(person.connections) if person else []

    def said_of(self, connection: Listener, room_id: int, slug: str) -> dict[str, Any] | None:
        """The event that tells it; None when there is no such connection any more."""
        person = self._people.get(connection.user.pk)
        if person is None or connection not in person.connections:
            return None
        if room_id not in person.read:
            return {"type": "left", "room": slug}
        room = self._rooms[room_id]
        return {
            "type": "unread",
            "room": room.slug,
            "unread": max(0, room.count - person.read[room_id]),
            "seq": room.head,
        }

    def activity(self, room_id: int, head: int, count: int, speakers: dict[int, int]) -> News:
        """A room has moved on: its members here who are not listening to it. Who spoke in it has
        read up to the number of what they said."""
        room = self._rooms.get(room_id)
        if room is None:
            return []
        for user_id, number in speakers.items():
            if user_id in room.members:
                read = self._people[user_id].read
                read[room_id] = max(read[room_id], number)
        return self._move(room_id, room, head, count)

    def changed(self, user_id: int, state: ReadState) -> News:
        """A membership began or ended, or was read further."""
        person = self._people.get(user_id)
        if person is None:
            return []
        news = self._watch(person, user_id, state)
        told = {notice.connection for notice in news}
        return news + [
            Notice(each, state.room_id, state.slug)
            for each in person.connections
            if each not in told
        ]

    def forget_room(self, room_id: int) -> News:
        """The room is no more."""
        room = self._rooms.pop(room_id, None)
        news: News = []
        if room is None:
            return news
        for user_id in room.members:
            person = self._people[user_id]
            person.read.pop(room_id, None)
            news += [Notice(each, room_id, room.slug) for each in person.connections]
        return news

    def people(self) -> list[int]:
        return list(self._people)

    def rooms_of(self, user_id: int) -> set[int]:
        person = self._people.get(user_id)
        return set(person.read) if person else set()

    def recount(self, user_id: int, known: set[int], states: Sequence[ReadState]) -> News:
        """The user's memberships as the database has them, asked for when `known` were known here.
        Tells what is different."""
        person = self._people.get(user_id)
        if person is None:
            return []
        news: News = []
        for room_id in person.read.keys() & known - {state.room_id for state in states}:
            slug = self._rooms[room_id].slug
            self._leave(person, user_id, room_id)
            news += [Notice(each, room_id, slug) for each in person.connections]
        for state in states:
            room_id = state.room_id
            before = person.read.get(room_id)
            moved = self._watch(person, user_id, state)
            news += moved
            if not moved and person.read.get(room_id) != before:
                away = self._rooms[room_id].away
                news += [
                    Notice(each, room_id, state.slug) for each in person.connections if each in away
                ]
        return news

    def _watch(self, person: ConnectedUser, user_id: int, state: ReadState) -> News:
        """Take in what is newer in it. Those who are away are told when the room has moved."""
        room_id = state.room_id
        if state.read_count is None:
            self._leave(person, user_id, room_id)
            return []
        person.read[room_id] = max(person.read.get(room_id, 0), state.read_count)
        room = self._rooms.get(room_id)
        if room is None:
            room = self._rooms[room_id] = WatchedRoom(
                state.slug, state.last_seq, state.message_count
            )
        if user_id not in room.members:
            room.members.add(user_id)
            for connection in person.connections:
                self._place(connection, room)
        return self._move(room_id, room, state.last_seq, state.message_count)

    def _move(self, room_id: int, room: WatchedRoom, head: int, count: int) -> News:
        if count <= room.count:
            return []
        room.head, room.count = max(room.head, head), count
        return [Notice(connection, room_id, room.slug) for connection in room.away]

    def _place(self, connection: Listener, room: WatchedRoom) -> None:
        if room.slug in connection.subscriptions:
            room.away.discard(connection)
        else:
            room.away.add(connection)

    def _leave(self, person: ConnectedUser, user_id: int, room_id: int) -> None:
        if person.read.pop(room_id, None) is not None:
            self._rooms[room_id].away -= person.connections
            self._unwatch(user_id, room_id)

    def _unwatch(self, user_id: int, room_id: int) -> None:
        room = self._rooms[room_id]
        room.members.discard(user_id)
        if not room.members:
            del self._rooms[room_id]

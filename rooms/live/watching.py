"""Which users are connected here, and how much they have not read in their rooms.

Pure: the hub asks it what to tell whom. A user's memberships are loaded when their first
connection opens and kept current by bells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .connection import Connection

News = list[tuple["Connection", dict[str, Any]]]

# (room id, slug, messages read, head, messages in all); read None: not a member any more.
Membership = tuple[int, str, int | None, int, int]


@dataclass
class Watched:
    """A room of a user: how many messages it had when they last read it, and has now."""

    slug: str
    read: int
    head: int
    count: int


@dataclass
class Person:
    connections: set[Connection] = field(default_factory=set)
    rooms: dict[int, Watched] = field(default_factory=dict)


class Watching:
    def __init__(self) -> None:
        self._people: dict[int, Person] = {}
        self._members: dict[int, set[int]] = {}

    def add(self, connection: Connection, memberships: list[Membership]) -> None:
        """A connection has opened; `memberships` are its user's."""
        user_id = connection.user.pk
        person = self._people.setdefault(user_id, Person())
        person.connections.add(connection)
        for membership in memberships:
            self._watch(person, user_id, membership)

    def remove(self, connection: Connection) -> None:
        user_id = connection.user.pk
        person = self._people.get(user_id)
        if person is None:
            return
        person.connections.discard(connection)
        if not person.connections:
            del self._people[user_id]
            for room_id in person.rooms:
                self._unwatch(user_id, room_id)

    def of(self, user_id: int) -> list[Connection]:
        """The user's connections in this process."""
        person = self._people.get(user_id)
        return list(person.connections) if person else []

    def activity(self, room_id: int, head: int, count: int, speakers: dict[int, int]) -> News:
        """A room has moved on: tell its members here who are not listening to it. Who spoke in it
        has read up to the number of what they said."""
        news: News = []
        for user_id in self._members.get(room_id, ()):
            person = self._people[user_id]
            watched = person.rooms[room_id]
            if count <= watched.count:
                continue
            watched.head, watched.count = head, count
            watched.read = max(watched.read, speakers.get(user_id, 0))
            news += [
                (connection, _unread(watched))
                for connection in person.connections
                if watched.slug not in connection.subscriptions
            ]
        return news

    def changed(self, user_id: int, membership: Membership) -> News:
        """A membership began or ended, or was read further."""
        person = self._people.get(user_id)
        if person is None:
            return []
        watched = self._watch(person, user_id, membership)
        if watched is None:
            return []
        return [(connection, _unread(watched)) for connection in person.connections]

    def forget_room(self, room_id: int) -> None:
        """The room is no more."""
        for user_id in self._members.pop(room_id, ()):
            self._people[user_id].rooms.pop(room_id, None)

    def people(self) -> list[int]:
        return list(self._people)

    def rooms_of(self, user_id: int) -> set[int]:
        person = self._people.get(user_id)
        return set(person.rooms) if person else set()

    def recount(self, user_id: int, known: set[int], memberships: Sequence[Membership]) -> News:
        """The user's memberships as the database has them, asked for when `known` were known here.
        Tells what is different."""
        person = self._people.get(user_id)
        if person is None:
            return []
        for room_id in known - {membership[0] for membership in memberships}:
            person.rooms.pop(room_id, None)
            self._unwatch(user_id, room_id)
        news: News = []
        for membership in memberships:
            before = person.rooms.get(membership[0])
            told = before and _unread(before)
            watched = self._watch(person, user_id, membership)
            if watched is not None and _unread(watched) != told:
                news += [
                    (connection, _unread(watched))
                    for connection in person.connections
                    if watched.slug not in connection.subscriptions
                ]
        return news

    def _watch(self, person: Person, user_id: int, membership: Membership) -> Watched | None:
        room_id, slug, read, head, count = membership
        if read is None:
            person.rooms.pop(room_id, None)
            self._unwatch(user_id, room_id)
            return None
        watched = person.rooms.setdefault(room_id, Watched(slug, read, head, count))
        watched.read = max(watched.read, read)
        watched.head = max(watched.head, head)
        watched.count = max(watched.count, count)
        self._members.setdefault(room_id, set()).add(user_id)
        return watched

    def _unwatch(self, user_id: int, room_id: int) -> None:
        members = self._members.get(room_id)
        if members is not None:
            members.discard(user_id)
            if not members:
                del self._members[room_id]


def _unread(watched: Watched) -> dict[str, Any]:
    return {
        "type": "unread",
        "room": watched.slug,
        "unread": max(0, watched.count - watched.read),
        "seq": watched.head,
    }

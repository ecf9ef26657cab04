"""With whom a person talks in their rooms between two: such a room has the other's name for each.

Called by whatever shows rooms to somebody.
"""

from collections.abc import Iterable

from rooms.models import Room, User


def pair_of(one: int, other: int) -> str:
    """What a room of these two has in `Room.pair`."""
    return f"{min(one, other)}:{max(one, other)}"


def other_id(room: Room, user_id: int) -> int | None:
    """None: it is no room between two, or none of this person's."""
    ids = [int(each) for each in (room.pair or "").split(":") if each]
    others = [each for each in ids if each != user_id]
    return others[0] if len(ids) == 2 and len(others) == 1 else None


def of_rooms(user: User, rooms: Iterable[Room]) -> dict[int, User]:
    """By the room's id; one query for any number of rooms, and none where all are for many. Who
    has no account any more is missing."""
    wanted = {room.pk: other_id(room, user.pk) for room in rooms if room.pair is not None}
    people = User.objects.in_bulk({each for each in wanted.values() if each}) if wanted else {}
    return {pk: people[each] for pk, each in wanted.items() if each in people}


def call_as_read(user: User, rooms: Iterable[Room]) -> None:
    """Have rooms that were read to be shown be called as this person reads them. They are not to be
    saved."""
    listed = list(rooms)
    others = of_rooms(user, listed)
    for room in listed:
        if room.pk in others:
            room.name = others[room.pk].name


def of_room(user: User, room: Room) -> User | None:
    return of_rooms(user, [room]).get(room.pk)

"""A room as REST shows it to somebody. Called by the operations that answer with one."""

from typing import Any

from rooms.core import counterparts, installation, representations
from rooms.core.lookup import find_room
from rooms.models import User


def show(user: User, slug: str) -> dict[str, Any]:
    epoch = installation.read().epoch
    room, membership = find_room(user, slug)
    other = counterparts.of_room(user, room)
    count = room.memberships.count()
    return representations.room(room, membership, count, epoch, other, whole=True)

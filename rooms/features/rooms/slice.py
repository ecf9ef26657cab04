"""Rooms themselves: making, listing and reading them."""

from typing import Any

from rooms.core import lookup, policy
from rooms.core.policy import Facts
from rooms.models import Membership, Room, User
from rooms.slices import Slice

from .slash import HELP, TOPIC


def _may(user: User, room: Room, membership: Membership | None) -> dict[str, Any]:
    """What a person may do to this room whatever their role in it."""
    role = membership.role if membership else None
    facts = Facts(room, role, permissions=lookup.staff_permissions(user))
    return {"may_set_default": policy.allows("room.set_default", facts)}


SLICE = Slice(
    name="rooms",
    slash=[TOPIC, HELP],
    rest="rooms.features.rooms.rest.router",
    room_state=_may,
)

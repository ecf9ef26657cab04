"""Who may do what. Pure decisions over a room and the caller's membership in it.

Called by `actions` before every write and by whoever shows something. A room that the caller may
not see answers exactly like one that does not exist.
"""

from .models import Membership, Room
from .protocol import Forbidden, NotFound

Role = Membership.Role


def no_room(slug: str) -> NotFound:
    return NotFound(f"There is no room {slug!r}, or you may not see it.")


def may_see(room: Room, membership: Membership | None) -> bool:
    return membership is not None or room.visibility == Room.Visibility.PUBLIC


def require_see(room: Room | None, membership: Membership | None, slug: str) -> Room:
    if room is None or not may_see(room, membership):
        raise no_room(slug)
    return room


def require_post(room: Room, membership: Membership | None) -> None:
    """Anybody who sees a public room may speak there, and becomes a member by it."""
    if not may_see(room, membership):
        raise no_room(room.slug)
    if room.archived_at is not None:
        raise Forbidden(f"{room.name} is archived: it can be read, not written.", "archived")


def require_join(room: Room, membership: Membership | None) -> None:
    require_post(room, membership)


def may_manage(membership: Membership | None) -> bool:
    return membership is not None and membership.role in (Role.OWNER, Role.MODERATOR)


def require_leave(room: Room, membership: Membership | None, other_owners: int) -> None:
    if membership is None:
        raise Forbidden(f"You are not a member of {room.name}.")
    if (
        membership.role == Role.OWNER
        and room.visibility != Room.Visibility.PUBLIC
        and not other_owners
    ):
        raise Forbidden(
            "Make somebody else an owner before you leave: nobody could manage the room."
        )

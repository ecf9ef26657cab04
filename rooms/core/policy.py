"""Who may do what. Pure decisions over a room and the caller's membership in it.

Called by `actions` before every write and by whoever shows something. A room that the caller may
not see answers exactly like one that does not exist.
"""

from rooms.models import Membership, Room
from rooms.protocol import Forbidden, NotFound

Role = Membership.Role


def no_room(slug: str) -> NotFound:
    return NotFound(f"There is no room {slug!r}, or you may not see it.")


def may_see(room: Room, membership: object | None, banned: bool) -> bool:
    """For who is banned, a public room is like a closed one: they may not see it. Of `membership`
    counts whether there is one."""
    return membership is not None or (room.visibility == Room.Visibility.PUBLIC and not banned)


def require_see(room: Room | None, membership: Membership | None, banned: bool, slug: str) -> Room:
    if room is None or not may_see(room, membership, banned):
        raise no_room(slug)
    return room


def require_post(room: Room, membership: object | None) -> None:
    """Anybody who sees a public room may speak there, and becomes a member by it: a ban is looked
    at by `require_admit` then."""
    if not may_see(room, membership, banned=False):
        raise no_room(room.slug)
    if room.archived_at is not None:
        raise Forbidden(f"{room.name} is archived: it can be read, not written.", "archived")


def require_join(room: Room, membership: Membership | None) -> None:
    require_post(room, membership)


def require_admit(room: Room, banned: bool) -> None:
    """Whichever way somebody becomes a member, nobody does who is banned."""
    if banned:
        raise no_room(room.slug)


def may_manage(membership: Membership | None) -> bool:
    return membership is not None and membership.role in (Role.OWNER, Role.MODERATOR)


def require_manage(membership: Membership | None) -> None:
    if not may_manage(membership):
        raise Forbidden("Only the room's owners and moderators may do this.")


def require_manage_member(
    acting: Membership | None, target: Membership | None, role: str | None = None
) -> None:
    """Whether `acting` may change, remove or ban `target`, or give them `role`. What concerns
    owners is for owners."""
    require_manage(acting)
    assert acting is not None
    if acting.role != Role.OWNER and Role.OWNER in (role, target.role if target else None):
        raise Forbidden("Only an owner may do this to an owner, or make one.")


def require_owner_left(room: Room, target: Membership, other_owners: int) -> None:
    """Nobody takes its last owner from a room."""
    if target.role == Role.OWNER and not other_owners:
        raise Forbidden(
            f"{room.name} would have no owner. Make somebody else an owner first.", "forbidden"
        )


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

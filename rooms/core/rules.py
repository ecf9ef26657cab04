"""The rules of rooms and their members. Pure decisions over `policy.Facts`; registered at start.

Where a rule belongs to the room's management, people who do not see the room are told first that
there is none.
"""

from datetime import UTC, datetime, timedelta

from rooms.models import Membership, Room
from rooms.protocol import Forbidden, NotFound, Refusal

from . import policy
from .policy import Action, Cases, Facts

Role = Membership.Role
MANAGERS = (Role.OWNER.value, Role.MODERATOR.value)

# Permissions of the site's staff that open files which are in no room; apps add theirs.
roomless_file_permissions: set[str] = set()


def see(facts: Facts) -> Refusal | None:
    """Members see their rooms; a public one everybody does who is not banned from it."""
    room = facts.room
    assert room is not None
    if facts.role is not None or (room.visibility == Room.Visibility.PUBLIC and not facts.banned):
        return None
    return policy.no_room(room.slug)


def belong(facts: Facts) -> Refusal | None:
    """What is a member's own affair in a room."""
    assert facts.room is not None
    if facts.role is not None:
        return None
    return see(facts) or Forbidden(f"You are not a member of {facts.room.name}.")


def open_room(facts: Facts) -> Refusal | None:
    room = facts.room
    assert room is not None
    if room.archived_at is None:
        return None
    return Forbidden(f"{room.name} is archived: it can be read, not written.", "archived")


def unmuted(facts: Facts) -> Refusal | None:
    """Who is muted reads on, and does nothing that others read."""
    return None if facts.muted_until is None else muted(facts.muted_until)


def muted(until: datetime) -> Forbidden:
    """A minute that has begun is not over."""
    minute = (until + timedelta(minutes=1, microseconds=-1)).astimezone(UTC)
    return Forbidden(f"You are muted in this room until {minute:%-d %B %Y, %H:%M} UTC.")


def take_part(facts: Facts) -> Refusal | None:
    """People who see a public room may take part there, and become members by it."""
    return see(facts) or open_room(facts) or unmuted(facts)


def post(facts: Facts) -> Refusal | None:
    """The same of speaking, but for rooms in which only those speak who look after them."""
    room = facts.room
    assert room is not None
    refused = take_part(facts)
    if refused is None and room.who_posts == Room.WhoPosts.MODERATORS and must_wait(facts):
        return Forbidden(f"In {room.name} only owners and moderators post.")
    return refused


def must_wait(facts: Facts) -> bool:
    """Whether the room's bounds on posting are for this person."""
    return facts.role not in MANAGERS


def join(facts: Facts) -> Refusal | None:
    """A public room is for everybody, a closed one for those who are invited."""
    room = facts.room
    assert room is not None
    if facts.banned:
        return policy.no_room(room.slug)
    return (None if facts.invited else see(facts)) or open_room(facts)


def leave(facts: Facts) -> Refusal | None:
    """Nobody is kept, the last owner included."""
    room = facts.room
    assert room is not None
    if facts.role is None:
        return see(facts) or Forbidden(f"You are not a member of {room.name}.")
    return None


def manage(facts: Facts) -> Refusal | None:
    if facts.role in MANAGERS:
        return None
    return see(facts) or Forbidden("Only the room's owners and moderators may do this.")


def _own(facts: Facts, does: str) -> Refusal | None:
    if facts.role == Role.OWNER:
        return None
    return manage(facts) or Forbidden(f"Only an owner may {does}.")


def publish(facts: Facts) -> Refusal | None:
    """Everything that was said in confidence becomes readable."""
    return _own(facts, "make a closed room public") or _not_direct(facts)


def close(facts: Facts) -> Refusal | None:
    return manage(facts) or _not_direct(facts)


def restrict(facts: Facts) -> Refusal | None:
    """Of two people neither silences the other."""
    return manage(facts) or _not_direct(facts)


def set_default(facts: Facts) -> Refusal | None:
    """What newcomers find is for the site's staff to say. A closed room lets nobody in unasked."""
    room = facts.room
    assert room is not None
    refused = see(facts)
    if refused is not None:
        return refused
    if "rooms.change_room" not in facts.permissions:
        return Forbidden("Only the site's staff may say in which rooms newcomers are.")
    if room.visibility != Room.Visibility.PUBLIC:
        return Forbidden("Only a public room can be a default room.")
    return None


def _not_direct(facts: Facts) -> Refusal | None:
    assert facts.room is not None
    if facts.room.visibility == Room.Visibility.DIRECT:
        return Forbidden("A room between two people stays that.")
    return None


def invite(facts: Facts) -> Refusal | None:
    return manage(facts) or _not_direct(facts) or open_room(facts) or _give(facts)


def _give(facts: Facts) -> Refusal | None:
    if facts.gives == Role.OWNER:
        return _own(facts, "make somebody an owner")
    return None


def rank(facts: Facts) -> Refusal | None:
    """Moderators are there for members; what concerns their like is for owners."""
    if facts.target in MANAGERS and not facts.own:
        return _own(
            facts, f"do this to {'an owner' if facts.target == Role.OWNER else 'a moderator'}"
        )
    return None


def keeps_an_owner(facts: Facts) -> Refusal | None:
    """Nobody takes its last owner from a room; they may leave. Asked of the site's staff, too."""
    room = facts.room
    assert room is not None
    if facts.target == Role.OWNER and facts.last_owner and facts.gives != Role.OWNER:
        return Forbidden(f"{room.name} would have no owner. Make somebody else an owner first.")
    return None


def change_role(facts: Facts) -> Refusal | None:
    return manage(facts) or rank(facts) or _give(facts) or keeps_an_owner(facts)


def remove(facts: Facts) -> Refusal | None:
    """Also for a ban, which may concern somebody who is no member."""
    return manage(facts) or rank(facts) or keeps_an_owner(facts)


def mute(facts: Facts) -> Refusal | None:
    """Also for the end of it: nobody lifts their own."""
    refused = manage(facts) or _not_direct(facts)
    if refused is not None:
        return refused
    if facts.own:
        return Forbidden("Nobody mutes or unmutes themselves.")
    if facts.target == Role.OWNER:
        return Forbidden("An owner is not muted.")
    return rank(facts)


def open_file(facts: Facts) -> Refusal | None:
    """A file in a room is for those who see the room, one in none for its owner."""
    if facts.room is not None:
        return see(facts)
    if facts.own or any(each in roomless_file_permissions for each in facts.permissions):
        return None
    return NotFound()


CLOSED = (Room.Visibility.PRIVATE.value, Room.Visibility.DIRECT.value)
OPEN = (Room.Visibility.PUBLIC.value, Room.Visibility.DIRECT.value)
TARGETS: Cases = {
    "a member": {"target": "member"},
    "a moderator": {"target": "moderator"},
    "an owner": {"target": "owner"},
    "the last owner": {"target": "owner", "last_owner": True},
}
ROLES: Cases = {f"as {role}": {"gives": role} for role in Role.values}
CHANGES: Cases = {
    f"{name}, to {role}": {**facts, "gives": role}
    for name, facts in TARGETS.items()
    for role in Role.values
    if role != facts["target"]
}
FILES: Cases = {
    "in the room": {},
    "in no room, one's own": {"room": None, "own": True},
    "in no room, somebody else's": {"room": None},
}

ACTIONS = [
    Action("room.see", "see the room, its messages, members and files", see),
    Action("room.join", "become a member", join),
    Action("room.leave", "stop being a member", leave),
    Action("room.post", "say something", post),
    Action("room.read", "move one's own read marker", see),
    Action("room.change", "change name and topic", manage),
    Action("room.restrict", "say who may post, and how often", restrict),
    Action("room.set_default", "have newcomers be members of it", set_default, visibilities=OPEN),
    Action("room.archive", "archive the room, or open it again", manage),
    Action("room.close", "make the room private", close, visibilities=OPEN),
    Action("room.publish", "make the room public", publish, visibilities=CLOSED),
    Action("invitation.list", "see who is invited", manage),
    Action("invitation.make", "invite somebody", invite, ROLES),
    Action("invitation.cancel", "cancel an invitation", manage),
    Action("member.change_role", "change a role", change_role, CHANGES),
    Action("member.remove", "remove", remove, TARGETS),
    Action("file.open", "open a file", open_file, FILES),
]


def register_all() -> None:
    for action in ACTIONS:
        policy.register(action)

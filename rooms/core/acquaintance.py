"""Which people a caller may know of: nobody learns by trying numbers or names who has an account.

Called by what takes a person from outside. Somebody unknown, and somebody that the caller has
nothing to do with, cost the same queries and get the same answer.
"""

from rooms.models import Ban, Membership, Message, Room, User
from rooms.protocol import NotFound


def named(which: int | str) -> User | None:
    """By number or exact user name."""
    known = {"pk": which} if isinstance(which, int) else {"username": which}
    return User.objects.filter(is_active=True, **known).first()


def may_know(user: User, other_id: int, room: Room) -> bool:
    """They share a room, or the other has spoken in this one or is kept out of it, and not by a
    name that was typed."""
    mine = Membership.objects.filter(user=user).values("room")
    return (
        Membership.objects.filter(user=other_id, room__in=mine).exists()
        or Ban.objects.filter(room=room, user=other_id, name="").exists()
        or Message.objects.filter(room=room, author=other_id).exists()
    )


def known(user: User, which: int | str, room: Room) -> User | None:
    """None for nobody and for a stranger alike."""
    found = named(which)
    return found if may_know(user, found.pk if found else 0, room) else None


def find(user: User, which: int | str, room: Room) -> User:
    """Raises NotFound for nobody and for a stranger alike."""
    found = known(user, which, room)
    if found is None:
        raise NotFound(f"You know nobody called {which!r}.")
    return found

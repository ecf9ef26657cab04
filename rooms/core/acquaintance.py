"""Which people a caller may know of: nobody learns by trying numbers or names who has an account.

Called by what takes a person from outside, or offers people to choose from. Somebody unknown, and
somebody that the caller has nothing to do with, cost the same queries and get the same answer.
"""

from collections.abc import Collection

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Lower

from rooms.models import Ban, Membership, Message, Room, User
from rooms.protocol import NotFound


def named(which: int | str) -> User | None:
    """By number or exact user name."""
    known = {"pk": which} if isinstance(which, int) else {"username": which}
    return User.objects.filter(is_active=True, **known).first()


def may_know(user: User, other_id: int, room: Room) -> bool:
    """They share a room, or the other has spoken in this one or is kept out of it, and not by a
    name that was typed."""
    return (
        share_a_room(user, other_id)
        or Ban.objects.filter(room=room, user=other_id, name="").exists()
        or Message.objects.filter(room=room, author=other_id).exists()
    )


def met(user: User, other_id: int) -> Membership | None:
    """A membership of the other's in a room that the user sees, if there is one: of a room that
    both are in, or of a public one."""
    rooms = Room.objects.visible_to(user)
    rows = Membership.objects.filter(user=other_id, room__in=rooms)
    return rows.select_related("room").order_by("pk").first()


def share_a_room(user: User, other_id: int) -> bool:
    mine = Membership.objects.filter(user=user).values("room")
    return Membership.objects.filter(user=other_id, room__in=mine).exists()


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


def sharing(user_ids: Collection[int], other_ids: Collection[int]) -> set[tuple[int, int]]:
    """Those pairs of a person and another who are members of the same room, in one query."""
    if not user_ids or not other_ids:
        return set()
    rows = Membership.objects.filter(
        user__in=other_ids, room__memberships__user__in=user_ids
    ).order_by()
    return set(rows.values_list("room__memberships__user", "user").distinct())


def matching(user: User, room: Room, words: str) -> "QuerySet[User]":
    """People whose user name or name begins with `words`: members of the room first. Others only
    where they see the room, and share another one with `user`."""
    here = Exists(Membership.objects.filter(user=OuterRef("pk"), room=room))
    people = User.objects.filter(is_active=True)
    for word in words.split()[:4]:
        begins = Q(username__istartswith=word)
        for name in ("first_name", "last_name"):
            begins |= Q(**{f"{name}__istartswith": word}) | Q(**{f"{name}__icontains": f" {word}"})
        people = people.filter(begins)
    if room.visibility == Room.Visibility.PUBLIC:
        mine = Membership.objects.filter(user=user).values("room")
        shares = Exists(Membership.objects.filter(user=OuterRef("pk"), room__in=mine))
        kept_out = Exists(Ban.objects.in_force().filter(user=OuterRef("pk"), room=room))
        people = people.filter(here | (shares & ~kept_out))
    else:
        people = people.filter(here)
    first = Case(When(here, then=Value(0)), default=Value(1))
    return people.exclude(pk=user.pk).order_by(first, Lower("username"), "pk")

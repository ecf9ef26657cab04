"""Who is meant by the names in some messages. Called by `actions`, inside their transaction.

Somebody is meant only if they see the room, and if the author may know of them: a message must not
tell who has an account.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Q
from django.db.models.functions import Lower

from rooms.core import acquaintance, lookup, policy
from rooms.limits import limits
from rooms.models import Membership, Room, User

EVERYBODY = "room"


def as_meant(names: Sequence[str]) -> list[str]:
    """The names of a text; that of everybody in one way of writing it."""
    return [EVERYBODY if name.lower() == EVERYBODY else name for name in names]


@dataclass
class Said:
    """A message, with the names that it holds."""

    pk: int
    room: Room
    author: User
    number: int
    names: Sequence[str]


@dataclass
class Meant:
    """`people` by the name they are mentioned by; `everybody`: the ids of the room's other members,
    None where they are not mentioned."""

    people: dict[str, User] = field(default_factory=dict)
    everybody: Collection[int] | None = None


def meant_by(said: Sequence[Said], known: Collection[int] = ()) -> list[Meant]:
    """For each message; as many queries for a hundred of them as for one. `known` have been
    mentioned there before: who they are is no secret any more."""
    by_name = _called({name for each in said for name in each.names if name != EVERYBODY})
    rooms = {each.room.pk: each.room for each in said}
    users = [(each, name, by_name[name]) for each in said for name in each.names if name in by_name]
    pairs = {(user.pk, each.room.pk) for each, _, user in users}
    pairs |= {(each.author.pk, each.room.pk) for each in said if EVERYBODY in each.names}
    facts = lookup.facts_of_many(pairs, rooms)
    strangers = {
        (each.author.pk, user.pk)
        for each, _, user in users
        if facts[user.pk, each.room.pk].role is None
        and policy.allows("room.see", facts[user.pk, each.room.pk])
        and user.pk not in known
        and user.pk != each.author.pk
    }
    shared = acquaintance.sharing({a for a, _ in strangers}, {b for _, b in strangers})
    found = [Meant() for _ in said]
    places = {each.pk: meant for each, meant in zip(said, found, strict=True)}
    for each, name, user in users:
        seen = policy.allows("room.see", facts[user.pk, each.room.pk])
        pair = (each.author.pk, user.pk)
        if seen and (pair not in strangers or pair in shared):
            places[each.pk].people[name] = user
    for each in said:
        if EVERYBODY in each.names:
            asked = facts[each.author.pk, each.room.pk]
            if policy.allows("mention.everybody", asked):
                places[each.pk].everybody = others_in(each.room, each.author.pk)
    return found


def others_in(room: Room, author_id: int) -> Collection[int] | None:
    """The other members of a room; None: they are too many to be mentioned at once."""
    most = limits().mentioned_at_once
    rows = Membership.objects.filter(room=room).exclude(user=author_id)
    found = list(rows.values_list("user_id", flat=True)[: most + 1])
    return found if len(found) <= most else None


def _called(names: Collection[str]) -> Mapping[str, User]:
    """People by how their names are written in a message: as they are, or else with letters of
    another size, where that can only be one person."""
    if not names:
        return {}
    lowered = {name.lower() for name in names}
    rows = User.objects.annotate(lower_name=Lower("username")).filter(
        Q(username__in=names) | Q(lower_name__in=lowered), is_active=True
    )
    exact: dict[str, User] = {}
    alike: dict[str, list[User]] = {}
    for user in rows:
        exact[user.username] = user
        alike.setdefault(user.username.lower(), []).append(user)
    found = {}
    for name in names:
        others = alike.get(name.lower(), ())
        if name in exact:
            found[name] = exact[name]
        elif len(others) == 1:
            found[name] = others[0]
    return found

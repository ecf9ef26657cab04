"""Which messages a query means and a person may see, as conditions of the database's own.

Whatever way `walking` takes through the messages, `messages` is what shows them: that nobody finds
anything of a room that they may not see does not depend on the way.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from django.db.models import Exists, Lookup, OuterRef, Q, QuerySet, TextField
from django.db.models.expressions import Value
from django.db.models.functions import Concat, Lower
from django.utils import timezone

from rooms.core.lookup import find_room
from rooms.models import Attachment, Message, Room, User

from . import letters
from .query import Query


@TextField.register_lookup
class Holds(Lookup):
    """`body__holds`: the text is somewhere in it, in large or small letters."""

    lookup_name = "holds"
    prepare_rhs = False

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, Sequence[Any]]:
        text, parameters = self.process_lhs(compiler, connection)
        return f"{text} GLOB %s", [*parameters, letters.glob(str(self.rhs))]

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, Sequence[Any]]:
        text, parameters = self.process_lhs(compiler, connection)
        return f"{text} ~ %s", [*parameters, letters.regex(str(self.rhs))]


@TextField.register_lookup
class Says(Holds):
    """`body__says`: the same, for a statement that is not to go by an index of words."""

    lookup_name = "says"

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, Sequence[Any]]:
        text, parameters = self.process_lhs(compiler, connection)
        return f"({text} || '') ~ %s", [*parameters, letters.regex(str(self.rhs))]


class AnyOf(Lookup):
    """Whether a number is one of a list, which is one parameter however long it is. Neither
    database makes a join of it."""

    prepare_rhs = False

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, Sequence[Any]]:
        number, parameters = self.process_lhs(compiler, connection)
        return f"{number} IN (SELECT value FROM json_each(%s))", [*parameters, json.dumps(self.rhs)]

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, Sequence[Any]]:
        number, parameters = self.process_lhs(compiler, connection)
        return f"{number} = ANY(%s::bigint[])", [*parameters, self.rhs]


def rooms_of(user: User, query: Query) -> QuerySet[Room]:
    """Those that the person may see, or of them the ones that are asked for. Raises NotFound for
    one that they may not see as for one that there is not."""
    rooms = Room.objects.visible_to(user).order_by()
    if not query.rooms:
        return rooms
    for slug in query.rooms:
        find_room(user, slug)
    return rooms.filter(slug__in=query.rooms)


def messages(user: User, query: Query, rooms: QuerySet[Room]) -> QuerySet[Message]:
    """Those of these rooms that are meant, in no order yet."""
    return saying(filtered(user, query).filter(room__in=rooms), query, "says")


def saying(
    found: QuerySet[Message], query: Query, lookup: Literal["holds", "says"]
) -> QuerySet[Message]:
    for term in query.terms:
        found = found.filter(**{f"body__{lookup}": term})
    for term in query.without:
        found = found.exclude(body__says=term)
    return found


def filtered(user: User, query: Query) -> QuerySet[Message]:
    """Of all rooms, whatever they say."""
    found = Message.objects.filter(deleted_at=None)
    if query.people:
        found = found.filter(author__in=_called(user, query.people))
    if query.after:
        found = found.filter(created_at__gte=_begin(query.after))
    if query.before:
        found = found.filter(created_at__lt=_begin(query.before))
    if query.has_file:
        found = found.filter(Exists(Attachment.objects.filter(message=OuterRef("pk"))))
    return found


def _called(user: User, names: Sequence[str]) -> QuerySet[Any]:
    """By user name or by the name that is shown, in whole. Nobody is told whether there is such a
    person: of somebody unknown nothing is found."""
    wanted = Q()
    for name in names:
        bare = name.removeprefix("@").lower()
        wanted |= Q(pk=user.pk) if bare == "me" else Q(_user_name=bare) | Q(_full_name=bare)
    full = Concat(Lower("first_name"), Value(" "), Lower("last_name"))
    people = User.objects.annotate(_user_name=Lower("username"), _full_name=full)
    return people.filter(wanted).values("pk")


def _begin(day: date) -> datetime:
    """Of the day, on the site's clock; none is before the first or after the last there is."""
    try:
        return timezone.make_aware(datetime.combine(day, time.min))
    except OverflowError:
        return timezone.make_aware(datetime.combine(day - timedelta(days=1), time.min))

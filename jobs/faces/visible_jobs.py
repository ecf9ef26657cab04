"""Which jobs a person may see, newest first, among any number that they may not.

One query over all jobs walks past those of others, or sorts all of one kind: 0.2 to 0.5 s beside a
million. So each place in which a person sees jobs, a room or what they asked for outside of one, is
asked for its newest by an index of its own, all in one statement. Used by `api`.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from jobs import policy
from jobs.models import Job, JobQuerySet, State
from rooms.models import Room, User

from .newest_first import ORDER

# Whoever sees jobs in more rooms than this sees a good part of them all, and walks through those.
ROOMS_AT_MOST = 100
# More of them are asked for together: SQLite joins at most 500 lists.
STATES_APART = 3
# What a state or a person has no more of is looked at one by one.
FEW = 2_000
# Stands for a room's id in a statement: no room has it.
ANY_ROOM = -1

Statement = tuple[str, tuple[Any, ...]]


def newest(
    user: User,
    room: Room | None,
    states: Sequence[State],
    requester: int | None,
    wanted: Q,
    limit: int,
) -> list[Job]:
    """At most `limit` jobs that the user may see, newest first, with all that is shown of them: of
    the room (None: of any), of these states (none: of any), that this person asked for (None:
    anybody) and as they are wanted. That the user may see the room has been asked before."""
    states = list(dict.fromkeys(states))
    other = wanted if requester is None else wanted & Q(requested_by=requester)
    in_states = Q(state__in=states) if states else Q()
    narrow = [in_states] if states else []
    if requester is not None:
        narrow.append(Q(requested_by=requester))
    if len(narrow) == 2:
        # Of somebody's many jobs, and the many that failed, hardly any may be both.
        narrow.insert(0, narrow[0] & narrow[1])
    seen = Job.objects.all() if room is not None else Job.objects.visible_to(user)
    everything = seen.filter(other & in_states)
    if room is not None:
        everything = everything.filter(room=room)
    for each in narrow:
        few = Job.objects.filter(each).order_by().values_list("pk", flat=True)[: FEW + 1]
        if len(few) <= FEW:
            return _sorted(everything.filter(pk__in=list(few)))[:limit]
    if room is not None:
        rooms = [room.pk]
    elif policy.runs_the_site(user) or len(rooms := _rooms_with_jobs(user)) > ROOMS_AT_MOST:
        return list(everything.with_relations().order_by(*ORDER)[:limit])
    statements = []
    # A state at a time, as it stands in the indexes.
    apart = 0 < len(states) <= STATES_APART
    for each in [Q(state=state) for state in states] if apart else [in_states]:
        statements += _in_rooms(rooms, each & other, limit)
        if room is None and requester in (None, user.pk):
            statements.append(_statement(Q(room=None) & Q(requested_by=user) & each & other, limit))
    return _sorted(Job.objects.filter(pk__in=_newest_of_all(statements, limit)))


def _sorted(few: JobQuerySet) -> list[Job]:
    """SQLite, asked for an order, walks through all jobs in that order until it has met these."""
    rows = few.with_relations().order_by()
    return sorted(rows, key=lambda job: (job.created_at, job.pk), reverse=True)


def _rooms_with_jobs(user: User) -> list[int]:
    found = Room.objects.visible_to(user).filter(Exists(Job.objects.filter(room=OuterRef("pk"))))
    return list(found.order_by().values_list("pk", flat=True)[: ROOMS_AT_MOST + 1])


def _in_rooms(rooms: Sequence[int], wanted: Q, limit: int) -> list[Statement]:
    """Made once and asked of each: making one takes longer than what it does."""
    sql, values = _statement(Q(room=ANY_ROOM) & wanted, limit)
    return [
        (sql, tuple(room if value == ANY_ROOM else value for value in values)) for room in rooms
    ]


def _statement(wanted: Q, limit: int) -> Statement:
    """As the ORM makes it."""
    rows = Job.objects.filter(wanted).order_by(*ORDER)
    sql, values = rows.values_list("pk", "created_at")[:limit].query.sql_with_params()
    return sql, tuple(values)


def _newest_of_all(statements: Sequence[Statement], limit: int) -> list[UUID]:
    if not statements:
        return []
    # SQLite takes an order and a limit only in a query of its own.
    together = " UNION ALL ".join(
        f"SELECT * FROM ({sql}) AS place_{number}" for number, (sql, _) in enumerate(statements)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"{together} ORDER BY 2 DESC, 1 DESC LIMIT {limit:d}",
            [value for _, values in statements for value in values],
        )
        return [Job._meta.pk.to_python(row[0]) for row in cursor.fetchall()]

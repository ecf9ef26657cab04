"""The way through the messages to those that a query means: newest first, a bounded stretch at a
time.

Each stretch says what it found and how far back it has looked, so that a search whose time is over
tells what it has, and goes on from there when it is asked again. Which way it is depends on what
there is:

- on SQLite the table of trigrams, some thousand messages that may be meant in a stretch, after
  those that it does not have yet;
- of a person who sees few messages, all of them, by their rooms;
- else ranges of messages, ever larger ones: what is often said is in the first. For what is not
  there PostgreSQL is asked for its index, where the query has three letters in a row.

Each statement leaves the database one index to go by: it does not know how rare words are.
"""

import json
from collections.abc import Generator, Iterator
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.expressions import RawSQL

from rooms.models import Message, Room, User

from . import conditions, message_index
from .query import Query

# As many a person may see for all of them to be looked at.
FEW_MESSAGES = 20_000
FIRST_RANGE = 8_192
# So far back goes a search before it asks for PostgreSQL's index.
NEAR_MESSAGES = 40_000
FIRST_BATCH = 1_000
LARGEST_BATCH = 8_000
GROWTH = 4


class Stretch(NamedTuple):
    """`found`: primary keys, newest first. All messages from `looked_back_to` on have been looked
    at; 0: all there are."""

    found: list[int]
    looked_back_to: int


Walk = Iterator[Stretch]


def walk(user: User, query: Query, rooms: QuerySet[Room], below: int | None, wanted: int) -> Walk:
    """Through those of `rooms` older than `below`; a stretch need not find more than `wanted`."""
    last = Message.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    below = last + 1 if below is None else min(below, last + 1)
    # What was deleted counts as well, so there may be fewer.
    seen = dict(rooms.values_list("pk", "message_count"))
    few = sum(seen.values()) <= FEW_MESSAGES
    said = conditions.saying(conditions.filtered(user, query), query, "says")
    here = said.filter(conditions.AnyOf(F("room_id") + 0, list(seen)))
    if asked := _by_table(query):
        done = yield from _by_trigrams(here, asked, below, wanted, just_once=few)
        if done:
            return
    if few:
        seen_rooms = said.filter(conditions.AnyOf(F("room_id"), list(seen)))
        yield Stretch(_by_its_index(seen_rooms, below, wanted), 0)
    elif _by_index(query):
        yield from _by_ranges(here, below, wanted, max(0, below - NEAR_MESSAGES))
        held = conditions.saying(conditions.filtered(user, query), query, "holds")
        held = held.filter(conditions.AnyOf(F("room_id") + 0, list(seen)))
        yield Stretch(_by_its_index(held, below - NEAR_MESSAGES, wanted), 0)
    else:
        yield from _by_ranges(here, below, wanted, 0)


def _by_table(query: Query) -> str:
    """What the table of trigrams is asked for; empty: it cannot be."""
    if connection.vendor != "sqlite" or not message_index.is_whole(connection):
        return ""
    return message_index.expression(query.terms)


def _by_index(query: Query) -> bool:
    return (
        connection.vendor == "postgresql"
        and message_index.serves(query.terms, message_index.knows_ascii_alone(connection))
        and message_index.is_whole(connection)
    )


def _sorted(messages: QuerySet[Message], wanted: int) -> list[int]:
    """To both databases an order by the primary key is a reason to go through all of it that way;
    one by a sum is none."""
    found = messages.order_by((F("pk") + 0).desc()).values_list("pk", flat=True)
    return list(found[:wanted])


def _by_ranges(messages: QuerySet[Message], below: int, wanted: int, end: int) -> Walk:
    """By the primary key, until `wanted` are found."""
    size = FIRST_RANGE
    while below > end:
        start = max(end, below - size)
        found = messages.filter(pk__gte=start, pk__lt=below).order_by("-pk")
        yield Stretch(list(found.values_list("pk", flat=True)[:wanted]), start)
        below, size = start, size * GROWTH


def _by_its_index(messages: QuerySet[Message], below: int, wanted: int) -> list[int]:
    """By the one that the conditions leave: to PostgreSQL the whole table seems to be nearer."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Until the end of the transaction.
            cursor.execute("SET LOCAL enable_seqscan = off")
    key: Any = F("pk") + 0
    return _sorted(messages.annotate(key=key).filter(key__lt=below), wanted)


def _by_trigrams(
    messages: QuerySet[Message], asked: str, below: int, wanted: int, just_once: bool
) -> Generator[Stretch, None, bool]:
    """Whether all there are have been looked at. `just_once`: more than the first batch is not
    worth it, nor is more than a few that the table does not have yet."""
    newest = message_index.newest()
    if just_once and below - newest > FEW_MESSAGES:
        return False
    size = FIRST_BATCH
    candidates = _candidates(asked, min(below, newest + 1), size)
    if just_once and len(candidates) == size:
        return False
    yield from _by_ranges(messages, below, wanted, newest + 1)
    while True:
        last = len(candidates) < size
        of_these: Any = RawSQL("SELECT value FROM json_each(%s)", [json.dumps(candidates)])
        found = _sorted(messages.filter(pk__in=of_these), wanted) if candidates else []
        below = 0 if last else candidates[-1]
        yield Stretch(found, below)
        if last:
            return True
        size = min(size * 2, LARGEST_BATCH)
        candidates = _candidates(asked, below, size)


def _candidates(asked: str, below: int, most: int) -> list[int]:
    table = message_index.TRIGRAMS
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT rowid FROM {table} WHERE {table} MATCH %s AND rowid < %s"
            " ORDER BY rowid DESC LIMIT %s",
            [asked, below, most],
        )
        return [key for (key,) in cursor.fetchall()]

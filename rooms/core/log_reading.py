"""Reads a room's log, as those are told it who were away: what was rung, to the letter.

A page of usual events is one query. Two hundred of the longest would be tens of megabytes at once,
in the database's client, as text and as bytes: so a payload that is long comes at first as its size
alone, and those that are wanted, about `READ_BYTES` in all, come with a second query.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from django.db import connection

from rooms.models import Event
from rooms.protocol import encode_event

from . import statements
from .representations import timestamp

# One reading, about.
READ_BYTES = 1024 * 1024
# A page of the longest that are no long ones is less than that.
LONG_BYTES = 4 * 1024


class Stored(NamedTuple):
    seq: int
    type: str
    at: datetime
    encoded: str


def read(
    room_id: int, slug: str, after: int, limit: int, newest: bool = False
) -> list[tuple[int, bytes]]:
    """Up to `limit` events after `after`, in order, as (seq, encoded), as many as are about
    `READ_BYTES`: the first of them, or, with `newest`, the last of those `limit`. Two at least, so
    that who begins at an event that is known gets on."""
    statement = _statement(connection.vendor, newest)
    parameters = [room_id, after, *([after + limit] if newest else []), limit]
    rows: list[Stored] = []
    long: list[int] = []
    left = READ_BYTES
    for *columns, size in statements.read(Event, Stored._fields, statement, parameters):
        left -= size
        if left < 0 and len(rows) >= 2:
            break
        row = Stored(*columns)
        rows.append(row)
        if size > LONG_BYTES:
            long.append(row.seq)
    if newest:
        rows.reverse()
    if long:
        rows = _with_long(room_id, rows, long)
    return [
        (row.seq, encode_event(slug, row.seq, timestamp(row.at), row.type, row.encoded.encode()))
        for row in rows
    ]


def _with_long(room_id: int, rows: Sequence[Stored], long: Sequence[int]) -> list[Stored]:
    """The rows with those that are long. What was trimmed meanwhile is gone with all before it."""
    found = Event.objects.filter(room_id=room_id, seq__in=long).values_list(*Stored._fields)
    read = {row[0]: Stored(*row) for row in found}
    gone = max((seq for seq in long if seq not in read), default=0)
    return [read.get(row.seq, row) for row in rows if row.seq > gone]


@lru_cache
def _statement(vendor: str, newest: bool) -> str:
    """PostgreSQL knows how long a text is without reading it; SQLite reads one after the other."""
    size = 'LENGTH(CAST("encoded" AS BLOB))' if vendor == "sqlite" else 'OCTET_LENGTH("encoded")'
    short = f'CASE WHEN {size} <= {LONG_BYTES} THEN "encoded" END'
    last, order = (' AND "seq" <= %s', "DESC") if newest else ("", "ASC")
    return (
        f'SELECT "seq", "type", "at", {short}, {size} FROM "{Event._meta.db_table}"'
        f' WHERE "room_id" = %s AND "seq" > %s{last} ORDER BY "seq" {order} LIMIT %s'
    )

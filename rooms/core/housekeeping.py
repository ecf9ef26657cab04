"""What is swept away now and then, rows that nobody asks for any more, and what is kept up.

Slices bring duties of their own. `manage.py housekeeping` does all of them, and so does beat once
an hour; steps of upkeep are done every few seconds by web processes (`live.upkeep`). Doing them
twice, or at the same time, is doing them once.
"""

import logging
from collections.abc import Callable

from django.db import connection
from django.db.models import Model, QuerySet

logger = logging.getLogger(__name__)

# Rows deleted in one statement: a moment, also on SQLite, where everybody else waits for it.
BATCH_ROWS = 1000

# Returns how much it has swept away.
Duty = Callable[[], int]
# Takes a moment, and returns whether there is more to do.
UpkeepStep = Callable[[], bool]

_duties: dict[str, Duty] = {}
_steps: dict[str, UpkeepStep] = {}


def register(name: str, duty: Duty) -> None:
    if name in _duties:
        raise ValueError(f"the duty {name!r} is registered twice")
    _duties[name] = duty


def register_step(name: str, step: UpkeepStep) -> None:
    if name in _steps:
        raise ValueError(f"the upkeep {name!r} is registered twice")
    _steps[name] = step


def steps() -> dict[str, UpkeepStep]:
    return dict(_steps)


def run() -> dict[str, int]:
    """All duties; one that fails is written down and keeps no other from its work."""
    swept: dict[str, int] = {}
    for name, duty in _duties.items():
        try:
            swept[name] = duty()
        except Exception:
            logger.exception("Sweeping %s failed", name)
    return swept


def delete_in_batches(rows: QuerySet[Model]) -> int:
    """Delete `rows`, which nothing refers to, without loading them and without their signals."""
    table = connection.ops.quote_name(rows.model._meta.db_table)
    key = rows.model._meta.pk
    assert key is not None
    deleted = 0
    while keys := list(rows.order_by().values_list("pk", flat=True)[:BATCH_ROWS]):
        marks = ", ".join(["%s"] * len(keys))
        column = connection.ops.quote_name(str(key.column))
        values = [key.get_db_prep_value(each, connection) for each in keys]
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE {column} IN ({marks})", values)
        deleted += len(keys)
    return deleted

"""`manage.py migrate`: Django's own, for a database that others are using.

A migration may take long over a large table, so its statements have no time-out. But it must not
wait long for a lock: everybody else queues behind a statement that waits for a whole table. It
fails instead, and is run again at a better moment.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from rooms.database import deadlines

# On PostgreSQL. What stands last counts.
TIMEOUTS = "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c lock_timeout=10s"


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with deadlines.unbounded(), patient(connections[options["database"]]):
            super().handle(*args, **options)


@contextmanager
def patient(connection: Any) -> Iterator[None]:
    """Connections that are made in here have other time-outs. Behind a pooler, which takes no
    options, they have none at all."""
    settings = connection.settings_dict["OPTIONS"]
    before = settings.get("options")
    if connection.vendor != "postgresql" or before is None:
        yield
        return
    forget(connection)
    settings["options"] = f"{before} {TIMEOUTS}"
    try:
        yield
    finally:
        settings["options"] = before
        forget(connection)


def forget(connection: Any) -> None:
    if connection.in_atomic_block:
        return
    connection.close()
    connection.close_pool()

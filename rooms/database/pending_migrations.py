"""Whether the database has what this version expects. Asked by `/readyz`, by workers and by beat.

A process that starts before its migration would fail at its first statement, and a load balancer
would send people to it.
"""

import logging

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

logger = logging.getLogger(__name__)

# Of many, these are named.
MOST_NAMES_SHOWN = 3

_applied = False


def pending() -> list[str]:
    """Names of the migrations that are not applied yet, as `rooms.0007_name`. Once there are none
    this costs nothing: nobody takes migrations back under a running process."""
    global _applied
    if _applied:
        return []
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    names = [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
    _applied = not names
    return names


def described(names: list[str]) -> str:
    """For the log and for `/readyz`."""
    more = f" and {len(names) - MOST_NAMES_SHOWN} more" if len(names) > MOST_NAMES_SHOWN else ""
    return f"migrations are pending: {', '.join(names[:MOST_NAMES_SHOWN])}{more}"


def pending_before_fork() -> list[str]:
    """The same, for a process that has children later: no connection and no pool stays behind. A
    database that is away counts as current: the parts that need it wait for it themselves."""
    try:
        return pending()
    except Error as error:
        logger.warning("Whether migrations are pending could not be asked: %s", error)
        return []
    finally:
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()

"""The database: there, of the right kind, migrated, and with a clock like ours."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from time import time
from typing import Any

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from rooms.database import deadlines, probe
from rooms.doctor.findings import Observation, Probe, good, register, wrong
from rooms.doctor.verdicts import database as verdicts

from .program import DATABASE_CHECKS

MOUNTS = Path("/proc/self/mounts")
ANSWER_SECONDS = 4.0


def reachable() -> Iterator[Observation]:
    try:
        with deadlines.within(ANSWER_SECONDS):
            found = probe.what_is_wrong()
    except Error as error:
        said = f"does not answer: {error}"
        yield wrong("Database", said, "Start it, mend DATABASE_URL, or see what keeps it away.")
        return
    if found is not None:
        yield wrong("Database", found, "Name a server that can be written in DATABASE_URL.")
    else:
        yield good("Database", f"{connection.vendor} answers and can be written")


def kind() -> Iterator[Observation]:
    if connection.vendor == "sqlite":
        yield from verdicts.sqlite(_sqlite())
    else:
        yield from verdicts.postgres(_postgres())


def _sqlite() -> verdicts.SqliteFacts:
    (mode,) = _row("PRAGMA journal_mode")
    mounts = MOUNTS.read_text() if MOUNTS.exists() else ""
    path = str(Path(connection.settings_dict["NAME"]).resolve())
    return verdicts.SqliteFacts(sqlite3.sqlite_version_info[:3], mode, file_system(path, mounts))


def file_system(path: str, mounts: str) -> str:
    """Of what kind it is there, by the longest mount point above `path`. Pure."""
    found, longest = "", -1
    for line in mounts.splitlines():
        parts = line.split(" ")
        if len(parts) < 3:
            continue
        point = parts[1].replace("\\040", " ").rstrip("/")
        if (path == point or path.startswith(f"{point}/")) and len(point) >= longest:
            found, longest = parts[2], len(point)
    return found


def _postgres() -> verdicts.PostgresFacts:
    environment = settings.ENVIRONMENT
    number, most, fsync, answering, used = _row(
        "SELECT current_setting('server_version_num')::int,"
        " current_setting('max_connections')::int, current_setting('fsync'), pg_backend_pid(),"
        " (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')"
    )
    # A pooler lets clients in by numbers of its own.
    let_in_by = connection.connection.info.backend_pid
    return verdicts.PostgresFacts(
        number=number,
        behind_pooler=let_in_by != answering,
        pooler=environment.database_pooler,
        pool_max=environment.database_pool_max,
        processes=environment.parley_processes,
        max_connections=most,
        connections=used,
        fsync=fsync,
    )


def _row(statement: str) -> tuple[Any, ...]:
    with deadlines.within(ANSWER_SECONDS), connection.cursor() as cursor:
        cursor.execute(statement)
        row: tuple[Any, ...] = cursor.fetchone()
        return row


def migrations() -> Iterator[Observation]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    pending = [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
    known = {app for app, _ in executor.loader.disk_migrations}
    unknown = [
        f"{app}.{name}"
        for app, name in executor.loader.applied_migrations
        if app in known and (app, name) not in executor.loader.disk_migrations
        if (app, name) not in executor.loader.replacements
    ]
    yield from verdicts.migrations(pending, sorted(unknown))


def clock() -> Iterator[Observation]:
    if connection.vendor == "sqlite":
        return
    _row("SELECT 1")
    before = time()
    (theirs,) = _row("SELECT extract(epoch FROM clock_timestamp())")
    yield verdicts.clock("the database", float(theirs) - (before + time()) / 2)


register(
    Probe("database", "Database", reachable),
    Probe("database-kind", "Database", kind, needs=("database",)),
    Probe("migrations", "Database", migrations, seconds=10, needs=("database",)),
    DATABASE_CHECKS,
    Probe("database-clock", "Database", clock, needs=("database",)),
)

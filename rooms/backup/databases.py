"""The database as a file, taken while it is written; and put in place of what is there, all or
nothing, while others may be connected to it."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection

from rooms.database import deadlines
from rooms.models import Installation, User

from .manifest import Manifest, UnusableArchive
from .postgres_client import PostgresClient

# Nobody writes for longer than that; if somebody does, nothing has been touched yet.
LOCK_SECONDS = 30
# What lets a backup be made of a transaction that takes as long as it takes.
PATIENT = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
# Tables of the current schema, with all that hangs on them; extensions stay.
DROP = """\
DO $$ DECLARE each record; BEGIN
    FOR each IN
        SELECT c.oid::regclass AS name, c.relkind AS kind FROM pg_class c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
        AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('e', 'i'))
    LOOP
        IF each.kind = 'v' THEN EXECUTE format('DROP VIEW IF EXISTS %s CASCADE', each.name);
        ELSIF each.kind = 'm' THEN
            EXECUTE format('DROP MATERIALIZED VIEW IF EXISTS %s CASCADE', each.name);
        ELSE EXECUTE format('DROP TABLE IF EXISTS %s CASCADE', each.name);
        END IF;
    END LOOP;
    FOR each IN
        SELECT c.oid::regclass AS name FROM pg_class c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'S'
        AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('e', 'i'))
    LOOP
        EXECUTE format('DROP SEQUENCE IF EXISTS %s CASCADE', each.name);
    END LOOP;
    FOR each IN
        SELECT p.oid::regprocedure AS name FROM pg_proc p
        WHERE p.pronamespace = current_schema()::regnamespace AND p.prokind = 'f'
        AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    LOOP
        EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', each.name);
    END LOOP;
END $$;
"""

Execute = Callable[[str], list[tuple[Any, ...]]]


@dataclass(frozen=True)
class DatabaseCopy:
    """A database as it was at one moment, in a file, and what it holds."""

    name: str
    installation: str
    epoch: str
    migrations: dict[str, list[str]]
    counts: dict[str, int]
    client: int
    server: str


def take(path: Path) -> DatabaseCopy:
    """A copy of the database in the file `path`. Raises UnusableArchive."""
    if connection.vendor == "sqlite":
        return _take_sqlite(path)
    return _take_postgres(path)


def put(path: Path, manifest: Manifest, scratch: Path) -> None:
    """The copy in `path` in place of all that the database holds. Raises UnusableArchive, and then
    nothing has changed."""
    if connection.vendor == "sqlite":
        _put_sqlite(path)
    else:
        _put_postgres(path, manifest, scratch)


def identity() -> str:
    """What the database is called in Redis; empty: it has no name yet."""
    if Installation._meta.db_table not in connection.introspection.table_names():
        return ""
    return "".join(Installation.objects.values_list("identity", flat=True))


def people() -> int | None:
    """How many accounts are in the database; None: it has no tables for them."""
    tables = connection.introspection.table_names()
    return User.objects.count() if User._meta.db_table in tables else None


def _facts(execute: Execute, tables: set[str], name: str, client: int, server: str) -> DatabaseCopy:
    if "django_migrations" not in tables:
        raise UnusableArchive("the database is empty: there is nothing to keep")
    # Of an app that was here once nothing is said.
    installed = {each.label for each in apps.get_app_configs()}
    migrations: dict[str, list[str]] = {}
    for app, migration in execute("SELECT app, name FROM django_migrations ORDER BY id"):
        if app not in installed:
            continue
        migrations.setdefault(app, []).append(migration)
    ours = sorted({model._meta.db_table for model in apps.get_models()} & tables)
    counts = {table: int(execute(f'SELECT count(*) FROM "{table}"')[0][0]) for table in ours}
    rows: list[tuple[Any, ...]] = []
    if (table := Installation._meta.db_table) in tables:
        rows = execute(f'SELECT identity, epoch FROM "{table}"')
    identity, epoch = rows[0] if rows else ("", "")
    return DatabaseCopy(name, identity, epoch, migrations, counts, client, server)


# SQLite -------------------------------------------------------------------------------------------


def _take_sqlite(path: Path) -> DatabaseCopy:
    with closing(sqlite3.connect(str(_file()), timeout=LOCK_SECONDS)) as source:
        with closing(sqlite3.connect(path)) as copy:
            # In one step, of what is committed at its beginning; nobody who writes waits for it.
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            _require_sound(copy)

            def execute(statement: str) -> list[tuple[Any, ...]]:
                return copy.execute(statement).fetchall()

            names = execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            tables = {name for (name,) in names}
            return _facts(execute, tables, "database.sqlite3", 0, sqlite3.sqlite_version)


def _put_sqlite(path: Path) -> None:
    """By SQLite itself, within its locks: a file that is copied over one that is in use is corrupt
    afterwards."""
    connection.close()
    with closing(sqlite3.connect(path)) as source:
        _require_sound(source)
        with closing(sqlite3.connect(str(_file()), timeout=LOCK_SECONDS)) as there:
            there.execute("PRAGMA journal_mode=WAL")
            try:
                source.backup(there, progress=_give_up_after(LOCK_SECONDS))
            except (sqlite3.Error, TimeoutError) as error:
                raise UnusableArchive(f"the database could not be written: {error}") from None


def _give_up_after(seconds: float) -> Callable[[int, int, int], None]:
    """While somebody else writes, Python would try again for ever."""
    until = monotonic() + seconds

    def look(status: int, remaining: int, total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and monotonic() > until:
            raise TimeoutError(f"somebody else has been writing for {seconds:.0f} seconds")

    return look


def _require_sound(database: sqlite3.Connection) -> None:
    try:
        (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise UnusableArchive(f"the database is damaged: {found}")


def _file() -> Path:
    return Path(connection.settings_dict["NAME"])


# PostgreSQL ---------------------------------------------------------------------------------------


def _take_postgres(path: Path) -> DatabaseCopy:
    _require_no_pooler()
    number, server = _server()
    client = PostgresClient(connection.settings_dict, number)
    with deadlines.unbounded(), _snapshot() as (name, execute):
        tables = set(connection.introspection.table_names())
        facts = _facts(execute, tables, "database.dump", client.major, server)
        client.dump(path, name)
    return facts


@contextmanager
def _snapshot() -> Iterator[tuple[str, Execute]]:
    """A moment that pg_dump and this process see alike."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            for each in PATIENT:
                cursor.execute(f"SET LOCAL {each} = 0")
            cursor.execute("SELECT pg_export_snapshot()")
            (name,) = cursor.fetchone()

            def execute(statement: str) -> list[tuple[Any, ...]]:
                cursor.execute(statement)
                return list(cursor.fetchall())

            yield name, execute
        finally:
            cursor.execute("ROLLBACK")


def _put_postgres(path: Path, manifest: Manifest, scratch: Path) -> None:
    _require_no_pooler()
    number, _ = _server()
    client = PostgresClient(connection.settings_dict, number, manifest.client)
    emptied, script = scratch / "empty.sql", scratch / "restore.sql"
    emptied.write_text(f"SET lock_timeout = '{LOCK_SECONDS}s';\n{DROP}")
    client.script(path, script)
    connection.close()
    client.execute([emptied, script])


def _server() -> tuple[int, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int")
        (number,) = cursor.fetchone()
    return number // 10_000, f"{number // 10_000}.{number % 10_000}"


def _require_no_pooler() -> None:
    if settings.ENVIRONMENT.database_pooler == "transaction":
        raise UnusableArchive(
            "not through PgBouncer: run it with the DATABASE_URL of PostgreSQL itself and an empty"
            " DATABASE_POOLER"
        )

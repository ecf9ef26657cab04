"""What finds messages by any three letters in a row: a table of FTS5 on SQLite, an index of pg_trgm
on PostgreSQL.

PostgreSQL keeps its index itself. SQLite's table would make every post a third dearer, so it is
filled behind, by web processes every few seconds (`catch_up`); what is newer than its newest is
looked at one by one. What it has is changed and taken by triggers, in the transaction that writes.

`build` is called by the migration, and after every `migrate`: where a migration changes a table,
Django makes it anew on SQLite, and its triggers are gone without a word. Search works without an
index as well, and is slower (`walking`).
"""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import DatabaseError, connection, connections, transaction
from django.db.migrations.recorder import MigrationRecorder

from .letters import trigrams

logger = logging.getLogger(__name__)

MIGRATION = ("rooms", "0012_message_search")
MESSAGES = "rooms_message"
TRIGRAMS = "rooms_message_trigrams"
# Which messages the table has: FTS5's own.
ROWS = f"{TRIGRAMS}_docsize"
GIN = "rooms_message_body_trigrams"
# Added in one transaction: everybody else who writes waits for it.
CATCH_UP_ROWS = 250
# The tokenizer for parts of words came with it.
OLDEST_SQLITE = (3, 34, 0)
NO_EXTENSION = (
    "PostgreSQL's extension pg_trgm is not there: have somebody who may do so run"
    " CREATE EXTENSION pg_trgm, and then manage.py migrate."
)

# Where a trigram stands within a text is not kept: the text itself is looked at in any case, and
# the table has half the size.
TABLE = (
    f"CREATE VIRTUAL TABLE {TRIGRAMS} USING fts5"
    f"(body, content='{MESSAGES}', content_rowid='id', tokenize='trigram', detail=none)"
)
_ADD = f"INSERT INTO {TRIGRAMS} (rowid, body) VALUES (new.id, new.body)"
_TAKE = f"INSERT INTO {TRIGRAMS} ({TRIGRAMS}, rowid, body) VALUES ('delete', old.id, old.body)"
_HAS_IT = f"WHEN EXISTS (SELECT 1 FROM {ROWS} WHERE id = old.id)"
TRIGGERS = {
    f"{TRIGRAMS}_update": (
        f"AFTER UPDATE OF body ON {MESSAGES} {_HAS_IT} BEGIN {_TAKE}; {_ADD}; END"
    ),
    f"{TRIGRAMS}_delete": f"AFTER DELETE ON {MESSAGES} {_HAS_IT} BEGIN {_TAKE}; END",
}


def build(connection: Any) -> None:
    """Whatever of it is missing. A database that cannot have it is left as it is, which is said."""
    if connection.vendor == "postgresql":
        _make_extension(connection)
    missing = lacking(connection)
    if missing is None:
        (_build_trigrams if connection.vendor == "sqlite" else _build_gin)(connection)
    else:
        logger.warning("Searching messages has no index. %s", missing)


def drop(connection: Any) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name in TRIGGERS:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
            cursor.execute(f"DROP TABLE IF EXISTS {TRIGRAMS}")
        else:
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {GIN}")


def is_whole(connection: Any) -> bool:
    """Whether all of it is there and kept up."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            return _sqlite_parts(cursor) == {TRIGRAMS, *TRIGGERS}
        return _gin_is_valid(cursor) is True


def is_migrated(connection: Any) -> bool:
    return MIGRATION in MigrationRecorder(connection).applied_migrations()


def knows_ascii_alone(connection: Any) -> bool:
    """Of letters that are not English the index then has none."""
    if connection.vendor == "sqlite":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT datctype FROM pg_database WHERE datname = current_database()")
        return str(cursor.fetchone()[0]) in ("C", "POSIX")


def lacking(connection: Any) -> str | None:
    """What the database lacks for an index, with what to do."""
    with connection.cursor() as cursor:
        if connection.vendor != "sqlite":
            return None if _schema_of_pg_trgm(cursor) is not None else NO_EXTENSION
        cursor.execute("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'")
        if cursor.fetchone() is None or connection.Database.sqlite_version_info < OLDEST_SQLITE:
            return "This SQLite is older than 3.34, or has no FTS5."
    return None


def repair(using: str, **_: Any) -> None:
    """After `migrate`, as a receiver of its signal."""
    database = connections[using]
    if database.in_atomic_block or not is_migrated(database):
        return
    if not is_whole(database):
        build(database)


# SQLite -------------------------------------------------------------------------------------------


def _sqlite_parts(cursor: Any) -> set[str]:
    names = [TRIGRAMS, *TRIGGERS]
    marks = ", ".join(["%s"] * len(names))
    cursor.execute(f"SELECT name FROM sqlite_master WHERE name IN ({marks})", names)
    return {name for (name,) in cursor.fetchall()}


def _build_trigrams(connection: Any) -> None:
    """Empty: what was changed while a trigger was not there is in no table. It is filled by
    `catch_up`, since all at once nobody could write for a minute."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {TRIGRAMS}")
        cursor.execute(TABLE)
        for name, trigger in TRIGGERS.items():
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
            cursor.execute(f"CREATE TRIGGER {name} {trigger}")


def newest() -> int:
    """The newest message that the table has; 0: it has none. All that are older are in it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT max(id) FROM {ROWS}")
        return cursor.fetchone()[0] or 0


def catch_up() -> bool:
    """Add some of the messages that the table lacks; whether there are more."""
    if connection.vendor != "sqlite" or not is_whole(connection) or not _next_ones(newest()):
        return False
    with transaction.atomic():
        # The transaction holds the lock: another process may have added them in the meantime.
        keys = _next_ones(newest())
        if keys:
            with connection.cursor() as cursor:
                cursor.execute(
                    f"INSERT INTO {TRIGRAMS} (rowid, body) SELECT id, body FROM {MESSAGES}"
                    " WHERE id BETWEEN %s AND %s ORDER BY id",
                    [keys[0], keys[-1]],
                )
    return len(keys) == CATCH_UP_ROWS


def catch_up_with_all() -> None:
    while catch_up():
        pass


def _next_ones(after: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM {MESSAGES} WHERE id > %s ORDER BY id LIMIT {CATCH_UP_ROWS}", [after]
        )
        return [key for (key,) in cursor.fetchall()]


def expression(terms: Sequence[str]) -> str:
    """What FTS5 is asked for: every trigram of every term. Empty: it can be asked for none."""
    wanted: Iterator[str] = (three for term in terms for three in trigrams(term))
    return " AND ".join(
        f'"{three.replace(chr(34), chr(34) * 2)}"' for three in dict.fromkeys(wanted)
    )


def serves(terms: Sequence[str], ascii_alone: bool) -> bool:
    """Whether pg_trgm finds something to go by: three letters or digits in a row."""
    return any(
        three.isalnum() and (three.isascii() or not ascii_alone)
        for term in terms
        for three in trigrams(term)
    )


# PostgreSQL ---------------------------------------------------------------------------------------


def _make_extension(connection: Any) -> None:
    """Since PostgreSQL 13 for whoever may create things in the database."""
    with connection.cursor() as cursor:
        if _schema_of_pg_trgm(cursor) is not None:
            return
    try:
        with connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError as error:
        logger.warning("The extension pg_trgm cannot be made: %s", str(error).strip())


def _schema_of_pg_trgm(cursor: Any) -> str | None:
    cursor.execute(
        "SELECT nspname FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace"
        " WHERE extname = 'pg_trgm'"
    )
    row = cursor.fetchone()
    return None if row is None else str(row[0])


def _gin_is_valid(cursor: Any) -> bool | None:
    """None: there is none. One whose making was broken off stays, and is not used."""
    cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [GIN])
    row = cursor.fetchone()
    return None if row is None else bool(row[0])


def _build_gin(connection: Any) -> None:
    """While others write. It cannot be in a transaction."""
    with connection.cursor() as cursor:
        valid = _gin_is_valid(cursor)
        if valid:
            return
        if valid is False:
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {GIN}")
        schema = connection.ops.quote_name(_schema_of_pg_trgm(cursor))
        cursor.execute(
            f"CREATE INDEX CONCURRENTLY {GIN} ON {MESSAGES} USING gin (body {schema}.gin_trgm_ops)"
        )

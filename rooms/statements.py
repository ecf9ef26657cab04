"""The statements on the path of every message and every connection, put together by hand: the ORM
builds a query anew each time, which took four times as long as all the rest of writing a message.

Called by `log` and `posting` inside their transactions, and for what every new connection asks.
Columns come from the models and values are prepared by their fields, so that either database gets
what the ORM would have given it.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Field, Model

Row = TypeVar("Row", bound=Model)
AnyField: TypeAlias = "Field[Any, Any]"

# Rows of one INSERT: well below the variables that SQLite takes in a statement.
INSERT_ROWS = 500
# Of one `select_together`, likewise.
SELECT_ROWS = 500


def select(model: type[Row], *, lock: bool = False, **where: Collection[Any]) -> list[Row]:
    """Rows whose columns are among the given values, by primary key, and locked until the end of
    the transaction if wanted (SQLite has locked its whole file by then)."""
    if not all(where.values()):
        return []
    database = connections[DEFAULT_DB_ALIAS]
    shape = tuple((name, len(values)) for name, values in where.items())
    statement = _select(model, shape, lock and database.features.has_select_for_update)
    parameters = [
        field.get_db_prep_value(value, database)
        for field, values in zip(_fields(model, tuple(where)), where.values(), strict=True)
        for value in values
    ]
    return _rows(model, statement, parameters)


def select_together(
    model: type[Row], names: tuple[str, ...], wanted: Collection[tuple[Any, ...]]
) -> list[Row]:
    """Rows in which these columns together are one of `wanted`. There should be an index over
    them: a list for each column would look up every combination."""
    wanted = list(wanted)
    database = connections[DEFAULT_DB_ALIAS]
    fields = _fields(model, names)
    rows: list[Row] = []
    for start in range(0, len(wanted), SELECT_ROWS):
        some = wanted[start : start + SELECT_ROWS]
        parameters = [
            field.get_db_prep_value(value, database)
            for values in some
            for field, value in zip(fields, values, strict=True)
        ]
        rows += _rows(model, _select_together(model, names, len(some)), parameters)
    return rows


def _rows(model: type[Row], statement: str, parameters: list[Any]) -> list[Row]:
    database = connections[DEFAULT_DB_ALIAS]
    with database.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows = [list(row) for row in cursor.fetchall()]
    for index, column, steps in _converters(model, database.vendor) if rows else ():
        for row in rows:
            for step in steps:
                row[index] = step(row[index], column, database)
    names = [field.attname for field in _concrete(model)]
    return [model.from_db(DEFAULT_DB_ALIAS, names, row) for row in rows]


def count(model: type[Model], **where: Any) -> int:
    """How many rows have these values."""
    database = connections[DEFAULT_DB_ALIAS]
    fields = _fields(model, tuple(where))
    parameters = [
        field.get_db_prep_value(value, database)
        for field, value in zip(fields, where.values(), strict=True)
    ]
    with database.cursor() as cursor:
        cursor.execute(_count(model, tuple(where)), parameters)
        return int(cursor.fetchone()[0])


def insert(rows: Sequence[Model], *, with_keys: bool = False) -> None:
    """Insert unsaved rows of one model. `with_keys` has their primary keys filled in."""
    for start in range(0, len(rows), INSERT_ROWS):
        _insert_some(rows[start : start + INSERT_ROWS], with_keys)


def _insert_some(rows: Sequence[Model], with_keys: bool) -> None:
    database = connections[DEFAULT_DB_ALIAS]
    model = type(rows[0])
    fields = [field for field in _concrete(model) if not field.primary_key]
    parameters = [
        field.get_db_prep_save(getattr(row, field.attname), database)
        for row in rows
        for field in fields
    ]
    with database.cursor() as cursor:
        cursor.execute(_insert(model, len(rows), with_keys), parameters)
        keys = cursor.fetchall() if with_keys else []
    # Both databases give the keys in the order of the rows; the ORM relies on it as well.
    for row, (number,) in zip(rows, keys, strict=with_keys):
        row.pk = number
    for row in rows:
        row._state.adding = False
        row._state.db = DEFAULT_DB_ALIAS


def update(rows: Iterable[Model], *names: str) -> None:
    """Write these fields of each row, which are all of one model."""
    rows = list(rows)
    if not rows:
        return
    database = connections[DEFAULT_DB_ALIAS]
    model = type(rows[0])
    fields = _fields(model, (*names, "pk"))
    parameters = [
        [field.get_db_prep_save(getattr(row, field.attname), database) for field in fields]
        for row in rows
    ]
    with database.cursor() as cursor:
        cursor.executemany(_update(model, names), parameters)


# What depends on the models alone -----------------------------------------------------------------


@lru_cache
def _concrete(model: type[Model]) -> list[AnyField]:
    return list(model._meta.concrete_fields)


@lru_cache
def _fields(model: type[Model], names: tuple[str, ...]) -> list[AnyField]:
    """By the names of their attributes; `pk` is the primary key."""
    known = {field.attname: field for field in _concrete(model)}
    known["pk"] = next(field for field in known.values() if field.primary_key)
    return [known[name] for name in names]


def _quoted(name: str | None) -> str:
    return str(connections[DEFAULT_DB_ALIAS].ops.quote_name(name or ""))


def _columns(fields: Iterable[AnyField]) -> str:
    return ", ".join(_quoted(field.column) for field in fields)


def _marks(count: int) -> str:
    return f"({', '.join(['%s'] * count)})"


@lru_cache(512)
def _select(model: type[Model], shape: tuple[tuple[str, int], ...], lock: bool) -> str:
    fields = _fields(model, tuple(name for name, _ in shape))
    conditions = " AND ".join(
        f"{_quoted(field.column)} IN {_marks(count)}"
        for field, (_, count) in zip(fields, shape, strict=True)
    )
    return (
        f"SELECT {_columns(_concrete(model))} FROM {_quoted(model._meta.db_table)}"
        f" WHERE {conditions} ORDER BY {_columns(_fields(model, ('pk',)))}"
        f"{' FOR UPDATE' if lock else ''}"
    )


@lru_cache(512)
def _select_together(model: type[Model], names: tuple[str, ...], count: int) -> str:
    table = _quoted(model._meta.db_table)
    columns = ", ".join(f"{table}.{_quoted(field.column)}" for field in _concrete(model))
    wanted = [f"wanted_{number}" for number in range(len(names))]
    conditions = " AND ".join(
        f"{table}.{_quoted(field.column)} = wanted.{name}"
        for field, name in zip(_fields(model, names), wanted, strict=True)
    )
    return (
        f"WITH wanted ({', '.join(wanted)}) AS (VALUES {', '.join([_marks(len(names))] * count)})"
        f" SELECT {columns} FROM wanted JOIN {table} ON {conditions}"
    )


@lru_cache
def _count(model: type[Model], names: tuple[str, ...]) -> str:
    conditions = " AND ".join(f"{_quoted(field.column)} = %s" for field in _fields(model, names))
    return f"SELECT COUNT(*) FROM {_quoted(model._meta.db_table)} WHERE {conditions}"


@lru_cache(512)
def _insert(model: type[Model], count: int, with_keys: bool) -> str:
    fields = [field for field in _concrete(model) if not field.primary_key]
    returning = f" RETURNING {_columns(_fields(model, ('pk',)))}" if with_keys else ""
    return (
        f"INSERT INTO {_quoted(model._meta.db_table)} ({_columns(fields)})"
        f" VALUES {', '.join([_marks(len(fields))] * count)}{returning}"
    )


@lru_cache
def _update(model: type[Model], names: tuple[str, ...]) -> str:
    assignments = ", ".join(f"{_quoted(field.column)} = %s" for field in _fields(model, names))
    key = _columns(_fields(model, ("pk",)))
    return f"UPDATE {_quoted(model._meta.db_table)} SET {assignments} WHERE {key} = %s"


@lru_cache
def _converters(model: type[Model], vendor: str) -> list[tuple[int, Any, list[Callable[..., Any]]]]:
    """How a database's values become Python's, for the columns where they differ."""
    database = connections[DEFAULT_DB_ALIAS]
    found = []
    for index, field in enumerate(_concrete(model)):
        column = field.get_col(model._meta.db_table)
        steps = database.ops.get_db_converters(column) + field.get_db_converters(database)
        if steps:
            found.append((index, column, steps))
    return found

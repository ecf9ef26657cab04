"""The statements on the path of every message and every connection, put together by hand: the ORM
builds a query anew each time, which took four times as long as all the rest of writing a message.

Called by `log` and `posting` inside their transactions, and for what every new connection asks.
Columns come from the models and values are prepared by their fields, so that either database gets
what the ORM would have given it. What is written are named tuples, because a model's instance costs
more than its row; a column that they do not name gets its default.
"""

from collections import namedtuple
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple, TypeAlias, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import NOT_PROVIDED, Field, ForeignKey, JSONField, Model
from django.utils import timezone

Row = TypeVar("Row", bound=Model)
AnyField: TypeAlias = "Field[Any, Any]"
Names = tuple[str, ...]
Expressions = tuple[tuple[str, str], ...]

# Rows of one INSERT: well below the variables that SQLite takes in a statement.
INSERT_ROWS = 500
# Of one `select_together`, likewise.
SELECT_ROWS = 500

# Whole numbers and text are to a database what they are to Python.
PLAIN = {"AutoField", "BigAutoField", "IntegerField", "BigIntegerField", "CharField", "TextField"}


def select(
    model: type[Row],
    *,
    lock: bool = False,
    no_key: bool = False,
    only: Names = (),
    also: Expressions = (),
    **where: Collection[Any],
) -> list[Row]:
    """Rows whose columns are among the given values, by primary key, and locked until the end of
    the transaction if wanted (SQLite has locked its whole file by then); with `no_key` rows that
    refer to them may be written meanwhile. `only` some columns: the others are read when they are
    asked for. `also`: names and SQL of what else is computed with each row and becomes an attribute
    of it; constants of the code, as they stand in the statement."""
    if not all(where.values()):
        return []
    database = connections[DEFAULT_DB_ALIAS]
    shape = tuple((name, len(values)) for name, values in where.items())
    names = _in_order(model, only) if only else _every(model)
    locking = ""
    if lock and database.features.has_select_for_update:
        locking = " FOR NO KEY UPDATE" if no_key else " FOR UPDATE"
    statement = _select(model, shape, locking, names, also)
    parameters = [
        field.get_db_prep_value(value, database)
        for field, values in zip(_fields(model, tuple(where)), where.values(), strict=True)
        for value in values
    ]
    rows = _rows(model, names, statement, parameters)
    if not also:
        return [model.from_db(DEFAULT_DB_ALIAS, names, row) for row in rows]
    found = []
    for row in rows:
        instance = model.from_db(DEFAULT_DB_ALIAS, names, row[: len(names)])
        for (name, _), value in zip(also, row[len(names) :], strict=True):
            setattr(instance, name, value)
        found.append(instance)
    return found


def select_together(
    model: type[Model],
    names: Names,
    wanted: Collection[tuple[Any, ...]],
    filled: str = "",
    more: Names = (),
) -> list[Any]:
    """`pk` and these columns of the rows in which they together are one of `wanted`, and `more`
    columns of them. There should be an index over the first: a list for each column would look up
    every combination. If that holds only the rows whose column `filled` is not empty, it is used
    when this is said."""
    wanted = list(wanted)
    found = _found((*names, *more))
    rows: list[Any] = []
    for start in range(0, len(wanted), SELECT_ROWS):
        some = wanted[start : start + SELECT_ROWS]
        parameters = list(chain.from_iterable(_prepared(model, names, some)))
        statement = _select_together(model, names, len(some), filled, more)
        rows += map(found._make, _rows(model, ("pk", *names, *more), statement, parameters))
    return rows


def _rows(
    model: type[Model], names: Names, statement: str, parameters: list[Any]
) -> Sequence[Sequence[Any]]:
    """What a statement finds, as Python's values."""
    database = connections[DEFAULT_DB_ALIAS]
    with database.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: Sequence[Sequence[Any]] = cursor.fetchall()
    converters = _converters(model, names, database.vendor) if found else ()
    if not converters:
        return found
    rows = [list(row) for row in found]
    for index, column, steps in converters:
        for row in rows:
            for step in steps:
                row[index] = step(row[index], column, database)
    return rows


def read(
    model: type[Model], names: Names, statement: str, parameters: list[Any]
) -> Sequence[Sequence[Any]]:
    """What a statement of the caller's own finds: these columns, as Python's values, and what it
    computes after them, as the database gives it."""
    return _rows(model, names, statement, parameters)


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


def insert(model: type[Model], rows: Sequence[NamedTuple]) -> None:
    """Insert rows that have their columns by name. Columns that they do not name get the field's
    default, as the ORM would have given it."""
    for statement, parameters in _to_insert(model, rows, with_keys=False):
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(statement, parameters)


def insert_for_keys(model: type[Model], rows: Sequence[NamedTuple]) -> list[int]:
    """The same, and the primary keys that the rows have got, in their order."""
    keys: list[int] = []
    for statement, parameters in _to_insert(model, rows, with_keys=True):
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(statement, parameters)
            # Both databases give the keys in the order of the rows; the ORM relies on it as well.
            keys += [key for (key,) in cursor.fetchall()]
    if len(keys) != len(rows):
        raise RuntimeError(f"{len(rows)} rows got {len(keys)} keys")
    return keys


def _to_insert(
    model: type[Model], rows: Sequence[NamedTuple], with_keys: bool
) -> Iterable[tuple[str, list[Any]]]:
    """The statements that insert the rows, and the parameters of each."""
    if not rows:
        return
    names = rows[0]._fields
    others = _left_out(model, names)
    columns = (*names, *(field.attname for field in others))
    for start in range(0, len(rows), INSERT_ROWS):
        some = rows[start : start + INSERT_ROWS]
        whole = [(*row, *map(_default, others)) for row in some] if others else some
        parameters = list(chain.from_iterable(_prepared(model, columns, whole)))
        yield _insert(model, columns, len(some), with_keys), parameters


def _default(field: AnyField) -> Any:
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return timezone.now()
    return field.get_default()


def update(model: type[Model], rows: Sequence[NamedTuple], by: Names = ("pk",)) -> int:
    """Write the named columns of some rows, and return how many were there. Each ends with the
    columns `by` which it is found, which are its primary key if nothing else is said."""
    if not rows:
        return 0
    names = rows[0]._fields
    if names[-len(by) :] != by:
        raise ValueError(f"a row to update ends with {by}, not with {names[-len(by) :]}")
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        parameters = list(_prepared(model, names, rows))
        cursor.executemany(_update(model, names[: -len(by)], by), parameters)
        return int(cursor.rowcount)


def _prepared(
    model: type[Model], names: Names, rows: Sequence[tuple[Any, ...]]
) -> Iterable[tuple[Any, ...]]:
    """The rows as the database takes them. A batch has the same time in all its rows, so that each
    value is prepared once."""
    database = connections[DEFAULT_DB_ALIAS]
    columns: list[Iterable[Any]] = list(zip(*rows, strict=True))
    for index, field in _to_prepare(model, names):
        if isinstance(field, JSONField):
            columns[index] = [field.get_db_prep_save(value, database) for value in columns[index]]
            continue
        known = {value: field.get_db_prep_value(value, database) for value in set(columns[index])}
        columns[index] = [known[value] for value in columns[index]]
    return zip(*columns, strict=True)


# What depends on the models alone -----------------------------------------------------------------


@lru_cache
def _every(model: type[Model]) -> Names:
    return tuple(field.attname for field in model._meta.concrete_fields)


@lru_cache
def _in_order(model: type[Model], names: Names) -> Names:
    """As `from_db` expects them: in the model's own order."""
    return tuple(name for name in _every(model) if name in names)


@lru_cache
def _left_out(model: type[Model], names: Names) -> list[AnyField]:
    """The columns that a row of these names leaves to their defaults. One that the database fills
    by itself is left to it."""
    return [
        field
        for field in model._meta.concrete_fields
        if field.attname not in names
        and not field.primary_key
        and field.db_default is NOT_PROVIDED
        and not field.generated
    ]


@lru_cache
def _found(names: Names) -> Any:
    return namedtuple("Found", ("pk", *names))


@lru_cache
def _to_prepare(model: type[Model], names: Names) -> list[tuple[int, AnyField]]:
    """The columns, by their places, whose values are not what they are to Python."""
    found = []
    for index, field in enumerate(_fields(model, names)):
        while isinstance(field, ForeignKey):
            field = field.target_field
        if field.get_internal_type() not in PLAIN:
            found.append((index, field))
    return found


@lru_cache
def _fields(model: type[Model], names: Names) -> list[AnyField]:
    """By the names of their attributes; `pk` is the primary key."""
    known = {field.attname: field for field in model._meta.concrete_fields}
    known["pk"] = next(field for field in known.values() if field.primary_key)
    return [known[name] for name in names]


def _quoted(name: str | None) -> str:
    return str(connections[DEFAULT_DB_ALIAS].ops.quote_name(name or ""))


def _columns(fields: Iterable[AnyField]) -> str:
    return ", ".join(_quoted(field.column) for field in fields)


def _marks(count: int) -> str:
    return f"({', '.join(['%s'] * count)})"


@lru_cache(512)
def _select(
    model: type[Model],
    shape: tuple[tuple[str, int], ...],
    locking: str,
    names: Names,
    also: Expressions = (),
) -> str:
    fields = _fields(model, tuple(name for name, _ in shape))
    conditions = " AND ".join(
        f"{_quoted(field.column)} IN {_marks(count)}"
        for field, (_, count) in zip(fields, shape, strict=True)
    )
    computed = "".join(f", {expression}" for _, expression in also)
    return (
        f"SELECT {_columns(_fields(model, names))}{computed} FROM {_quoted(model._meta.db_table)}"
        f" WHERE {conditions} ORDER BY {_columns(_fields(model, ('pk',)))}"
        f"{locking}"
    )


@lru_cache(512)
def _select_together(
    model: type[Model], names: Names, count: int, filled: str = "", more: Names = ()
) -> str:
    table = _quoted(model._meta.db_table)
    fields = _fields(model, ("pk", *names, *more))
    columns = ", ".join(f"{table}.{_quoted(field.column)}" for field in fields)
    wanted = [f"wanted_{number}" for number in range(len(names))]
    conditions = " AND ".join(
        f"{table}.{_quoted(field.column)} = wanted.{name}"
        for field, name in zip(_fields(model, names), wanted, strict=True)
    )
    if filled:
        conditions += f" AND NOT ({table}.{_quoted(_fields(model, (filled,))[0].column)} = '')"
    return (
        f"WITH wanted ({', '.join(wanted)}) AS (VALUES {', '.join([_marks(len(names))] * count)})"
        f" SELECT {columns} FROM wanted JOIN {table} ON {conditions}"
    )


@lru_cache
def _count(model: type[Model], names: Names) -> str:
    conditions = " AND ".join(f"{_quoted(field.column)} = %s" for field in _fields(model, names))
    return f"SELECT COUNT(*) FROM {_quoted(model._meta.db_table)} WHERE {conditions}"


@lru_cache(512)
def _insert(model: type[Model], names: Names, count: int, with_keys: bool) -> str:
    fields = _fields(model, names)
    returning = f" RETURNING {_columns(_fields(model, ('pk',)))}" if with_keys else ""
    return (
        f"INSERT INTO {_quoted(model._meta.db_table)} ({_columns(fields)})"
        f" VALUES {', '.join([_marks(len(fields))] * count)}{returning}"
    )


@lru_cache
def _update(model: type[Model], names: Names, by: Names) -> str:
    assignments = ", ".join(f"{_quoted(field.column)} = %s" for field in _fields(model, names))
    conditions = " AND ".join(f"{_quoted(field.column)} = %s" for field in _fields(model, by))
    return f"UPDATE {_quoted(model._meta.db_table)} SET {assignments} WHERE {conditions}"


class Converter(NamedTuple):
    """What makes a column's values, at `position` of a row, into Python's."""

    position: int
    column: Any
    steps: list[Callable[..., Any]]


@lru_cache
def _converters(model: type[Model], names: Names, vendor: str) -> list[Converter]:
    """How a database's values become Python's, for the columns where they differ."""
    database = connections[DEFAULT_DB_ALIAS]
    found = []
    for index, field in enumerate(_fields(model, names)):
        column = field.get_col(model._meta.db_table)
        steps = database.ops.get_db_converters(column) + field.get_db_converters(database)
        if steps:
            found.append(Converter(index, column, steps))
    return found

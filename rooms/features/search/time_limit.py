"""An end to what a search may take of the database: in the database itself, because nothing else
can stop a statement there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from django.db import OperationalError, connection, transaction

# Of SQLite's virtual machine, between two looks at the clock.
STEPS_BETWEEN_LOOKS = 20_000
CANCELLED = "57014"


class OutOfTime(Exception):
    """The time was over before the statement was."""


@contextmanager
def at_most(seconds: float) -> Iterator[Callable[[], None]]:
    """Statements in here end after so long, all of them together; then OutOfTime is raised. What is
    given is to be called before each of them."""
    end = monotonic() + seconds
    try:
        with (_sqlite if connection.vendor == "sqlite" else _postgresql)(end) as prepare:
            yield prepare
    except OperationalError as error:
        state = getattr(error.__cause__, "sqlstate", None)
        if state == CANCELLED or (state is None and str(error) == "interrupted"):
            raise OutOfTime from None
        raise


@contextmanager
def _sqlite(end: float) -> Iterator[Callable[[], None]]:
    def prepare() -> None:
        if monotonic() >= end:
            raise OutOfTime

    connection.ensure_connection()
    raw = connection.connection
    raw.set_progress_handler(lambda: int(monotonic() >= end), STEPS_BETWEEN_LOOKS)
    try:
        yield prepare
    finally:
        raw.set_progress_handler(None, 0)


@contextmanager
def _postgresql(end: float) -> Iterator[Callable[[], None]]:
    def prepare() -> None:
        left = round((end - monotonic()) * 1000)
        if left <= 0:
            raise OutOfTime
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {left}")

    with transaction.atomic():
        yield prepare

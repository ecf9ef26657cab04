"""Errors of the database that are nobody's mistake: it is away, silent, read-only or full.

Callers are told to come again later, in the same words by socket, REST and pages. What is
wrong with a statement or with a row is not trouble in this sense: that is a fault of ours.
"""

import random
from time import monotonic

import psycopg
from django.db import Error, InterfaceError, OperationalError, connection

from rooms.protocol import OVERLOADED, Busy, Close

from .deadlines import forget_idle_connections

RETRY_AFTER_SECONDS = 2.0
# The pool is emptied for trouble at most this often: everybody meets it at once.
FORGET_EVERY_SECONDS = 1.0

SILENT = "The database does not answer."
BUSY = "The database has too much to do."
READ_ONLY = "The database can be read only."
FULL = "The database has no room left."

# What PostgreSQL calls it. Most of these are `OperationalError`s; not all are.
READ_ONLY_STATES = ("25006",)
FULL_STATES = ("53100", "53200")
BUSY_STATES = ("53300", "53400", "55P03", "57014", "40001", "40P01")
# A transaction or session that the server has ended for having been idle, or by an order.
ENDED_STATES = ("25P03", "25P04", "57P01", "57P02", "57P03", "57P05")
# What SQLite says, in the words of its error codes.
SQLITE = {
    "readonly": READ_ONLY,
    "is read-only": READ_ONLY,
    "disk is full": FULL,
    "is locked": BUSY,
    "table is locked": BUSY,
}


def reason(error: BaseException) -> str | None:
    """What is the matter with the database, in words for anybody; None: that is not the matter."""
    if not isinstance(error, Error):
        return None
    cause = error.__cause__
    state = cause.sqlstate if isinstance(cause, psycopg.Error) else None
    for states, text in (
        (READ_ONLY_STATES, READ_ONLY),
        (FULL_STATES, FULL),
        (BUSY_STATES, BUSY),
        (ENDED_STATES, SILENT),
    ):
        if state in states:
            return text
    if isinstance(error, OperationalError):
        said = str(error)
        if said.startswith("no such ") or "has no column" in said:
            # A table that was never made, by a migration that did not run.
            return None
        return next((text for part, text in SQLITE.items() if part in said), SILENT)
    # A connection that is gone is one with which nothing can be done.
    return SILENT if isinstance(error, InterfaceError) else None


def busy(error: BaseException) -> Busy | None:
    """The answer to a command or request that met it."""
    text = reason(error)
    return None if text is None else Busy(text, RETRY_AFTER_SECONDS)


def close(error: BaseException) -> Close | None:
    """The end of a connection that cannot be served because of it. Clients come back at different
    times."""
    text = reason(error)
    if text is None:
        return None
    return Close(OVERLOADED.code, text, round(random.uniform(1, 2 * RETRY_AFTER_SECONDS), 2))


def let_go(error: BaseException) -> None:
    """Give this thread's connection up after trouble, so that the next call has a new one. What can
    be read only leads to the wrong server: no other connection to it is used, either."""
    noticed(reason(error))
    connection.close()


def noticed(text: str | None) -> None:
    """A request met this trouble. Its own connection goes back to the pool when it ends; what the
    pool holds was most likely made for the same server, and would fail the next one."""
    if text in (READ_ONLY, SILENT):
        forget_idle_connections(unless_since=monotonic() - FORGET_EVERY_SECONDS)

"""Which installation this is, and of which history its positions are. One row in the database.

The identity is part of every name in Redis, so that two sites on one Redis do not hear each other.
The epoch goes with every position (`seq`): a database that was put back to an earlier state gives
the same numbers once more, and a position of before must not be taken for one of after. Who finds
that the database went back, or says so (`manage.py restored`), gives it another epoch.

Called by `live` for sockets, by REST and pages, and by everything that names a key in Redis.
"""

import asyncio
import secrets
import threading
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from rooms.models import Installation
from rooms.protocol import Conflict

from . import statements

# The table has one row.
ROW_ID = 1

_identity: str | None = None
_lock = threading.Lock()


class InstallationState(NamedTuple):
    """The row as it was read. `number` grows with every change of the epoch."""

    identity: str
    epoch: str
    number: int


def read() -> InstallationState:
    """The row as it is now, in one query; the first call of all makes it. Raises what the database
    raises."""
    row = _row()
    if row is None:
        made = Installation(pk=ROW_ID, identity=_token(), epoch=_token())
        # Two processes may start at once.
        Installation.objects.bulk_create([made], ignore_conflicts=True)
        row = _row()
        assert row is not None, "the row was just made"
    return InstallationState(row.identity, row.epoch, row.number)


def epoch_now(given: str | None) -> str:
    """The epoch, for a position that somebody gives. Raises Conflict when theirs is another one;
    who says none knows of none, and is believed."""
    now = read().epoch
    if given is not None and given != now:
        raise Conflict("The position is of another history: the database was put back. Load anew.")
    return now


def renew(known: InstallationState) -> InstallationState:
    """Another epoch, because the database went back behind what was known with `known`. Any number
    of processes may find that out at once: all of them get the same one."""
    now = read()
    if now.epoch != known.epoch and now.number >= known.number:
        return now
    rows = Installation.objects.filter(pk=ROW_ID, epoch=now.epoch, number=now.number)
    rows.update(epoch=_token(), number=max(now.number, known.number) + 1)
    return read()


def replace(new_identity: bool = False) -> InstallationState:
    """Another epoch whatever was before, for who has put a backup in place; with `new_identity` the
    database is an installation of its own from now on. Processes that run must be told."""
    global _identity
    now = read()
    changed = {"epoch": _token(), "number": now.number + 1}
    if new_identity:
        changed["identity"] = _token()
    Installation.objects.filter(pk=ROW_ID).update(**changed)
    _identity = None
    return read()


def identity() -> str:
    """The installation's name. Read once a process, at the first use; PARLEY_INSTALLATION has
    precedence. May be called anywhere: on an event loop the first call waits for a thread."""
    global _identity
    if settings.PARLEY_INSTALLATION:
        return str(settings.PARLEY_INSTALLATION)
    with _lock:
        if _identity is None:
            _identity = _read_aside() if _on_a_loop() else read().identity
        return _identity


def redis_prefix() -> str:
    """What every key, channel and group in Redis begins with, without a separator at the end."""
    return f"parley:{identity()}"


def _row() -> Installation | None:
    rows = statements.select(Installation, id=(ROW_ID,))
    return rows[0] if rows else None


def _token() -> str:
    return secrets.token_hex(8)


def _on_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _read_aside() -> str:
    """Django lets nobody ask the database on a loop."""
    found: list[str | BaseException] = []

    def ask() -> None:
        try:
            found.append(read().identity)
        except BaseException as error:
            found.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=ask, name="installation")
    thread.start()
    thread.join()
    (answer,) = found
    if isinstance(answer, BaseException):
        raise answer
    return answer

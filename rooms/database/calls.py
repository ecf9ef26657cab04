"""Calls to the database from threads that live long: of the live core and of the health check.

Such a thread keeps its connection from call to call, so it meets what happened to it meanwhile.
"""

import logging
import threading
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from django.db import connection

from . import trouble
from .deadlines import Silent

logger = logging.getLogger(__name__)
T = TypeVar("T")

# A thread's connection goes back to the pool after this, which decides whether it has got too old.
CONNECTION_SECONDS = 60.0

_taken = threading.local()


def with_connection(call: Callable[[], T]) -> T:
    """Run `call` with this thread's connection. One that has died in the meantime, or leads to a
    server that can only be read by now, is replaced, and the call made once more. Raises what the
    call raises; after trouble with the database the connection is given up."""
    reused = connection.connection is not None
    if not reused:
        _taken.at = monotonic()
    try:
        result = call()
    except Exception as error:
        if trouble.reason(error) is None:
            raise
        again = reused and not isinstance(error.__cause__, Silent) and not _is_usable(error)
        trouble.let_go(error)
        if not again:
            raise
        logger.info("A connection to the database was lost; trying again with a new one.")
        _taken.at = monotonic()
        try:
            result = call()
        except Exception as second:
            if trouble.reason(second) is not None:
                trouble.let_go(second)
            raise
    if monotonic() - getattr(_taken, "at", 0.0) > CONNECTION_SECONDS:
        # The pool ends old ones: this is when a thread that never stops learns of another server.
        connection.close()
    return result


def _is_usable(error: Exception) -> bool:
    """Whether it is the call that fails and not the connection."""
    if trouble.reason(error) == trouble.READ_ONLY:
        return connection.vendor == "sqlite"
    return connection.connection is not None and connection.is_usable()

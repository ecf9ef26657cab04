"""What an attempt finds around it, and leaves behind as it found it: the next one in this process
is somebody else's.

Restored are the time zone and language of Django, and where the process runs one job at a time its
working directory, umask, environment and signal handlers. An open transaction is ended, and is a
failure of its own. What Python cannot restore (modules that were patched, caches, native libraries)
stays: `docs/jobs.md` says so.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import connections
from django.utils import timezone, translation

HANDLED = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGALRM,
    signal.SIGCHLD,
    signal.SIGHUP,
    signal.SIGPIPE,
)


class TransactionLeftOpen(Exception):
    """The kind returned with a transaction open, or with autocommit off. What it wrote there is
    undone."""


@contextmanager
def restored(*, alone: bool) -> Iterator[None]:
    """`alone`: this thread is the main one of a process that runs one job at a time."""
    zone, language = timezone.get_current_timezone(), translation.get_language()
    process = _of_process() if alone else None
    try:
        yield
    finally:
        timezone.activate(zone)
        if translation.get_language() != language:
            translation.activate(language) if language else translation.deactivate_all()
        if process is not None:
            _restore(*process)


def _of_process() -> tuple[str | None, int, dict[bytes, bytes], dict[int, Any]]:
    folder = None
    with suppress(OSError):
        folder = os.getcwd()
    umask = os.umask(0o077)
    os.umask(umask)
    return folder, umask, _environment(), {each: signal.getsignal(each) for each in HANDLED}


def _environment() -> dict[bytes, bytes]:
    """What `os.environb` holds, which decodes each one when it is asked for all."""
    return dict(getattr(os.environb, "_data", os.environb))


def _restore(
    folder: str | None, umask: int, environment: dict[bytes, bytes], handlers: dict[int, Any]
) -> None:
    if folder is not None:
        with suppress(OSError):
            os.chdir(folder)
    os.umask(umask)
    if _environment() != environment:
        os.environb.clear()
        os.environb.update(environment)
    for number, handler in handlers.items():
        if handler is not None and signal.getsignal(number) is not handler:
            signal.signal(number, handler)


def close_connections() -> bool:
    """Give this thread's connections back; whether all of them were clean. One that was not is
    thrown away with what was written in it, and its place in the pool becomes free."""
    clean = True
    for wrapper in connections.all(initialized_only=True):
        if _is_clean(wrapper):
            wrapper.close()
            continue
        clean = False
        raw, wrapper.connection = wrapper.connection, None
        if raw is not None:
            with suppress(Exception):
                raw.close()
            if (pool := getattr(raw, "_pool", None)) is not None:
                with suppress(Exception):
                    pool.putconn(raw)
        del connections[wrapper.alias]
    return clean


def _is_clean(wrapper: Any) -> bool:
    if wrapper.connection is None:
        return not wrapper.in_atomic_block
    if wrapper.in_atomic_block or not wrapper.autocommit:
        return False
    if wrapper.vendor == "sqlite":
        return not wrapper.connection.in_transaction
    if wrapper.vendor == "postgresql":
        return bool(wrapper.connection.info.transaction_status == 0)
    return True

"""Passwords are hashed one after the other in each process, and behind everything else.

A hash keeps a core busy for a quarter of a second, without the interpreter's lock: as many at once
as there are requests would leave the event loop a tenth of its core. So there is one thread for
them, of low priority where the system has that for threads. Named in the settings; the hashes are
Django's own.
"""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from django.contrib.auth.hashers import PBKDF2PasswordHasher

NICE = 10

_lock = threading.Lock()
_executor: ThreadPoolExecutor | None = None
_pid = 0


class OneAtATime(PBKDF2PasswordHasher):
    """Django's default, in the thread for hashes."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        return _thread().submit(super().encode, password, salt, iterations).result()


def _thread() -> ThreadPoolExecutor:
    """Of this process: a fork has the object and not the thread."""
    global _executor, _pid
    with _lock:
        if _executor is None or _pid != os.getpid():
            _executor = ThreadPoolExecutor(1, "hashes", initializer=_give_way)
            _pid = os.getpid()
        return _executor


def _give_way() -> None:
    # Elsewhere a thread's number means nothing here, or another process.
    if sys.platform == "linux":
        number = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, number, os.getpriority(os.PRIO_PROCESS, number) + NICE)

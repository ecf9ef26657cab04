"""Passwords are hashed one after the other in each process, and behind everything else: a hash
keeps a core busy for a quarter of a second. Named in the settings; the hashes are Django's own.
"""

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from rooms.core.low_priority import LowPriorityThreads

_threads = LowPriorityThreads(1, "hashes")


class OneAtATime(PBKDF2PasswordHasher):
    """Django's default, in the thread for hashes."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        return _threads.run(super().encode, password, salt, iterations)

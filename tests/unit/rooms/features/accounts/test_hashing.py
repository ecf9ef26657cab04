"""The thread for hashes of passwords."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from rooms.core import low_priority
from rooms.features.accounts.hashing import OneAtATime
from tests.support.environment import ROOT


def test_its_hashes_are_those_of_django() -> None:
    ours, django = OneAtATime(), PBKDF2PasswordHasher()
    assert ours.encode("a secret", "salt", 1_000) == django.encode("a secret", "salt", 1_000)
    assert ours.verify("a secret", django.encode("a secret", "salt", 1_000))
    assert not ours.verify("another", django.encode("a secret", "salt", 1_000))
    assert ours.algorithm == django.algorithm and ours.iterations == django.iterations


def test_all_are_made_in_one_thread_that_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, int]] = []

    def encode(self: Any, password: str, salt: str, iterations: int | None = None) -> str:
        number = threading.get_native_id() if sys.platform == "linux" else 0
        seen.append((threading.current_thread().name, os.getpriority(os.PRIO_PROCESS, number)))
        return ""

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", encode)
    with ThreadPoolExecutor(8) as callers:
        list(callers.map(lambda _: OneAtATime().encode("x", "salt"), range(20)))
    assert len(seen) == 20 and len(set(seen)) == 1
    (name, priority) = seen[0]
    assert name.startswith("hashes")
    if sys.platform == "linux":
        usual = os.getpriority(os.PRIO_PROCESS, 0)
        assert priority == min(19, usual + low_priority.NICE)


def test_a_forked_process_has_one_of_its_own() -> None:
    """Else it would wait for a thread that stayed with its parent."""
    subprocess.run([sys.executable, "-W", "ignore", "-c", FORKED], check=True, timeout=60, cwd=ROOT)


FORKED = """
import os
from django.conf import settings
settings.configure()
from rooms.features.accounts.hashing import OneAtATime
assert OneAtATime().encode("x", "salt", 1)
child = os.fork()
if child == 0:
    os._exit(0 if OneAtATime().encode("x", "salt", 1) else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""

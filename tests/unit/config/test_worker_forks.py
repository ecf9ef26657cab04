"""The worker forks in one thread and starts its sweeper in another: never both at once."""

import subprocess
import sys
from typing import Any

import pytest
from celery.concurrency.asynpool import AsynPool

from config.celery import Sweeper, WatchedPool


def test_a_process_is_forked_while_no_program_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    monkeypatch.setattr(
        AsynPool,
        "_create_worker_process",
        lambda _pool, _index: seen.append(WatchedPool.forking.locked()),
    )
    pool: WatchedPool = object.__new__(WatchedPool)
    pool._create_worker_process(0)
    assert (seen, WatchedPool.forking.locked()) == ([True], False)


def test_the_sweeper_is_started_while_no_process_is_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    sweeper = Sweeper(None)

    def start(_command: Any, **options: Any) -> subprocess.Popen[bytes]:
        seen.append(WatchedPool.forking.locked())
        sweeper._ended.set()
        return real([sys.executable, "-c", ""], **options)

    real = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", start)
    sweeper._keep()
    assert (seen, WatchedPool.forking.locked()) == ([True], False)

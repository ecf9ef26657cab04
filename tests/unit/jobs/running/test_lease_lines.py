"""What a worker's log says while the database is away: as much for a hundred attempts as for one."""

import logging
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError

from jobs.running import lease
from jobs.running.interruption import InterruptWindow
from jobs.running.lease import LeaseKeeper
from rooms.core.outages import Outage


class Away:
    """A job whose row nobody can read."""

    pk, room = "1", None

    def renew(self, *_: Any) -> bool:
        raise OperationalError("the connection is lost")

    def __str__(self) -> str:
        return "job 1"


@pytest.mark.parametrize("broken", [False, True])
def test_an_outage_is_said_once_by_all_attempts_of_a_process(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    monkeypatch.setattr(lease, "_unlooked", Outage(lease.logger, "It could not be looked after"))
    monkeypatch.setattr(lease, "connection", SimpleNamespace(close=lambda: None))
    worker = SimpleNamespace(draining=lambda: False)
    if broken:
        # A fault of our own, and no outage: no less often met.
        worker.draining = lambda: 1 / 0
    job: Any = Away()
    keepers = [
        LeaseKeeper(job, uuid4(), InterruptWindow(), worker, 60, 60)  # type: ignore[arg-type]
        for _ in range(20)
    ]
    with caplog.at_level(logging.INFO):
        for beat in range(1, 30):
            for keeper in keepers:
                keeper._renewed = keeper._watch_at = float("-inf")
                keeper._look_safely()
    assert len(caplog.records) == 1, caplog.messages
    assert "the connection is lost" in caplog.text and "job 1" in caplog.text

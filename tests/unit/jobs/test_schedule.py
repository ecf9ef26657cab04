"""What beat sends is there to be run, and in a queue that somebody reads."""

import pytest
from django.conf import settings

from config.celery import app
from jobs import tasks
from jobs.registry import QUEUES
from rooms.core import housekeeping


def test_beat_sends_what_workers_know() -> None:
    app.loader.import_default_modules()
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["task"] in app.tasks
        assert entry["options"]["queue"] in QUEUES


@pytest.mark.django_db
def test_housekeeping_is_everybodys() -> None:
    done: list[str] = []
    before = dict(housekeeping._duties)
    housekeeping._duties.clear()
    try:

        def sweep() -> int:
            done.append("swept")
            return len(done)

        housekeeping.register("something", sweep)
        tasks.keep_house()
    finally:
        housekeeping._duties.clear()
        housekeeping._duties.update(before)
    assert done == ["swept"]

"""`manage.py tune` on a real history."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from jobs.models import Job
from rooms.database import clock
from tests.integration.jobs.conftest import claim
from tests.support.workshop import Run, Submit

pytestmark = pytest.mark.django_db(transaction=True)


def tune(*arguments: str) -> str:
    out = StringIO()
    call_command("tune", *arguments, stdout=out)
    return out.getvalue()


def test_it_reads_the_history_and_gives_commands_with_reasons(submit: Submit, run: Run) -> None:
    run(submit("ok"))
    run(submit("give_up"))
    long = run(submit("ok", kind="test.process"))
    begun = clock.now() - timedelta(hours=1)
    Job.objects.filter(pk=long.pk).update(
        queue="bulk", started_at=begun, finished_at=begun + timedelta(minutes=5)
    )
    old = run(submit("ok", kind="test.coroutine"))
    Job.objects.filter(pk=old.pk).update(finished_at=clock.now() - timedelta(days=2))
    assert claim(submit("ok"), "host-7")
    said = tune()
    assert "Jobs that ended within 24 hours: 3." in said
    assert "host-7: " in said
    assert "celery -A config worker --without-gossip --without-mingle -n interactive@%h" in said
    assert "test.process (function, needs a process): 1 ended, half within 300 s" in said
    assert "test.coroutine" not in said
    assert ("SQLite has one writer" in said) == (connection.vendor == "sqlite")


def test_as_json_it_has_all_that_it_goes_by(submit: Submit, run: Run) -> None:
    run(submit("ok"))
    told: dict[str, Any] = json.loads(tune("--json", "--hours=0.5"))
    assert told["machine"]["database"] == connection.vendor
    assert (told["machine"]["connections"] is not None) == (connection.vendor == "postgresql")
    assert told["machine"]["cores"] >= 1 and told["machine"]["memory_mb"] > 0
    (kind,) = [each for each in told["kinds"] if each["ended"]]
    assert (kind["name"], kind["ended"], kind["peak"]) == ("test.outcome", 1, 1)
    assert told["workers"][0]["command"].startswith("celery -A config worker")
    assert told["unknown"]


@pytest.mark.parametrize("hours", ["0", "-1", "100000", "nan"])
def test_hours_are_bounded(hours: str) -> None:
    with pytest.raises(CommandError):
        tune(f"--hours={hours}")

"""What /metrics says of jobs."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.metrics import Jobs
from jobs.models import Job, State, Worker
from tests.integration.jobs.conftest import claim
from tests.support.environment import ROOT
from tests.support.workshop import Run, Submit

pytestmark = pytest.mark.django_db(transaction=True)


def values() -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in Jobs().collect()
        for sample in family.samples
    }


def test_what_waits_what_runs_and_how_late_it_is(submit: Submit) -> None:
    assert set(values().values()) == {0}
    now = timezone.now()
    waiting, late, running = submit("ok"), submit("ok", run_at=now + timedelta(1)), submit("ok")
    Job.objects.filter(pk=waiting.pk).update(queued_at=now - timedelta(minutes=5))
    Job.objects.filter(pk=late.pk).update(due_at=now - timedelta(minutes=2))
    Job.objects.filter(pk=running.pk).update(state=State.RUNNING)
    found = values()
    assert found["parley_jobs_queued", waiting.queue] == 1
    assert found["parley_jobs_queued_oldest_seconds", waiting.queue] >= 300
    assert found["parley_jobs_running",] == 1
    assert found["parley_jobs_due_late_seconds",] >= 120


def test_workers_and_what_ended(submit: Submit, run: Run) -> None:
    assert claim(submit("ok"), "host-7")
    run(submit("give_up"))
    found = values()
    assert found["parley_job_workers", ""] == found["parley_job_slots", ""] == 2
    assert found["parley_jobs_ended_last_hour", "test.outcome", "failed"] == 1
    Worker.objects.filter(name="host-7").update(lease_expires_at=timezone.now())
    assert values()["parley_job_workers", ""] == 1


def test_dashboard_and_alerts_ask_only_for_what_there_is() -> None:
    board = (ROOT / "deploy" / "grafana" / "parley.json").read_text()
    alerts = (ROOT / "deploy" / "prometheus" / "parley.rules.yml").read_text()
    told = {family.name for family in Jobs().collect()}
    for text in (board, alerts):
        asked = set(re.findall(r"parley_job\w+", text))
        assert len(asked) >= 3 and asked <= told
    assert alerts.count("- alert:") == 4


def test_every_metric_is_in_the_table() -> None:
    page = (ROOT / "docs" / "jobs.md").read_text()
    documented = re.findall(r"^\| `(parley_\w+)` \|", page, re.MULTILINE)
    assert sorted(documented) == sorted(family.name for family in Jobs().collect())

"""How the admin shows a job's state, its times and how long things took. Pure."""

from datetime import datetime
from math import isfinite

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from jobs.models import UNCLAIMED, Attempt, Job, State

# A class of the stylesheet, which has the colour for light and dark.
TONES: dict[str, str] = {
    State.SCHEDULED: "wait",
    State.QUEUED: "wait",
    State.RUNNING: "run",
    State.RETRYING: "again",
    State.WAITING: "again",
    State.SUCCEEDED: "good",
    State.FAILED: "bad",
    State.CANCELLED: "quiet",
}
# Of steps and questions.
TONES |= {"open": "again", "answered": "good"}
NOTHING = "–"


def pill(state: str, label: str = "") -> str:
    tone = TONES.get(state, "quiet")
    text = label or (State(state).label if state in State.values else state)
    return format_html('<span class="job-pill {}">{}</span>', tone, text.capitalize())


def moment(at: datetime | None) -> str:
    """To the second, in one line, in the zone of the site."""
    if at is None:
        return NOTHING
    local = timezone.localtime(at)
    return format_html(
        '<time class="job-time" datetime="{}">{}</time>',
        local.isoformat(),
        local.strftime("%Y-%m-%d %H:%M:%S"),
    )


def duration(seconds: float) -> str:
    """In the largest unit that fits, and as exact as it is short: "0.12 s", "8 s", "3 min"."""
    if not isfinite(seconds) or seconds < 0:
        return NOTHING
    if seconds < 10:
        return f"{seconds:.2f}\u00a0s"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f}\u00a0{unit}"
    return f"{seconds:.0f}\u00a0s"


def between(start: datetime | None, end: datetime | None) -> str:
    if start is None or end is None:
        return NOTHING
    return format_html(
        '<span class="job-time" title="{} s">{}</span>',
        f"{(end - start).total_seconds():.3f}",
        duration((end - start).total_seconds()),
    )


def waited(job: Job, now: datetime) -> str:
    """Counts up while the job waits for a worker; before its time it says when that is."""
    if job.state in (State.SCHEDULED, State.RETRYING):
        return due(job, now)
    if job.state == State.QUEUED:
        return between(job.queued_at, max(now, job.queued_at) if job.queued_at else None)
    return between(job.queued_at, job.started_at or job.finished_at)


def took(job: Job, now: datetime) -> str:
    """Counts up while the job runs."""
    if job.state in UNCLAIMED:
        return NOTHING
    return between(job.started_at, now if job.state == State.RUNNING else job.finished_at)


def due(job: Job, now: datetime) -> str:
    """When a scheduled or retrying job goes to its queue: "in 8 s"."""
    if job.due_at is None:
        return NOTHING
    left = (job.due_at - now).total_seconds()
    words = f"in\u00a0{duration(left)}" if left >= 0 else f"{duration(-left)}\u00a0late"
    local = timezone.localtime(job.due_at).strftime("%Y-%m-%d %H:%M:%S")
    return format_html('<span class="job-time" title="{}">{}</span>', local, words)


def progress(job: Job) -> str:
    """As a share where the total is known: "42%", or the count."""
    said = job.progress or {}
    current, total = said.get("current"), said.get("total")
    if current is None:
        return NOTHING
    return f"{current / total:.0%}" if total else f"{current:,}"


def reason(error_class: str, message: str) -> str:
    return ": ".join(filter(None, [error_class, message])) or NOTHING


def worker(attempts: list[Attempt]) -> str:
    return attempts[-1].worker if attempts else NOTHING


def page(job: Job) -> str:
    """The address of the job in the admin."""
    return reverse("admin:jobs_job_change", args=[job.pk])

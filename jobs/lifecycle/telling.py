"""What a room is told of a job: each change, and at its end, or when it asks, a message. Called by
`attempts` and `transitions` in their transactions.
"""

from collections.abc import Collection

from jobs.models import Job, State
from rooms.core.reports import report_in_transaction
from rooms.models import Attachment

from .changes import JobChange
from .message import MESSAGE_KIND


def finish(change: JobChange, files: Collection[Attachment]) -> None:
    """Tell the room, and if this was the end leave the one message there. A part leaves none: its
    job does, with the files of its parts."""
    job = change.job
    if job.finished and job.parts:
        of_parts = Job.files.through.objects.filter(job__parent=job.pk)
        rows = Attachment.objects.filter(pk__in=of_parts.values("attachment_id"))
        files = [*files, *rows.order_by("created_at", "pk")]
    if files:
        job.files.add(*files)
    change.tell()
    if job.finished and job.parent_id is None:
        # What an exception says holds names with underscores, not emphasis.
        say(change, summary(job), files, as_written=job.state == State.FAILED)


def say(
    change: JobChange, words: str, files: Collection[Attachment] = (), *, as_written: bool
) -> None:
    """A message of the job in its room, if it has one."""
    if change.room is not None:
        report_in_transaction(
            change.logs,
            change.room,
            change.job.requested_by,
            words,
            MESSAGE_KIND,
            change.job.pk,
            list(files),
            as_written=as_written,
        )


def summary(job: Job) -> str:
    """The end of a job in one line."""
    if job.state == State.SUCCEEDED:
        return str((job.result or {}).get("summary") or f"{job.title} is done.")
    if job.state == State.CANCELLED:
        return f"{job.title} was cancelled."
    # Those that ended with a question, or to wait for parts, were no tries that failed.
    tries = 1 if job.parts else job.attempt - job.asked
    attempts = f" after {tries} attempts" if tries > 1 else ""
    return f"{job.title} failed{attempts}: {job.error_message or job.error_class}"

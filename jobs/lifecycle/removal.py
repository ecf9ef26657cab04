"""Takes ended jobs out of the database with all that is theirs: attempts, steps, parts, what was
answered under their keys, and files that no message shows. What stands in rooms stays.

Called by `loops.pruning` and by the actions that delete; both go by slices.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from jobs.models import FINISHED, UNFINISHED, Job, KeptAnswer
from rooms.core.file_contents import remove_contents_on_commit
from rooms.models import Attachment

# Of one transaction: some hundredths of a second, also on SQLite, where everybody waits for it.
JOBS_PER_SLICE = 200


def remove(job_ids: Collection[UUID], ended_before: datetime) -> int:
    """How many of these were removed: those that had ended before then. One that is begun again
    meanwhile stays, and so does one that somebody else is just removing."""
    with transaction.atomic():
        rows = Job.objects.filter(pk__in=job_ids, finished_at__lt=ended_before).order_by()
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        jobs = list(rows.values_list("pk", "requested_by_id", "idempotency_key", "parts"))
        found = [job_id for job_id, *_ in jobs]
        whole = [job_id for job_id, *_, number in jobs if number]
        parts = Job.objects.filter(parent__in=whole)
        found += parts.filter(state__in=FINISHED).values_list("pk", flat=True)
        # One that is still being stopped ends by itself, and is by itself then.
        parts.filter(state__in=UNFINISHED).update(parent=None, part=None)
        _remove_files(found)
        _forget_answers({(user_id, key) for _, user_id, key, _ in jobs if user_id and key})
        Job.objects.filter(pk__in=found).delete()
    return len(jobs)


def _remove_files(job_ids: Collection[UUID]) -> None:
    """A file that a message shows is a part of the room; the others were the job's alone."""
    through = Job.files.through.objects.filter(job__in=job_ids)
    file_ids = list(through.values_list("attachment_id", flat=True))
    through.delete()
    loose = list(Attachment.objects.filter(pk__in=file_ids, message=None))
    if loose:
        Attachment.objects.filter(pk__in=[row.pk for row in loose], message=None).delete()
        remove_contents_on_commit([row.file for row in loose])


def _forget_answers(keys: Collection[tuple[int, str]]) -> None:
    """Or the key of a job that is gone would be refused for a while."""
    wanted = Q()
    for user_id, key in keys:
        wanted |= Q(user=user_id, key=key)
    if keys:
        KeptAnswer.objects.filter(wanted).delete()

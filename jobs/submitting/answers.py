"""What was answered under an `Idempotency-Key` to a request for many jobs. (That of one job is kept
with it: see `insertion`.) Called by REST around the work.

While the work is under way there is a row without an answer. If its process dies, the same request
may be sent again after a while, and finds those of its jobs that are there by keys of their own.
"""

import hashlib
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.db import transaction

from jobs.models import KeptAnswer
from rooms.core import lookup, person_lock, policy
from rooms.database import clock
from rooms.models import Room, User
from rooms.protocol import Conflict, Invalid

from . import intake
from .insertion import OTHER_WORK

# After this nobody is at work on it any more.
UNDER_WAY_SECONDS = 120


def begin(user: User, key: str, fingerprint: str) -> str | None:
    """The answer that was given, or None: there is none, and this request makes it. Raises Conflict
    while the first request is under way, and Invalid if that was for something else."""
    return intake.alone(partial(_begin, user, key, fingerprint))


def _begin(user: User, key: str, fingerprint: str) -> str | None:
    now = clock.now()
    with transaction.atomic():
        person_lock.hold_in_transaction(user.pk)
        row, is_new = KeptAnswer.objects.get_or_create(
            user=user, key=key, defaults={"fingerprint": fingerprint, "created_at": now}
        )
        if is_new:
            return None
        if row.fingerprint != fingerprint:
            raise Invalid(OTHER_WORK)
        if row.status is not None:
            return row.body
        if row.created_at > now - timedelta(seconds=UNDER_WAY_SECONDS):
            raise Conflict(intake.UNDER_WAY, temporary=True, retry_after=1.0)
        row.created_at = now
        row.save(update_fields=["created_at"])
    return None


def keep(user: User, key: str, status: int, body: str) -> None:
    rows = KeptAnswer.objects.filter(user=user, key=key)
    intake.alone(lambda: rows.update(status=status, body=body))


def forget(user: User, key: str) -> None:
    """Nothing came of it: it may be tried again."""
    rows = KeptAnswer.objects.filter(user=user, key=key, status=None)
    intake.alone(rows.delete)


def key_of_part(key: str, number: int) -> str:
    """The key of one job of a request that has one."""
    return f"{hashlib.sha256(key.encode()).hexdigest()}/{number}"


def require_to_see(user: User, job_ids: list[UUID]) -> None:
    """Raises NotFound when some of these jobs are in a room that is closed to them now."""
    permissions = lookup.staff_permissions(user)
    for room in Room.objects.filter(jobs__in=job_ids).distinct():
        facts = lookup.facts(user, room)._replace(own=True, permissions=permissions)
        policy.require("job.see", facts)

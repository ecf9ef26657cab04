"""At most so many at once: jobs whose kind declares `at_once` wait, queued, while as many with the
same key run, first come first served within a priority.

A claim decides under a lock of the key's own, so that of two workers one sees what the other began.
One that may not begin yet is let be, and costs no attempt. When a place gets free, after that
commit, whoever is next is rung for; should this bell be lost, the sweeper rings. A lost worker's
places get free with its jobs. Called by `attempts`, `transitions`, the sweeper, and who shows jobs.
"""

from collections.abc import Collection, Iterable
from uuid import UUID
from zlib import crc32

from django.db import connection, transaction
from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from jobs import registry
from jobs.models import Job, State
from rooms.database import clock

from . import doorbell, pausing

# Of the advisory locks of keys; the other half is made of the key.
LOCKS = 0x6A6B


def most_at_once(job: Job) -> int | None:
    """None: as many as come. So is a job whose kind has no such bound any more."""
    kind = registry.find(job.kind) if job.hold_key is not None else None
    return kind.at_once if kind else None


def may_begin_in_transaction(jobs: Iterable[Job], leaving: Collection[UUID]) -> set[UUID]:
    """Which of these queued jobs with a key have a place. `leaving`: jobs that this transaction
    takes from where they run. Others wait for their claim until the end of the transaction."""
    bounds = _bounds(jobs)
    _lock(bounds)
    return {job_id for key, most in bounds.items() for job_id in _next(key, most, leaving)}


def _bounds(jobs: Iterable[Job]) -> dict[str, int]:
    """How many of each key may run."""
    return {
        job.hold_key: most
        for job in jobs
        if job.hold_key is not None and (most := most_at_once(job)) is not None
    }


def _lock(keys: Iterable[str]) -> None:
    """In one order, so that no two claims wait for each other."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for number in sorted({crc32(key.encode()) - 2**31 for key in keys}):
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCKS, number])


def _next(key: str, most: int, leaving: Collection[UUID] = ()) -> list[UUID]:
    """Those queued with this key that have a place, in their order."""
    rows = Job.objects.filter(hold_key=key)
    running = set(rows.filter(state=State.RUNNING).order_by().values_list("pk", flat=True))
    free = most - len(running.difference(leaving))
    if free <= 0:
        return []
    queued = rows.filter(state=State.QUEUED).order_by("priority", "queued_at", "pk")
    return list(queued.values_list("pk", flat=True)[:free])


def ring_next_on_commit(jobs: Iterable[Job]) -> None:
    """Places of these jobs got free: ring for who has them now. They are looked up after the
    commit: a claim that did not see it was of a job that this finds."""
    bounds = _bounds(jobs)
    if bounds:
        transaction.on_commit(lambda: _ring_next(bounds), robust=True)


def _ring_next(bounds: dict[str, int]) -> None:
    wanted = [job_id for key, most in bounds.items() for job_id in _next(key, most)]
    if not wanted:
        return
    rows = Job.objects.filter(pk__in=wanted, state=State.QUEUED)
    jobs = list(pausing.unpaused(rows, pausing.known()))
    rows.update(rung_at=clock.now())
    doorbell.ring(jobs)


def with_place(queued: QuerySet[Job], most: int) -> QuerySet[Job]:
    """Without the queued jobs that have to wait for others of their key; of those with a key that
    need not, `most` at the most."""
    kinds = {kind.name: kind.at_once for kind in registry.known() if kind.at_once is not None}
    if not kinds:
        return queued
    held = Q(kind__in=kinds, hold_key__isnull=False)
    order = [F("priority").asc(), F("queued_at").asc(), F("pk").asc()]
    place = Window(RowNumber(), partition_by=[F("hold_key")], order_by=order)
    ranked = queued.filter(held).annotate(place=place).filter(place__lte=max(kinds.values()))
    running = Job.objects.filter(held, state=State.RUNNING).order_by().values("hold_key")
    taken = {row["hold_key"]: row["number"] for row in running.annotate(number=Count("pk"))}
    found = [
        job_id
        for job_id, kind, key, number in ranked.values_list("pk", "kind", "hold_key", "place")
        if number + taken.get(key, 0) <= kinds[kind]
    ]
    return queued.filter(~held | Q(pk__in=found[:most]))


def is_held(job: Job) -> bool:
    """Whether it waits in its queue for others of its key."""
    most = most_at_once(job)
    if job.state != State.QUEUED or job.hold_key is None or most is None:
        return False
    return job.pk not in _next(job.hold_key, most)


def why(job: Job) -> str | None:
    """Why a queued job waits even if a worker is free."""
    if pausing.is_paused(job):
        return "paused"
    return "at_once" if is_held(job) else None

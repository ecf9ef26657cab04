"""A job: its row, and the guarded update by which it goes from one state to the next."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from rooms.models import Attachment, Room, User

from .schedules import Schedule
from .states import (
    FINISHED,
    GOING,
    NORMAL,
    SOURCES,
    SPOILT,
    State,
)
from .webhooks import Webhook
from .workers import Worker


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: User) -> Self:
        """What `policy.see` says, as a query."""
        if user.is_staff and user.has_perm("jobs.view_job"):
            return self
        return self.filter(
            Q(room__in=Room.objects.visible_to(user)) | Q(room=None, requested_by=user)
        )

    def with_relations(self) -> Self:
        """Everything that `representations.job` shows, in seven queries for any number of jobs."""
        return self.select_related("room", "requested_by", "cancelled_by").prefetch_related(
            "files", "steps", "questions__answered_by", "children"
        )


class Job(models.Model):
    """Work that somebody asked for. The row is the truth; a message to a worker only names it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=80)
    title = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    room = models.ForeignKey(
        Room, null=True, blank=True, on_delete=models.SET_NULL, related_name="jobs"
    )
    seq = models.BigIntegerField(
        null=True, blank=True, help_text="Where its first event stands in the room's log."
    )
    requested_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="jobs"
    )
    params = models.JSONField(default=dict, blank=True)
    # Where some are secret: all of them as they are, until the end; `params` has masks for those.
    secret_params = models.JSONField(null=True, blank=True, editable=False)
    queue = models.CharField(max_length=20)
    priority = models.SmallIntegerField(default=NORMAL, help_text="0 runs first, 9 last.")
    aged = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        editable=False,
        help_text="By how much it has become more urgent while it waited: see loops.ageing.",
    )
    # At most so many as its kind says run at once of those with the same. None: as many as come.
    hold_key = models.CharField(  # noqa: DJ001 - what is null is in no index
        max_length=150, null=True, blank=True, editable=False
    )
    # While it is there nobody gets another one that has the same; until then, or its end.
    unique_key = models.CharField(  # noqa: DJ001 - what is null is in no index
        max_length=64, null=True, blank=True, editable=False
    )
    unique_until = models.DateTimeField(null=True, blank=True, editable=False)
    idempotency_key = models.CharField(max_length=255, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True)

    schedule = models.ForeignKey(
        Schedule,
        null=True,
        blank=True,
        editable=False,
        # A history outlives what it came of, and deleting that goes through no million rows.
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="jobs",
    )
    scheduled_for = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The time of the schedule that it is for."
    )

    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        editable=False,
        # Parts go with their job, in slices: see `lifecycle.removal`.
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="children",
        help_text="The job that this one is a part of, and that waits for it.",
    )
    part = models.JSONField(
        null=True, blank=True, editable=False, help_text="Its place there: see lifecycle.parts."
    )
    parts = models.PositiveSmallIntegerField(
        default=0, db_default=0, editable=False, help_text="How many parts it has."
    )

    webhook = models.ForeignKey(
        Webhook,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        help_text="Which is told of its end; of a delivery, to whom it goes.",
    )

    created_at = models.DateTimeField(default=timezone.now)
    run_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(
        null=True, blank=True, help_text="When a scheduled or retrying job goes to its queue."
    )
    queued_at = models.DateTimeField(null=True, blank=True)
    rung_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    attempt = models.PositiveIntegerField(default=0, help_text="How many were begun.")
    max_attempts = models.PositiveIntegerField(default=1)
    losses = models.PositiveIntegerField(default=0, help_text="Attempts whose worker vanished.")
    asked = models.PositiveSmallIntegerField(
        default=0, db_default=0, editable=False, help_text="How many questions, since it was begun."
    )
    worker = models.ForeignKey(
        Worker,
        null=True,
        blank=True,
        editable=False,
        # Rows of workers that have ended go, and those have no jobs: nothing to look for.
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="jobs",
        db_index=False,
        help_text="Who runs it now. The job is lost when the lease of this process is.",
    )
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    # Of a worker of an older version, which renewed a lease a job.
    lease_expires_at = models.DateTimeField(null=True, blank=True, editable=False)

    progress = models.JSONField(null=True, blank=True)
    result = models.JSONField(null=True, blank=True)
    error_class = models.CharField(max_length=200, blank=True)
    error_message = models.TextField(blank=True)
    files = models.ManyToManyField(Attachment, blank=True, related_name="+")

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["unique_key"],
                condition=Q(unique_key__isnull=False),
                name="one_job_a_window",
            ),
            models.UniqueConstraint(
                fields=["requested_by", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="one_job_a_key",
            ),
            models.UniqueConstraint(
                fields=["schedule", "scheduled_for"],
                condition=Q(schedule__isnull=False),
                name="one_job_a_scheduled_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["hold_key", "state", "priority", "queued_at"],
                condition=Q(hold_key__isnull=False),
                name="job_held",
            ),
            models.Index(fields=["-created_at", "-id"], name="job_newest"),
            models.Index(fields=["state", "-created_at"], name="job_state"),
            models.Index(fields=["kind", "-created_at"], name="job_kind"),
            # What a person sees, place by place: faces.visible_jobs. The conditions also keep
            # SQLite from looking for one's own among all that are in no room.
            models.Index(
                fields=["room", "-created_at", "-id"],
                condition=Q(room__isnull=False),
                name="job_in_room",
            ),
            models.Index(
                fields=["room", "kind", "-created_at", "-id"],
                condition=Q(room__isnull=False),
                name="job_in_room_kind",
            ),
            models.Index(
                fields=["room", "state", "-created_at", "-id"],
                condition=Q(room__isnull=False),
                name="job_in_room_state",
            ),
            models.Index(
                fields=["requested_by", "-created_at", "-id"],
                condition=Q(room__isnull=True),
                name="job_own",
            ),
            models.Index(
                fields=["requested_by", "kind", "-created_at", "-id"],
                condition=Q(room__isnull=True),
                name="job_own_kind",
            ),
            models.Index(
                fields=["requested_by", "state", "-created_at", "-id"], name="job_own_state"
            ),
            models.Index(fields=["requested_by", "-created_at"], name="job_requester"),
            # What ended within a day is counted from this index alone: the rows are wide.
            models.Index(fields=["finished_at", "state", "kind"], name="job_ended"),
            models.Index(
                fields=["due_at"],
                condition=Q(state__in=[State.SCHEDULED, State.RETRYING]),
                name="job_due",
            ),
            models.Index(
                fields=["queue", "queued_at"],
                condition=Q(state=State.QUEUED),
                name="job_queued",
            ),
            models.Index(
                fields=["webhook", "-created_at"],
                condition=Q(webhook__isnull=False),
                name="job_webhook",
            ),
            models.Index(
                fields=["parent"],
                condition=Q(parent__isnull=False),
                name="job_parent",
            ),
            models.Index(
                fields=["lease_expires_at"],
                condition=Q(state=State.RUNNING),
                name="job_lease",
            ),
            models.Index(
                fields=["worker"],
                condition=Q(state=State.RUNNING),
                name="job_worker",
            ),
            models.Index(
                fields=["requested_by"],
                condition=Q(state__in=GOING),
                name="job_in_flight",
            ),
            models.Index(
                fields=["requested_by"],
                condition=Q(state=State.WAITING),
                name="job_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} {str(self.pk)[:8]}"

    @property
    def urgency(self) -> int:
        """Its priority by now."""
        return max(0, self.priority - self.aged)

    @property
    def finished(self) -> bool:
        return self.state in FINISHED

    @property
    def part_order(self) -> tuple[datetime, int]:
        """By which the parts of a job are in their order."""
        return self.created_at, (self.part or {}).get("position", 0)

    @property
    def spoilt(self) -> bool:
        """It ended without a result, and can be begun again."""
        return self.state in SPOILT

    def move(
        self,
        to: State,
        *,
        lease: uuid.UUID | None = None,
        sources: Iterable[State] | None = None,
        **values: Any,
    ) -> bool:
        """Go to `to` with `values`, unless somebody else has moved the job since it was read.

        One statement, so that of any number of processes that try exactly one wins. Leaving
        `running` takes the `lease` of the attempt that is under way: a worker that has lost it
        changes nothing.
        """
        allowed = SOURCES[to] if sources is None else tuple(sources)
        if not set(allowed) <= set(SOURCES[to]):
            raise ValueError(f"a job does not come to {to} from {allowed}")
        if lease is None:
            allowed = tuple(state for state in allowed if state != State.RUNNING)
        rows = Job.objects.filter(pk=self.pk, state__in=allowed, attempt=self.attempt)
        if lease is not None:
            rows = rows.filter(state=State.RUNNING, lease_token=lease)
        if not rows.update(state=to, **values):
            return False
        self.state = to
        for name, value in values.items():
            setattr(self, name, value)
        return True

    def hold(self, lease: uuid.UUID, **values: Any) -> bool:
        """Write `values` of a running job, if `lease` is still its lease.

        In a transaction this also keeps the lease from being taken away before the commit.
        """
        rows = Job.objects.filter(pk=self.pk, state=State.RUNNING, lease_token=lease)
        return bool(rows.update(**(values or {"lease_token": lease})))

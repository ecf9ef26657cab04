"""A job that is submitted again and again: what, where, for whom, and when next."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from rooms.models import Room, User

from .states import NORMAL


class CatchUp(models.TextChoices):
    """What becomes of times that nobody kept, because the site or its workers were away."""

    SKIP = "skip", "leave them out"
    ONCE = "once", "one job for all of them"
    ALL = "all", "a job for each"


class ScheduleQuerySet(models.QuerySet["Schedule"]):
    def visible_to(self, user: User) -> Self:
        """What `policy.see_schedule` says, as a query."""
        if user.is_staff and user.has_perm("jobs.view_schedule"):
            return self
        return self.filter(Q(room__in=Room.objects.visible_to(user)) | Q(room=None, owner=user))

    def with_relations(self) -> Self:
        return self.select_related("room", "owner")


class Schedule(models.Model):
    """Either `cron` or `every` says when. The jobs that come of it name it and the time that they
    are for (`Job.schedule`, `Job.scheduled_for`), each pair once."""

    title = models.CharField(max_length=120)
    kind = models.CharField(max_length=80)
    params = models.JSONField(default=dict, blank=True)
    room = models.ForeignKey(
        Room, null=True, blank=True, on_delete=models.CASCADE, related_name="schedules"
    )
    owner = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="schedules",
        help_text="In whose name its jobs are submitted.",
    )
    priority = models.SmallIntegerField(default=NORMAL, help_text="0 runs first, 9 last.")
    cron = models.CharField(
        max_length=100, blank=True, help_text="Minute, hour, day of the month, month, weekday."
    )
    every = models.PositiveIntegerField(null=True, blank=True, help_text="Seconds.")
    time_zone = models.CharField(max_length=64, help_text="Of the cron expression.")
    catch_up = models.CharField(
        max_length=4,
        choices=CatchUp.choices,
        default=CatchUp.ONCE,
        help_text="What becomes of times at which the site, or its workers, were away.",
    )
    key = models.CharField(max_length=255, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    # From when on `every` is counted.
    begins_at = models.DateTimeField(editable=False)
    next_run_at = models.DateTimeField(null=True, blank=True, help_text="Empty while it is paused.")
    last_run_at = models.DateTimeField(null=True, blank=True)
    last_job = models.ForeignKey(
        "jobs.Job",
        null=True,
        blank=True,
        editable=False,
        # It may have been pruned.
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_reason = models.TextField(blank=True)

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "key"], condition=~Q(key=""), name="one_schedule_a_key"
            ),
            models.CheckConstraint(
                condition=Q(cron="", every__isnull=False) | (~Q(cron="") & Q(every__isnull=True)),
                name="cron_or_interval",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_run_at"], condition=Q(next_run_at__isnull=False), name="schedule_due"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.pk}"

    @property
    def paused(self) -> bool:
        return self.paused_at is not None

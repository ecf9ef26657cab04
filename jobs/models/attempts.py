"""The tries at a job, and the parts of a job that run side by side."""

from django.db import models

from .jobs import Job
from .states import Outcome


class Attempt(models.Model):
    """One try at a job, on one worker."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    worker = models.CharField(max_length=120)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    # Empty while it runs.
    outcome = models.CharField(max_length=11, choices=Outcome.choices, blank=True)
    error_class = models.CharField(max_length=200, blank=True)
    error_path = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="Where that class is, as module.Class.",
    )
    message = models.TextField(blank=True)
    traceback = models.TextField(blank=True)
    log = models.TextField(blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["job", "number"], name="one_attempt_a_number")
        ]

    def __str__(self) -> str:
        return f"attempt {self.number}"


class Step(models.Model):
    """One of the parts of a job that run side by side. A part that succeeded is not run again."""

    class State(models.TextChoices):
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        STOPPED = "stopped"

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="steps")
    name = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.RUNNING)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(null=True, blank=True)
    # In place of `result` where the kind has secrets, until the job has ended.
    secret_result = models.JSONField(null=True, blank=True, editable=False)
    error_class = models.CharField(max_length=200, blank=True)
    error_message = models.TextField(blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["job", "name"], name="one_step_a_name")]

    def __str__(self) -> str:
        return self.name

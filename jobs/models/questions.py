"""What jobs have asked people, and what was answered."""

import uuid

from django.db import models
from django.db.models import Q

from rooms.models import User

from .jobs import Job


class Who(models.TextChoices):
    """Whose answer counts, of those who see the job."""

    REQUESTER = "requester"
    MEMBERS = "members"
    MODERATORS = "moderators"


class JobQuestion(models.Model):
    """A job asks by a `name` of its own, and each name once until it is begun anew by hand. While
    it is open its job is `waiting`; whoever moves the job settles the question with it."""

    class State(models.TextChoices):
        OPEN = "open"
        ANSWERED = "answered"
        EXPIRED = "expired"
        WITHDRAWN = "withdrawn"

    # A new one each time: a button for the question before does not answer this one.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="questions", db_index=False)
    name = models.CharField(max_length=60)
    text = models.CharField(max_length=500)
    choices = models.JSONField(default=list, blank=True, help_text="None: any text answers it.")
    who = models.CharField(max_length=10, choices=Who.choices)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["asked_at"]
        constraints = [models.UniqueConstraint(fields=["job", "name"], name="one_question_a_name")]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(state="open"), name="question_expires"),
        ]

    def __str__(self) -> str:
        return self.text[:60]

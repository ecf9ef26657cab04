"""The attempts, the steps and the questions of a job, on its page: to be read."""

from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import StackedInline, TabularInline
from unfold.decorators import display

from jobs.models import Attempt, JobQuestion, Step
from rooms.admin.base import Shown

from . import shown
from .texts import folded, isolated, pretty


class ReadOnlyInline:
    """Rows that the worker wrote."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Shown = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Shown = None) -> bool:
        return False


class AttemptInline(ReadOnlyInline, StackedInline):
    model = Attempt
    fields = ["ended", "worker", "began", "took", "error", "trace", "log_lines"]
    readonly_fields = fields

    @display(description="Outcome")
    def ended(self, attempt: Attempt) -> str:
        if not attempt.outcome:
            return shown.pill("running")
        return shown.pill(attempt.outcome, attempt.get_outcome_display())

    @display(description="Began")
    def began(self, attempt: Attempt) -> str:
        return shown.moment(attempt.started_at)

    @display(description="Took")
    def took(self, attempt: Attempt) -> str:
        return shown.between(attempt.started_at, attempt.ended_at or timezone.now())

    @display(description="Error")
    def error(self, attempt: Attempt) -> str:
        return isolated(shown.reason(attempt.error_class, attempt.message))

    @display(description="Traceback")
    def trace(self, attempt: Attempt) -> str:
        return folded(attempt.traceback)

    @display(description="Log")
    def log_lines(self, attempt: Attempt) -> str:
        return folded(attempt.log)


class StepInline(ReadOnlyInline, TabularInline):
    model = Step
    fields = ["name", "badge", "began", "took", "shown_result", "error_message"]
    readonly_fields = ["badge", "began", "took", "shown_result"]

    @display(description="State")
    def badge(self, step: Step) -> str:
        return shown.pill(step.state)

    @display(description="Began")
    def began(self, step: Step) -> str:
        return shown.moment(step.started_at)

    @display(description="Took")
    def took(self, step: Step) -> str:
        return shown.between(step.started_at, step.ended_at)

    @display(description="Result")
    def shown_result(self, step: Step) -> str:
        return pretty(step.result)


class QuestionInline(ReadOnlyInline, TabularInline):
    model = JobQuestion
    verbose_name_plural = "Questions"
    fields = ["asked", "who", "badge", "given", "by", "answered", "expires"]
    readonly_fields = fields

    @display(description="Question")
    def asked(self, question: JobQuestion) -> str:
        return isolated(question.text)

    @display(description="State")
    def badge(self, question: JobQuestion) -> str:
        return shown.pill(question.state)

    @display(description="Answer")
    def given(self, question: JobQuestion) -> str:
        return isolated(question.answer) if question.answer else shown.NOTHING

    @display(description="By")
    def by(self, question: JobQuestion) -> str:
        return isolated(question.answered_by.name) if question.answered_by else shown.NOTHING

    @display(description="Answered")
    def answered(self, question: JobQuestion) -> str:
        return shown.moment(question.answered_at)

    @display(description="Until")
    def expires(self, question: JobQuestion) -> str:
        return shown.moment(question.expires_at)

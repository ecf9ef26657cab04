"""Jobs in Django's admin: their history, read-only, with what may be done to them and a form that
submits one. Everything is done by `actions`, as from REST and the socket.
"""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html
from unfold.admin import ModelAdmin, StackedInline, TabularInline
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
)
from unfold.decorators import action, display
from unfold.paginator import InfinitePaginator

from jobs.models import Attempt, Job, State, Step
from jobs.submitting import actions
from rooms.models import User
from rooms.protocol import Refusal

from .submit_form import SubmitForm

Shown = Model | None

COLOURS = {
    State.SCHEDULED.label: "info",
    State.QUEUED.label: "info",
    State.RUNNING.label: "primary",
    State.RETRYING.label: "warning",
    State.SUCCEEDED.label: "success",
    State.FAILED.label: "danger",
    State.CANCELLED.label: "default",
}


def isolated(text: str) -> str:
    """Text of people: whatever direction marks it holds, they end with it."""
    return format_html("<bdi>{}</bdi>", text)


def folded(text: str) -> str:
    """Long text in its own lines."""
    if not text:
        return "–"
    return format_html('<pre class="whitespace-pre-wrap break-all text-xs">{}</pre>', text)


def pretty(value: Any) -> str:
    if value is None:
        return "–"
    return folded(json.dumps(value, indent=2, ensure_ascii=False))


class ReadOnlyInline:
    """Rows that the worker wrote."""

    extra = 0
    can_delete = False
    tab = True

    def has_add_permission(self, request: HttpRequest, obj: Shown = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Shown = None) -> bool:
        return False


class AttemptInline(ReadOnlyInline, StackedInline):
    model = Attempt
    fields = ["outcome", "worker", "started_at", "ended_at", "message", "trace", "log_lines"]
    readonly_fields = ["trace", "log_lines"]

    @display(description="Traceback")
    def trace(self, attempt: Attempt) -> str:
        return folded(attempt.traceback)

    @display(description="Log")
    def log_lines(self, attempt: Attempt) -> str:
        return folded(attempt.log)


class StepInline(ReadOnlyInline, TabularInline):
    model = Step
    fields = ["name", "state", "started_at", "ended_at", "shown_result", "error_message"]
    readonly_fields = ["shown_result"]

    @display(description="Result")
    def shown_result(self, step: Step) -> str:
        return pretty(step.result)


WHAT = "badge kind room by shown_params shown_progress shown_result shown_files".split()
WHAT += ["error_class", "error_message"]
TABS = {
    "Times": ["created_at", "run_at", "due_at", "queued_at", "started_at", "finished_at"],
    "Running": "id queue priority attempt max_attempts losses cancel_requested_at".split(),
}


def _tab(fields: list[str]) -> dict[str, list[str]]:
    return {"classes": ["tab"], "fields": fields}


@admin.register(Job)
class JobAdmin(ModelAdmin):
    form = SubmitForm
    paginator = InfinitePaginator
    show_full_result_count = False
    list_per_page = 50
    list_filter_submit = True
    list_display = [
        "created_at",
        "badge",
        "title",
        "room",
        "by",
        "progress_shown",
        "attempts_shown",
        "waited",
        "took",
    ]
    list_display_links = ["created_at", "title"]
    list_select_related = ["room", "requested_by"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("room", AutocompleteSelectFilter),
        ("requested_by", AutocompleteSelectFilter),
        ("created_at", RangeDateTimeFilter),
    ]
    search_fields = ["id"]
    search_help_text = "A job's id, or a kind: the whole of it."
    ordering = ["-created_at", "-id"]
    inlines = [AttemptInline, StepInline]
    autocomplete_fields = ["room"]
    actions = ["cancel_selected", "retry_selected"]
    actions_submit_line = ["cancel_this", "retry_this"]
    fieldsets = [(None, {"fields": WHAT}), *((name, _tab(fields)) for name, fields in TABS.items())]
    add_fieldsets = [(None, {"fields": ["kind", "room", "params", "priority", "run_at", "key"]})]
    readonly_fields = [*WHAT, *(field for fields in TABS.values() for field in fields)]

    # Reading --------------------------------------------------------------------------------------

    @display(description="State", ordering="state", label=COLOURS)
    def badge(self, job: Job) -> str:
        return State(job.state).label

    @display(description="Requested by")
    def by(self, job: Job) -> str:
        return isolated(job.requested_by.name) if job.requested_by else "–"

    @display(description="Progress")
    def progress_shown(self, job: Job) -> str:
        progress = job.progress or {}
        if not progress.get("total"):
            return "–"
        return f"{progress['current'] / progress['total']:.0%}"

    @display(description="Attempt", ordering="attempt")
    def attempts_shown(self, job: Job) -> str:
        return f"{job.attempt} of {job.max_attempts}"

    @display(description="Waited")
    def waited(self, job: Job) -> str:
        return _seconds(job.queued_at, job.started_at)

    @display(description="Took")
    def took(self, job: Job) -> str:
        running = timezone.now() if job.state == State.RUNNING else None
        return _seconds(job.started_at, job.finished_at or running)

    @display(description="Params")
    def shown_params(self, job: Job) -> str:
        return pretty(job.params)

    @display(description="Progress")
    def shown_progress(self, job: Job) -> str:
        return pretty(job.progress)

    @display(description="Result")
    def shown_result(self, job: Job) -> str:
        return pretty(job.result)

    @display(description="Files")
    def shown_files(self, job: Job) -> str:
        names = ", ".join(file.name for file in job.files.all())
        return isolated(names) if names else "–"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Job], search_term: str
    ) -> tuple[QuerySet[Job], bool]:
        """Exact and by index: a history is too long to be read through."""
        term = search_term.strip()
        if not term:
            return queryset, False
        try:
            return queryset.filter(pk=UUID(term)), False
        except ValueError:
            return queryset.filter(kind=term), False

    def get_fieldsets(self, request: HttpRequest, obj: Shown = None) -> Any:
        return self.fieldsets if obj else self.add_fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Shown = None) -> Any:
        return self.readonly_fields if obj else []

    def get_inlines(self, request: HttpRequest, obj: Shown) -> Any:
        return self.inlines if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Shown = None) -> bool:
        return False

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        hidden = {"show_save": False, "show_save_and_continue": False}
        hidden["show_save_and_add_another"] = False
        context = {**(extra_context or {}), **hidden}
        response: HttpResponseBase = super().change_view(request, object_id, form_url, context)
        return response

    def get_actions_submit_line(self, request: HttpRequest, object_id: Any) -> Any:
        """Only what the job's state allows."""
        job = Job.objects.filter(pk=object_id).first() if object_id else None
        allowed = {"cancel_this": job and not job.finished, "retry_this": job and job.spoilt}
        found = super().get_actions_submit_line(request, object_id)
        return [each for each in found if allowed.get(each.attrs["name"])]

    # Submitting -----------------------------------------------------------------------------------

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        named = {"title": "Submit a job", "show_save_and_continue": False}
        return super().add_view(request, form_url, {**(extra_context or {}), **named})

    def get_form(
        self, request: HttpRequest, obj: Shown = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is not None:
            kwargs["form"] = forms.ModelForm
        form = super().get_form(request, obj, change, **kwargs)
        form.user = request.user
        return form

    def save_model(self, request: HttpRequest, obj: Job, form: Any, change: bool) -> None:
        """Nothing is saved here: an old copy of the row would overwrite what a worker wrote."""
        if not change:
            obj.pk = form.job.pk
        for name in self.actions_submit_line:
            if change and name in request.POST:
                getattr(self, name)(request, obj)

    def response_add(
        self, request: HttpRequest, obj: Job, post_url_continue: str | None = None
    ) -> HttpResponse:
        messages.success(request, f"{obj.kind} was submitted.")
        return redirect("admin:jobs_job_change", obj.pk)

    # Doing ----------------------------------------------------------------------------------------

    @admin.action(description="Cancel", permissions=["change"])
    def cancel_selected(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        self._each(request, queryset, actions.cancel, "cancelled or asked to stop")

    @admin.action(description="Retry", permissions=["change"])
    def retry_selected(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        self._each(request, queryset, actions.retry, "queued again")

    @action(description="Cancel", permissions=["change"], attrs={"name": "cancel_this"})
    def cancel_this(self, request: HttpRequest, obj: Job) -> None:
        self._each(request, [obj], actions.cancel, "cancelled or asked to stop")

    @action(description="Retry", permissions=["change"], attrs={"name": "retry_this"})
    def retry_this(self, request: HttpRequest, obj: Job) -> None:
        self._each(request, [obj], actions.retry, "queued again")

    def _each(
        self, request: HttpRequest, jobs: Any, act: Callable[[User, UUID], Job], done: str
    ) -> None:
        """A refusal of one job does not keep the others from it."""
        count = 0
        for job in jobs:
            try:
                act(request.user, job.pk)  # type: ignore[arg-type]
                count += 1
            except Refusal as refusal:
                messages.warning(request, f"{job}: {refusal.message}")
        if count:
            messages.success(request, f"{count} {'job' if count == 1 else 'jobs'} {done}.")


def _seconds(start: Any, end: Any) -> str:
    if start is None or end is None or end < start:
        return "–"
    seconds = (end - start).total_seconds()
    return f"{seconds:.2f} s" if seconds < 60 else f"{seconds / 60:.1f} min"

"""Jobs in Django's admin: their history, read-only, with what may be done to them and a form that
submits one. Everything is done by `actions`, as from REST and the socket.
"""

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
)
from unfold.decorators import action, display
from unfold.paginator import InfinitePaginator

from jobs.models import Job, State
from jobs.submitting import actions
from rooms.admin.base import Shown
from rooms.models import User
from rooms.protocol import Refusal

from . import shown, timeline
from .many import ManyAdmin
from .submitting import SubmittingAdmin
from .texts import LINK, isolated, pretty

WHAT = "state_now title kind place by shown_params shown_progress shown_result shown_files".split()
WHAT += ["error_class", "error_message"]
MOMENTS = ["created_at", "run_at", "due_at", "queued_at", "started_at", "finished_at"]
TABS = {
    "Times": [*(f"{name}_shown" for name in MOMENTS), "waited", "took"],
    "Running": "id queue priority attempt max_attempts losses stop_asked".split(),
}


def _tab(fields: list[str]) -> dict[str, list[str]]:
    return {"classes": ["tab"], "fields": fields}


def _moment(name: str, described: str) -> Callable[[Any, Job], str]:
    """A time of the job, to the second."""

    @display(description=described, ordering=name)
    def shown_moment(self: Any, job: Job) -> str:
        return shown.moment(getattr(job, name))

    return shown_moment  # type: ignore[no-any-return]


@admin.register(Job)
class JobAdmin(ManyAdmin, SubmittingAdmin):
    paginator = InfinitePaginator
    show_full_result_count = False
    list_per_page = 50
    list_filter_submit = True
    list_display = [
        "created_at_shown",
        "badge",
        "title",
        "room",
        "by",
        "progress_shown",
        "attempts_shown",
        "waited",
        "took",
    ]
    list_display_links = ["created_at_shown", "title"]
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
    change_form_after_template = "admin/jobs/job/timeline.html"
    autocomplete_fields = ["room"]
    actions = ["cancel_selected", "retry_selected", "run_selected_now"]
    actions_submit_line = ["cancel_this", "retry_this", "run_this_now"]
    fieldsets = [(None, {"fields": WHAT}), *((name, _tab(fields)) for name, fields in TABS.items())]
    readonly_fields = [*WHAT, *(field for fields in TABS.values() for field in fields)]

    class Media:
        css: ClassVar = {"all": ["jobs/admin.css"]}

    # Reading --------------------------------------------------------------------------------------

    created_at_shown = _moment("created_at", "Created")
    run_at_shown = _moment("run_at", "To run at")
    due_at_shown = _moment("due_at", "Next attempt at")
    queued_at_shown = _moment("queued_at", "Queued")
    started_at_shown = _moment("started_at", "Started")
    finished_at_shown = _moment("finished_at", "Finished")
    stop_asked = _moment("cancel_requested_at", "Asked to stop")

    @display(description="State", ordering="state")
    def badge(self, job: Job) -> str:
        return shown.pill(job.state)

    @display(description="State")
    def state_now(self, job: Job) -> str:
        """With when it goes on, where it waits for a time, and whether it is to stop."""
        said = shown.pill(job.state)
        if job.due_at is not None and not job.finished:
            said = format_html("{} {}", said, shown.due(job, timezone.now()))
        if job.cancel_requested_at is not None and not job.finished:
            said = format_html("{} asked to stop", said)
        return said

    @display(description="Room")
    def place(self, job: Job) -> str:
        """To the room, where the job's card is."""
        if job.room is None:
            return "–"
        url = reverse("rooms:room", args=[job.room.slug])
        return format_html(LINK, url, isolated(job.room.name))

    @display(description="Requested by")
    def by(self, job: Job) -> str:
        return isolated(job.requested_by.name) if job.requested_by else "–"

    @display(description="Progress")
    def progress_shown(self, job: Job) -> str:
        return shown.progress(job)

    @display(description="Attempt", ordering="attempt")
    def attempts_shown(self, job: Job) -> str:
        return f"{job.attempt} of {job.max_attempts}"

    @display(description="Waited")
    def waited(self, job: Job) -> str:
        return shown.waited(job, timezone.now())

    @display(description="Took")
    def took(self, job: Job) -> str:
        return shown.took(job, timezone.now())

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
        files = [
            (reverse("rooms:attachment", args=[file.pk, file.name]), isolated(file.name))
            for file in job.files.all()
        ]
        return format_html_join(", ", LINK, files) or "–"

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

    def get_readonly_fields(self, request: HttpRequest, obj: Shown = None) -> Any:
        return self.readonly_fields if obj else []

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

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        job = kwargs.get("obj")
        if isinstance(job, Job):
            context["timeline"] = timeline.of(job)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_actions_submit_line(self, request: HttpRequest, object_id: Any) -> Any:
        """Only what the job's state allows."""
        job = self.get_object(request, object_id) if object_id else None
        allowed = {
            "cancel_this": job and not job.finished,
            "retry_this": job and job.spoilt,
            "run_this_now": job and job.state in (State.SCHEDULED, State.RETRYING),
        }
        found = super().get_actions_submit_line(request, object_id)
        return [each for each in found if allowed.get(each.attrs["name"])]

    def save_model(self, request: HttpRequest, obj: Job, form: Any, change: bool) -> None:
        """Nothing is saved here: an old copy of the row would overwrite what a worker wrote."""
        if not change:
            obj.pk, obj.kind, obj.title = form.job.pk, form.job.kind, form.job.title
        for name in self.actions_submit_line:
            if change and name in request.POST:
                getattr(self, name)(request, obj)

    # Doing ----------------------------------------------------------------------------------------

    @admin.action(description="Cancel", permissions=["change"])
    def cancel_selected(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        self._each(request, queryset, actions.cancel, "cancelled or asked to stop")

    @admin.action(description="Retry", permissions=["change"])
    def retry_selected(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        self._each(request, queryset, actions.retry, "queued again")

    @admin.action(description="Run now", permissions=["change"])
    def run_selected_now(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        self._each(request, queryset, actions.run_now, "queued before time")

    @action(description="Cancel the job", permissions=["change"], attrs={"name": "cancel_this"})
    def cancel_this(self, request: HttpRequest, obj: Job) -> None:
        self._each(request, [obj], actions.cancel, "cancelled or asked to stop")

    @action(description="Retry the job", permissions=["change"], attrs={"name": "retry_this"})
    def retry_this(self, request: HttpRequest, obj: Job) -> None:
        self._each(request, [obj], actions.retry, "queued again")

    @action(description="Run now", permissions=["change"], attrs={"name": "run_this_now"})
    def run_this_now(self, request: HttpRequest, obj: Job) -> None:
        self._each(request, [obj], actions.run_now, "queued before time")

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

"""Schedules in Django's admin: when they come next, and pausing, resuming, running and deleting.

They are made in rooms or over REST, in somebody's own name. Everything is done by
`scheduling.actions`, as from there.
"""

from collections.abc import Callable
from itertools import islice
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display

from jobs.models import Job, Schedule
from jobs.scheduling import actions, times
from rooms.admin.base import ListAdmin, Shown
from rooms.models import User
from rooms.protocol import Refusal

from . import shown
from .schedule_form import ScheduleForm
from .texts import LINK, isolated, pretty

PREVIEWED = 5
FACTS = "kind place by shown_params state coming last last_job_link created".split()


@admin.register(Schedule)
class ScheduleAdmin(ListAdmin):
    form = ScheduleForm
    list_display = ["pk", "title", "kind", "room", "by", "comes", "state", "next_shown", "last"]
    list_display_links = ["pk", "title"]
    list_select_related = ["room", "owner"]
    list_filter = [
        ("room", AutocompleteSelectFilter),
        ("owner", AutocompleteSelectFilter),
        ("paused_at", admin.EmptyFieldListFilter),
    ]
    search_fields = ["title", "kind"]
    ordering = ["pk"]
    actions = ["pause_selected", "resume_selected", "run_selected"]
    actions_submit_line = ["pause_this", "resume_this", "run_this"]
    readonly_fields = FACTS
    fieldsets = [
        (None, {"fields": ["title", "cron", "interval", "time_zone", "catch_up", "priority"]}),
        ("What comes of it", {"fields": FACTS}),
    ]

    class Media:
        css: ClassVar = {"all": ["jobs/admin.css"]}

    # Reading --------------------------------------------------------------------------------------

    @display(description="Owner", ordering="owner")
    def by(self, row: Schedule) -> str:
        return isolated(row.owner.name) if row.owner else shown.NOTHING

    @display(description="Room")
    def place(self, row: Schedule) -> str:
        if row.room is None:
            return shown.NOTHING
        return format_html(
            LINK, reverse("rooms:room", args=[row.room.slug]), isolated(row.room.name)
        )

    @display(description="When")
    def comes(self, row: Schedule) -> str:
        return times.words(times.of(row))

    @display(description="State", ordering="paused_at")
    def state(self, row: Schedule) -> str:
        if not row.paused:
            return shown.pill("running", "Active")
        return format_html("{} {}", shown.pill("", "Paused"), isolated(row.pause_reason))

    @display(description="Next", ordering="next_run_at")
    def next_shown(self, row: Schedule) -> str:
        return shown.moment(row.next_run_at)

    @display(description="Last run", ordering="last_run_at")
    def last(self, row: Schedule) -> str:
        return shown.moment(row.last_run_at)

    @display(description="Created")
    def created(self, row: Schedule) -> str:
        return shown.moment(row.created_at)

    @display(description="Next times")
    def coming(self, row: Schedule) -> str:
        """As the site's zone has them, whether it is paused or not."""
        coming = islice(times.of(row).times_after(timezone.now()), PREVIEWED)
        return format_html_join(mark_safe("<br>"), "{}", [(shown.moment(at),) for at in coming])

    @display(description="Last job")
    def last_job_link(self, row: Schedule) -> str:
        if row.last_job_id is None:
            return shown.NOTHING
        if not Job.objects.filter(pk=row.last_job_id).exists():
            return "No longer kept"
        return format_html(
            LINK, reverse("admin:jobs_job_change", args=[row.last_job_id]), row.last_job_id
        )

    @display(description="Params")
    def shown_params(self, row: Schedule) -> str:
        return pretty(row.params)

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, **kwargs)
        form.user = request.user
        return form

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Shown = None) -> bool:
        """Who may pause it for ever may as well delete it."""
        return bool(self.has_change_permission(request, obj))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The jobs that came of them stay."""
        return [str(row) for row in objs], {"schedules": len(objs)}, set(), []

    def get_actions_submit_line(self, request: HttpRequest, object_id: Any) -> Any:
        """Only what its state allows."""
        row = self.get_object(request, object_id) if object_id else None
        allowed = {
            "pause_this": row and not row.paused,
            "resume_this": row and row.paused,
            "run_this": row is not None,
        }
        found = super().get_actions_submit_line(request, object_id)
        return [each for each in found if allowed.get(each.attrs["name"])]

    # Doing ----------------------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: Schedule, form: Any, change: bool) -> None:
        """The form has changed it already; the row as it was read is older."""
        for name in self.actions_submit_line:
            if name in request.POST:
                getattr(self, name)(request, obj)

    def delete_model(self, request: HttpRequest, obj: Schedule) -> None:
        actions.delete(_staff(request), obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        self._each(request, queryset, actions.delete, "deleted")

    @admin.action(description="Pause", permissions=["change"])
    def pause_selected(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        self._each(request, queryset, actions.pause, "paused")

    @admin.action(description="Resume", permissions=["change"])
    def resume_selected(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        self._each(request, queryset, actions.resume, "resumed")

    @admin.action(description="Run now, in my name", permissions=["change"])
    def run_selected(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        self._each(request, queryset, actions.run_now, "run")

    @action(description="Pause", permissions=["change"], attrs={"name": "pause_this"})
    def pause_this(self, request: HttpRequest, obj: Schedule) -> None:
        self._each(request, [obj], actions.pause, "paused")

    @action(description="Resume", permissions=["change"], attrs={"name": "resume_this"})
    def resume_this(self, request: HttpRequest, obj: Schedule) -> None:
        self._each(request, [obj], actions.resume, "resumed")

    @action(description="Run now, in my name", permissions=["change"], attrs={"name": "run_this"})
    def run_this(self, request: HttpRequest, obj: Schedule) -> None:
        self._each(request, [obj], actions.run_now, "run")

    def _each(
        self, request: HttpRequest, rows: Any, act: Callable[[User, int], object], done: str
    ) -> None:
        """A refusal of one does not keep the others from it."""
        count = 0
        for row in rows:
            try:
                act(_staff(request), row.pk)
                count += 1
            except Refusal as refusal:
                messages.warning(request, f"{row}: {refusal.message}")
        if count:
            words = "schedule" if count == 1 else "schedules"
            messages.success(request, f"{count} {words} {done}.")


def _staff(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user

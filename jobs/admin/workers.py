"""The processes that run jobs, in Django's admin: to be read. Those that are gone stay a day."""

from typing import ClassVar

from django.contrib import admin
from django.utils import timezone
from unfold.decorators import display

from jobs.models import Worker
from rooms.admin.base import ReadOnlyAdmin

from . import shown


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    list_display = ["name", "pid", "pool", "capacity", "queues", "done", "failed", "mean", "lives"]
    list_display_links = ["name"]
    list_filter = [("ended_at", admin.EmptyFieldListFilter)]
    search_fields = ["name"]
    ordering = ["-started_at"]
    fields = [*list_display, "version", "began", "heard", "ended"]
    readonly_fields = fields

    class Media:
        css: ClassVar = {"all": ["jobs/admin.css"]}

    @display(description="Mean time")
    def mean(self, worker: Worker) -> str:
        if not worker.done:
            return shown.NOTHING
        return shown.duration(worker.seconds_worked / worker.done)

    @display(description="State")
    def lives(self, worker: Worker) -> str:
        if worker.ended_at is not None:
            return shown.pill("ended", "ended")
        if worker.lease_expires_at < timezone.now():
            return shown.pill("failed", "silent")
        return shown.pill("succeeded", "lives")

    @display(description="Began")
    def began(self, worker: Worker) -> str:
        return shown.moment(worker.started_at)

    @display(description="Heard of")
    def heard(self, worker: Worker) -> str:
        return shown.moment(worker.seen_at)

    @display(description="Ended")
    def ended(self, worker: Worker) -> str:
        return shown.moment(worker.ended_at)

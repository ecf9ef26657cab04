"""The processes that run jobs, in Django's admin: to be read. Those that are gone stay a day."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import BooleanField, ExpressionWrapper, QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from jobs.models import Worker
from jobs.models.workers import ALIVE
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

    def get_queryset(self, request: HttpRequest) -> QuerySet[Worker]:
        alive = ExpressionWrapper(ALIVE, BooleanField())
        rows: QuerySet[Worker] = super().get_queryset(request).annotate(alive=alive)
        return rows

    @display(description="Mean time")
    def mean(self, worker: Worker) -> str:
        mean = worker.mean_seconds
        return shown.NOTHING if mean is None else shown.duration(mean)

    @display(description="State")
    def lives(self, worker: Any) -> str:
        if worker.ended_at is not None:
            return shown.pill("ended", "ended")
        return shown.pill("succeeded", "lives") if worker.alive else shown.pill("failed", "silent")

    @display(description="Began")
    def began(self, worker: Worker) -> str:
        return shown.moment(worker.started_at)

    @display(description="Heard of")
    def heard(self, worker: Worker) -> str:
        return shown.moment(worker.seen_at)

    @display(description="Ended")
    def ended(self, worker: Worker) -> str:
        return shown.moment(worker.ended_at)

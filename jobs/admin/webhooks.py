"""Webhooks in Django's admin: whom they tell, what was given up, switching off and on, deleting.

They are made over REST, where their secret is told.
"""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import action, display

from jobs.models import State, Webhook
from jobs.webhooks import actions, outbox
from rooms.admin.base import ListAdmin

from . import shown
from .texts import isolated

FACTS = "address scope room kind only_failures by state given_up created".split()


@admin.register(Webhook)
class WebhookAdmin(ListAdmin):
    list_display = ["pk", "address", "scope", "room", "kind", "by", "state", "given_up"]
    list_display_links = ["pk", "address"]
    list_select_related = ["room", "owner"]
    list_filter = ["scope", ("disabled_at", admin.EmptyFieldListFilter)]
    search_fields = ["url"]
    ordering = ["pk"]
    actions = ["switch_off", "switch_on"]
    readonly_fields = FACTS
    fields = FACTS

    class Media:
        css: ClassVar = {"all": ["jobs/admin.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @display(description="Address", ordering="url")
    def address(self, row: Webhook) -> str:
        return isolated(row.url)

    @display(description="Made by", ordering="owner")
    def by(self, row: Webhook) -> str:
        return isolated(row.owner.name) if row.owner else shown.NOTHING

    @display(description="State", ordering="disabled_at")
    def state(self, row: Webhook) -> str:
        if row.disabled_at is None:
            return shown.pill("running", "On")
        return format_html("{} {}", shown.pill("", "Off"), isolated(row.disabled_reason))

    @display(description="Given up")
    def given_up(self, row: Webhook) -> str:
        """How many deliveries, of those that are kept."""
        number = actions.deliveries(row).filter(state=State.FAILED).count()
        if not number:
            return shown.NOTHING
        jobs = reverse("admin:jobs_job_changelist")
        return format_html(
            '<a href="{}?q={}&amp;state__exact={}">{}</a>', jobs, outbox.KIND, State.FAILED, number
        )

    @display(description="Created")
    def created(self, row: Webhook) -> str:
        return shown.moment(row.created_at)

    @action(description="Switch off", permissions=["change"])
    def switch_off(self, request: HttpRequest, rows: "QuerySet[Webhook]") -> None:
        self._switch(request, rows, enabled=False)

    @action(description="Switch on", permissions=["change"])
    def switch_on(self, request: HttpRequest, rows: "QuerySet[Webhook]") -> None:
        self._switch(request, rows, enabled=True)

    def _switch(self, request: Any, rows: "QuerySet[Webhook]", *, enabled: bool) -> None:
        for row in rows:
            actions.change(request.user, row.pk, enabled=enabled)
        self.message_user(request, f"{len(rows)} switched {'on' if enabled else 'off'}.")

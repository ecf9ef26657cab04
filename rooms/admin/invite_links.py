"""Links into rooms, to be read and taken back. Their secrets are nowhere."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from rooms.models import InviteLink

from .base import ListAdmin, Shown


@admin.register(InviteLink)
class InviteLinkAdmin(ListAdmin):
    """Delete one: it lets nobody in any more. Who came in by it stays."""

    list_display = ["room", "by", "at", "until", "uses", "most_uses", "used_at", "stands"]
    list_select_related = ["room", "by"]
    list_filter = [("room", AutocompleteSelectFilter), ("by", AutocompleteSelectFilter)]
    search_fields = ["room__slug", "by__username"]
    ordering = ["-pk"]
    fields = ["room", "by", "at", "until", "uses", "most_uses", "used_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Shown = None) -> bool:
        return False

    @display(description="State", label={"open": "success"})
    def stands(self, row: InviteLink) -> str:
        return row.state.replace("_", " ")

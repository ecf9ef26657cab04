"""What was done in rooms by who looks after them, to be read."""

from django.contrib import admin
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
)

from rooms.models import ModerationEntry

from .base import ReadOnlyAdmin


@admin.register(ModerationEntry)
class ModerationEntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "room", "action", "actor", "target", "name", "details"]
    list_select_related = ["room", "actor", "target"]
    list_filter = [
        ("room", AutocompleteSelectFilter),
        ("action", ChoicesDropdownFilter),
        ("at", RangeDateTimeFilter),
    ]
    ordering = ["-id"]
    fields = ["room", "at", "actor", "action", "target", "name", "reason", "details"]

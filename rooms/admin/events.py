"""The log, to be read."""

import json

from django.contrib import admin
from django.utils.html import format_html
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    RangeDateTimeFilter,
)
from unfold.decorators import display

from rooms.models import Event

from .base import ReadOnlyAdmin


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ["id", "room", "seq", "type", "at"]
    list_select_related = ["room"]
    list_filter = [("room", AutocompleteSelectFilter), ("at", RangeDateTimeFilter)]
    ordering = ["-id"]
    fields = ["room", "seq", "type", "at", "shown_payload"]

    @display(description="Payload")
    def shown_payload(self, event: Event) -> str:
        text = json.dumps(event.payload, indent=2, ensure_ascii=False)
        return format_html('<pre dir="ltr" class="whitespace-pre-wrap">{}</pre>', text)

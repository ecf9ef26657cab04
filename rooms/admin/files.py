"""Attachments, to be read."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
)
from unfold.decorators import display

from rooms.models import Attachment

from .base import ReadOnlyAdmin, isolated


@admin.register(Attachment)
class AttachmentAdmin(ReadOnlyAdmin):
    list_display = ["shown_name", "room", "owner", "content_type", "size", "created_at"]
    list_select_related = ["room", "owner"]
    list_filter = [("room", AutocompleteSelectFilter)]
    ordering = ["-created_at"]
    fields = ["room", "owner", "message", "name", "content_type", "size", "created_at", "link"]

    @display(description="Name")
    def shown_name(self, attachment: Attachment) -> str:
        return isolated(attachment.name)

    @display(description="File")
    def link(self, attachment: Attachment) -> str:
        url = reverse("rooms:attachment", args=[attachment.pk, attachment.name])
        return format_html('<a href="{}">Open</a>', url)

"""Invitations, read-only: staff adds members at once."""

from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from rooms.models import Invitation

from .base import ReadOnlyAdmin


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Who is invited where. Without a user, nobody has the name that was typed."""

    list_display = ["name", "user", "room", "role", "by", "at", "until", "declined"]
    list_select_related = ["user", "room", "by"]
    list_filter = [("room", AutocompleteSelectFilter)]
    search_fields = ["user__username", "room__slug"]
    ordering = ["-pk"]
    fields = ["name", "user", "room", "role", "by", "at", "until", "declined"]

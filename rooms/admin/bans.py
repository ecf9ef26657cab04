"""Who is kept out of which room."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from rooms.features.bans import actions as bans
from rooms.models import Ban, User

from .base import ListAdmin, Shown


class BanForm(forms.ModelForm):  # type: ignore[type-arg]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "user" in self.fields:
            self.fields["user"].required = True

    class Meta:
        model = Ban
        fields = ["room", "user", "reason", "until"]
        help_texts = {"until": "Empty: until the ban is lifted."}


@admin.register(Ban)
class BanAdmin(ListAdmin):
    """Make one: the person is put out of the room. Delete one: it is lifted."""

    form = BanForm
    list_display = ["user", "name", "room", "by", "reason", "at", "until"]
    list_select_related = ["user", "room", "by"]
    list_filter = [("room", AutocompleteSelectFilter)]
    search_fields = ["user__username", "name", "room__slug"]
    autocomplete_fields = ["room", "user"]
    fields = ["room", "user", "reason", "until"]
    ordering = ["-at"]

    def has_change_permission(self, request: HttpRequest, obj: Shown = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Ban, form: Any, change: bool) -> None:
        staff = cast(User, request.user)
        assert obj.user is not None, "the form asks for somebody"
        row, _ = bans.ban(obj.room_id, obj.user, staff, obj.reason, obj.until, staff=True)
        obj.pk = row.pk

    def delete_model(self, request: HttpRequest, obj: Ban) -> None:
        bans.lift(obj, cast(User, request.user))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Ban]) -> None:
        for row in queryset.select_related("user"):
            bans.lift(row, cast(User, request.user))

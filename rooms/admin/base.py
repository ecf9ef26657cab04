"""What the admin pages share: long tables, read-only ones, names of people."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator

from rooms.protocol import Refusal

# What an admin page is about; None: a new one.
Shown = Model | None


def isolated(text: str) -> str:
    """Text of people: whatever direction marks it holds, they end with it."""
    return format_html("<bdi>{}</bdi>", text)


class ListAdmin(ModelAdmin):
    """Long tables: nothing is counted in full, related rows come with the page."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_filter_submit = True

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """What an action refuses is said above the form, never a fault of the server."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Refusal as refusal:
            messages.error(request, refusal.message)
            return redirect(request.path)


class ReadOnlyAdmin(ListAdmin):
    paginator = InfinitePaginator

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Shown = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Shown = None) -> bool:
        return False
